"""Twilio pushes what is new of a call, and nobody has to ask for it."""

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from tests.calls.annotating import annotate, read
from tests.conftest import Clock, Gateway
from tests.event_streams import (
    HOUR,
    LOOKUP,
    PATH,
    URL,
    Json,
    cloud_event,
    deliver,
    events_of,
    look_up,
    outcomes,
    push,
)
from tests.servers import serving

UPDATES = """
subscription($sid: CallSid!) {
  callUpdates(sid: $sid) {
    status call { processing { version source predictedComplete } }
  }
}
"""


@pytest.fixture
def settings() -> Settings:
    return Settings(gateway_webhook_url=URL, gateway_partial_max_age=2 * HOUR)


class Teller:
    """The sandbox's pusher, telling a gateway of all calls, and which it told of."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.statuses: set[int] = set()
        self.sids: set[str] = set()
        self.pusher = gateway.sandbox.event_pusher(URL, self.post)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        query = url.partition("?")[2]
        answer = await self.gateway.http.post(
            f"{PATH}?{query}", content=body, headers=dict(headers)
        )
        self.statuses.add(answer.status_code)
        self.sids |= {event["source"].split("/")[3] for event in json.loads(body)}
        return answer.status_code


async def test_a_call_becomes_complete_by_events_alone(gateway: Gateway, clock: Clock) -> None:
    """From its first partial summary on, Twilio is not asked once."""
    sid = gateway.sandbox.examples()["not_ready"]
    teller = Teller(gateway)
    while sid not in teller.sids:
        clock.advance(30)
        await teller.pusher.push()

    told: list[tuple[str, Json]] = []
    with gateway.upstream() as requests:
        while not told or told[-1][0] != "COMPLETE":
            told.append(await look_up(gateway, sid))
            clock.advance(30)
            await teller.pusher.push()
    assert requests == []
    assert teller.statuses == {200}
    assert {processing["source"] for _, processing in told} == {"EVENT"}
    versions = [processing["version"] for _, processing in told]
    assert versions == sorted(versions)
    assert versions[-1] == 6

    # What Twilio takes for complete is told apart from what is.
    predicted = [told for told in told if told[1]["predictedComplete"]]
    assert predicted
    assert {(status, processing["isFinal"]) for status, processing in predicted} == {
        ("PARTIAL", False)
    }
    assert told[-1][1]["isFinal"]
    assert ("predicted-complete", "kept") in outcomes(gateway)


async def test_repeated_and_late_events_never_take_a_version_back(gateway: Gateway) -> None:
    """In whatever order they come, and however often, the newest stays."""
    events = events_of(gateway.sandbox, "partial")[-4:]
    orders = random.Random(3).sample(list(itertools.permutations(events)), 8)  # noqa: S311
    for number, order in enumerate(orders):
        sid = f"CA{number:032x}"
        best = (False, 0, False)
        for event in [*order, *order]:
            data = {**event["data"], "call_sid": sid}
            assert (await push(gateway, {**event, "data": data})).status_code == 200
            complete = data["processing_state"] == "complete"
            predicted = event["type"].endswith("predicted-complete")
            best = max(best, (complete, data["processing_version"], predicted))
            status, told = await look_up(gateway, sid)
            assert (status == "COMPLETE", told["version"], told["predictedComplete"]) == best
    assert len(outcomes(gateway)) == 8 * 8


async def test_a_batch_is_known_whole_subaccounts_and_all(gateway: Gateway) -> None:
    """One request, many calls, of the account and its subaccounts: none is asked for again."""
    sandbox = gateway.sandbox
    owners = [sandbox.account_sid, *sandbox.subaccounts]
    sids = [f"CA{number:032x}" for number in range(90)]
    batch = [
        cloud_event(
            "complete",
            {"call_sid": sid, "account_sid": owner, "processing_state": "complete"},
            schema=1 + number % 7,
            as_text=number % 2 == 0,
        )
        for number, (sid, owner) in enumerate(zip(sids, owners * 30, strict=True))
    ]
    await push(gateway, *batch, {"type": "com.twilio.messaging.message.sent", "data": {}})

    with gateway.upstream() as requests:
        for sid, owner in zip(sids, owners * 30, strict=True):
            lookup = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
            assert (lookup["status"], lookup["call"]["accountSid"]) == ("COMPLETE", owner)
    assert requests == []
    assert outcomes(gateway) == [("complete", "kept")] * 90 + [("other", "ignored")]


async def test_a_prediction_outlives_the_question_of_whoever_asks_meanwhile(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Only events predict; an answer of the API of the same version does not deny it."""
    sid = sandbox.examples()["partial"]
    predicted = events_of(sandbox, "partial")[-2]
    async with Gateway(sandbox, clock, Settings(gateway_webhook_url=URL)) as gateway:
        while (await look_up(gateway, sid))[1]["version"] < predicted["data"]["processing_version"]:
            clock.advance(60)
        await push(gateway, predicted)
        for _ in range(2):
            clock.advance(1)
            with gateway.upstream() as requests:
                status, processing = await look_up(gateway, sid)
            assert (status, processing["source"], len(requests)) == ("PARTIAL", "UPSTREAM", 2)
            assert processing["predictedComplete"]
        while status == "PARTIAL":
            clock.advance(60)
            status, processing = await look_up(gateway, sid)
        assert not processing["predictedComplete"]


