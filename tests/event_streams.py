"""Event Streams for tests: requests as Twilio sends them, signed by Twilio's own library."""

import json
from typing import Any, TypeAlias

import httpx
from twilio.request_validator import RequestValidator

from tests.conftest import Gateway

Json: TypeAlias = dict[str, Any]

PATH = "/webhooks/twilio/events"
URL = f"https://calls.example.com{PATH}"
"""Where Twilio is told that the sink is."""

SUMMARY_TYPE = "com.twilio.voice.insights.call-summary."


def cloud_event(kind: str, data: Json, *, schema: int = 7, as_text: bool = False) -> Json:
    """An event with a summary; its data is an object, or a text that holds one."""
    return {
        "specversion": "1.0",
        "type": f"{SUMMARY_TYPE}{kind}",
        "source": f"/v1/Voice/{data.get('call_sid')}/Summary",
        "id": "EZ" + "7e" * 16,
        "dataschema": f"https://events-schemas.twilio.com/VoiceInsights.CallSummary/{schema}",
        "datacontenttype": "application/json",
        "time": "2026-03-01T09:40:00.000Z",
        "data": json.dumps(data) if as_text else data,
    }


def signed(url: str, body: str, token: str) -> tuple[str, str]:
    """The query string and the signature that Twilio puts on a request to a sink."""
    validator = RequestValidator(token)
    query = f"bodySHA256={validator.compute_hash(body)}"
    return query, validator.compute_signature(f"{url}?{query}", {})


async def push(gateway: Gateway, *events: Json) -> httpx.Response:
    """Push a batch of events to a gateway, as Twilio does."""
    return await deliver(gateway.http, gateway.sandbox.auth_token, *events)


async def deliver(client: httpx.AsyncClient, token: str, *events: Json) -> httpx.Response:
    """Push a batch of events to wherever the client goes."""
    body = json.dumps(events)
    query, signature = signed(URL, body, token)
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signature}
    return await client.post(f"{PATH}?{query}", content=body, headers=headers)
