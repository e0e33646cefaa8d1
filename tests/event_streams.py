"""Event Streams for tests: requests as Twilio sends them, signed by Twilio's own library."""

import json
from typing import Any, TypeAlias

import httpx
from twilio.request_validator import RequestValidator

from gateway.instrumentation import EventReceived, WebhookAnswered
from gateway.sandbox import Sandbox
from tests.conftest import NOON, Gateway

Json: TypeAlias = dict[str, Any]

PATH = "/webhooks/twilio/events"
URL = f"https://calls.example.com{PATH}"
"""Where Twilio is told that the sink is."""

HOUR = 3600
SUMMARY_TYPE = "com.twilio.voice.insights.call-summary."

LOOKUP = """
query($sid: CallSid!) {
  callLookup(sid: $sid) {
    status
    call { accountSid processing { version source isFinal predictedComplete } }
  }
}
"""


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


def events_of(sandbox: Sandbox, name: str) -> list[Json]:
    """All events of an example, in order, with its summaries as objects."""
    sid, found = sandbox.examples()[name], []
    for event in sandbox.events_between(NOON - HOUR, NOON + HOUR):
        data = event["data"]
        event["data"] = json.loads(data) if isinstance(data, str) else data
        if event["data"]["call_sid"] == sid:
            found.append(event)
    return found


async def look_up(gateway: Gateway, sid: str) -> tuple[str, Json]:
    """Status and processing."""
    lookup = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
    return lookup["status"], (lookup["call"] or {}).get("processing", {})


def outcomes(gateway: Gateway) -> list[tuple[str, str]]:
    heard = (event for event in gateway.happenings if isinstance(event, EventReceived))
    return [(event.kind, event.outcome) for event in heard]


async def post(
    gateway: Gateway, query: str, signature: str | bytes | None, body: str | bytes
) -> httpx.Response:
    """Post to the sink whatever it is."""
    said = signature.encode() if isinstance(signature, str) else signature
    headers = {} if said is None else {b"X-Twilio-Signature": said}
    return await gateway.http.post(f"{PATH}?{query}", content=body, headers=headers)


def heard(gateway: Gateway) -> list[Any]:
    """What the gateway noticed of what was pushed."""
    kinds = EventReceived | WebhookAnswered
    return [happening for happening in gateway.happenings if isinstance(happening, kinds)]