async def test_an_annotation_is_asked_for_since_no_event_tells_of_it(gateway: Gateway) -> None:
    """One request for it, and none for the summary."""
    sid = gateway.sandbox.examples()["annotated"]
    data = {"call_sid": sid, "processing_state": "complete", "processing_version": 6}
    await push(gateway, cloud_event("complete", data))

    query = "query($sid: CallSid!) { call(sid: $sid) { annotation { callScore } } }"
    with gateway.upstream() as requests:
        for _ in range(2):
            assert (await gateway.ask(query, sid=sid))["call"]["annotation"]["callScore"]
    assert [request.path.rpartition("/")[2] for request in requests] == ["Annotation"]


async def test_what_was_annotated_is_not_undone_by_an_event(gateway: Gateway) -> None:
    """An event tells nothing of the annotation, of a call that still changes neither."""
    sid = gateway.sandbox.examples()["partial"]
    await annotate(gateway, sid, callScore=2)
    data = {"call_sid": sid, "processing_state": "partial", "processing_version": 5}
    await push(gateway, cloud_event("partial", data))
    assert (await read(gateway, sid))["callScore"] == 2


@asynccontextmanager
async def following(address: str, sid: str) -> AsyncIterator[AsyncIterator[Json]]:
    """The updates of a call, over server-sent events."""
    asked = {"query": UPDATES, "variables": {"sid": sid}}
    headers = {"Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=address, timeout=20) as client,
        client.stream("POST", "/graphql", json=asked, headers=headers) as response,
    ):

        async def updates() -> AsyncIterator[Json]:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line.removeprefix("data: "))["data"]["callUpdates"]

        yield updates()


async def test_a_followed_call_costs_no_polling_at_all(
    sandbox: Sandbox, clock: Clock, settings: Settings
) -> None:
    """Each version is told as it is pushed, then the prediction, then the end."""
    sid = sandbox.examples()["partial"]
    events = events_of(sandbox, "partial")
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    transport = httpx.ASGITransport(app=sandbox.app)
    app = create_app(settings, account, transport=transport, clock=clock)
    with serving(app) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            await deliver(client, sandbox.auth_token, events[0])
            async with asyncio.timeout(20), following(address, sid) as updates:
                told = [await anext(updates)]
                for event in events[1:]:
                    await deliver(client, sandbox.auth_token, event)
                    told.append(await anext(updates))
                assert [one async for one in updates] == []
    assert sandbox.requests == []
    assert [update["status"] for update in told] == ["PARTIAL"] * 6 + ["COMPLETE"]
    processing = [update["call"]["processing"] for update in told]
    assert [one["version"] for one in processing] == [1, 2, 3, 4, 5, 5, 6]
    assert [one["predictedComplete"] for one in processing] == [False] * 5 + [True, False]
    assert {one["source"] for one in processing} == {"EVENT"}
