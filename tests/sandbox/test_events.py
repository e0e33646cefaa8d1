import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message
from twilio.request_validator import RequestValidator

from gateway.sandbox import Sandbox
from gateway.sandbox.event_delivery import EventPusher
from gateway.sandbox.events import deliveries
from tests.sandbox.conftest import HOUR, MINUTE, NOON, Clock, Json, visitor

URL = "https://calls.example.com/sink"
SCHEMA = "https://events-schemas.twilio.com/VoiceInsights.CallSummary"
KINDS = ["partial"] * 5 + ["predicted-complete", "complete"]


def kind(event: Json) -> str:
    return str(event["type"].removeprefix("com.twilio.voice.insights.call-summary."))


def data(event: Json) -> Json:
    said = event["data"]
    summary: Json = json.loads(said) if isinstance(said, str) else said
    return summary


def schema(event: Json) -> int:
    return int(event["dataschema"].removeprefix(f"{SCHEMA}/"))


def told_of(events: list[Json], sid: str) -> list[Json]:
    return [event for event in events if data(event)["call_sid"] == sid]


class Sink:
    """Takes what is pushed, or answers otherwise: with the statuses in `answers`, in turn."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, bytes, Mapping[str, str]]] = []

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.requests.append((url, body, headers))
        return self.answers.pop(0) if self.answers else 200

    @property
    def ids(self) -> list[str]:
        return [event["id"] for _, body, _ in self.requests for event in json.loads(body)]


@pytest.mark.parametrize("name", ["partial", "not_ready", "running"])
def test_a_call_tells_each_version_a_prediction_and_the_end(
    sandbox: Sandbox, clock: Clock, name: str
) -> None:
    """Predicted is the last partial version, and it says that it is partial."""
    sid = sandbox.examples()[name]
    told = told_of(sandbox.events_between(clock.now - HOUR, clock.now + HOUR), sid)

    assert [kind(event) for event in told][-7:] == KINDS
    versions = [data(event)["processing_version"] for event in told]
    assert versions[-3:-1] == [versions[-1] - 1] * 2
    assert versions[:-2] == list(range(1, versions[-1]))
    states = [data(event)["processing_state"] for event in told]
    assert states == ["partial"] * (len(told) - 1) + ["complete"]


async def test_an_event_tells_what_the_api_shows_at_that_time(
    sandbox: Sandbox, clock: Clock
) -> None:
    """The same summary, but for its spelling; when it is told, it can be asked for."""
    account, sid = visitor(sandbox), sandbox.examples()["not_ready"]
    seen = 0
    for _ in range(80):
        since = clock.now
        clock.advance(30)
        for event in told_of(sandbox.events_between(since, clock.now), sid):
            shown = (await account.summary(sid, ProcessingState="all")).json()
            said, seen = data(event), seen + 1
            for field in shown.keys() - {"url", "annotation", "properties", "tags"}:
                assert said[field] == shown[field], field
            assert said["properties"].items() >= shown["properties"].items()
            assert said["tags"] == (shown["tags"] or [])
    assert seen == len(KINDS)


def test_the_same_world_tells_the_same_however_it_is_asked(clock: Clock) -> None:
    """Two halves of an hour tell what the hour tells, and nothing twice."""
    one, other = (Sandbox(calls=200, seed=5, clock=clock) for _ in range(2))
    since, half, until = clock.now, clock.now + 1803.5, clock.now + HOUR

    whole = one.events_between(since, until)
    assert whole == [*other.events_between(since, half), *other.events_between(half, until)]
    ids = [event["id"] for event in whole]
    assert len(ids) == len(set(ids)) > 100


def test_every_schema_occurs_with_data_as_text_and_as_object(sandbox: Sandbox) -> None:
    """A call keeps its schema; up to the third, data is a text."""
    told = sandbox.events_between(NOON - HOUR, NOON + HOUR)

    assert {schema(event) for event in told} == set(range(1, 8))
    for event in told:
        assert isinstance(event["data"], str) == (schema(event) <= 3)
    assert len({(data(event)["call_sid"], schema(event)) for event in told}) == len(
        {data(event)["call_sid"] for event in told}
    )


def test_subaccounts_tell_too_and_calls_without_insights_do_not(clock: Clock) -> None:
    """One subscription delivers all, told apart by the account."""
    sandbox = Sandbox(calls=1000, clock=clock)
    told = sandbox.events_between(NOON - 2 * HOUR, NOON)

    owners = {data(event)["account_sid"] for event in told}
    assert owners == {sandbox.account_sid, *sandbox.subaccounts}
    assert not told_of(told, sandbox.examples()["not_enabled"])
    assert all("annotation" not in data(event) for event in told)


@pytest.mark.parametrize("url", [URL, f"{URL}?tenant=1", "http://127.0.0.1:8000/sink"])
async def test_what_is_pushed_is_signed_as_twilio_signs(
    sandbox: Sandbox, clock: Clock, url: str
) -> None:
    """Its own library says that it is valid."""
    sink = Sink()
    pusher = sandbox.event_pusher(url, sink)
    clock.advance(10 * MINUTE)
    await pusher.push()

    validator = RequestValidator(sandbox.auth_token)
    assert sink.requests
    for to, body, headers in sink.requests:
        assert to.startswith(url)
        assert headers["Content-Type"] == "application/json"
        assert validator.validate(to, body.decode(), headers["X-Twilio-Signature"])
        assert not urlsplit(to).fragment


async def test_everything_is_pushed_at_least_once_and_not_in_order(
    sandbox: Sandbox, clock: Clock
) -> None:
    """As Twilio warns: batches, repeats, and some events after their successors."""
    sink = Sink()
    pusher = sandbox.event_pusher(URL, sink)
    since = clock.now
    for _ in range(40):
        clock.advance(MINUTE)
        await pusher.push()

    told = [event["id"] for event in sandbox.events_between(since, clock.now)]
    assert set(sink.ids) == set(told)
    assert len(told) < len(sink.ids) < 1.5 * len(told)
    first = list(dict.fromkeys(sink.ids))
    assert first != told
    assert any(len(json.loads(body)) > 1 for _, body, _ in sink.requests)


@pytest.mark.parametrize("size", range(20))
def test_deliveries_lose_nothing(size: int) -> None:
    """However they are shuffled."""
    events: list[Json] = [{"id": number} for number in range(size)]
    for seed in range(20):
        batches = deliveries(random.Random(seed), events)  # noqa: S311 - no secret
        ids = {event["id"] for batch in batches for event in batch}
        assert ids == set(range(size))


@pytest.mark.parametrize(("status", "again"), [(0, True), (500, True), (429, True), (403, False)])
async def test_what_is_not_taken_is_pushed_again_unless_it_is_refused(
    sandbox: Sandbox, clock: Clock, *, status: int, again: bool
) -> None:
    """Twilio tries again for hours after no answer, a 5xx or a 429, and discards on a 4xx."""
    sink = Sink(status)
    pusher = sandbox.event_pusher(URL, sink)
    clock.advance(10 * MINUTE)
    await pusher.push()
    body = sink.requests[0][1]
    sink.requests.clear()
    await pusher.push()

    assert [request[1] for request in sink.requests] == ([body] if again else [])


async def test_a_server_that_runs_the_sandbox_pushes_for_as_long(
    sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its start to its end, and in no request."""
    monkeypatch.setattr("gateway.sandbox.event_delivery.EVERY", 0.01)
    sink = Sink()
    pusher: EventPusher = sandbox.event_pusher(URL, sink)
    clock.advance(10 * MINUTE)
    said: list[Message] = []
    stopping = asyncio.Event()

    async def receive() -> Message:
        if not said:
            return {"type": "lifespan.startup"}
        await stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: Message) -> None:
        said.append(message)

    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}}
    app = pusher.beside(Starlette())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        assert (await client.get("http://sandbox/")).status_code == 404
    assert sink.requests == []
    running = asyncio.ensure_future(app(scope, receive, send))
    async with asyncio.timeout(5):
        while not sink.requests:
            await asyncio.sleep(0.01)
    stopping.set()
    await running
    assert [message["type"] for message in said][-1] == "lifespan.shutdown.complete"
    pushed = len(sink.requests)
    clock.advance(10 * MINUTE)
    await asyncio.sleep(0.05)
    assert len(sink.requests) == pushed


async def test_a_fault_of_one_delivery_does_not_end_the_pushing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and what happens next is pushed."""
    monkeypatch.setattr("gateway.sandbox.event_delivery.EVERY", 0.01)
    pushed = asyncio.Event()

    class Breaking(EventPusher):
        async def push(self) -> None:
            if "ArithmeticError" not in caplog.text:
                raise ArithmeticError
            pushed.set()

    pusher = sandbox.event_pusher(URL, Sink())
    pusher.__class__ = Breaking
    pushing = asyncio.create_task(pusher.run())
    async with asyncio.timeout(5):
        await pushed.wait()
    pushing.cancel()
