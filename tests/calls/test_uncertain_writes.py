"""A write fails, or is overtaken: nobody sends it twice, and nobody is told what is not so."""

import asyncio

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from gateway.sandbox.faults import Kind
from tests.calls.annotating import ANNOTATE, READ, annotate, read
from tests.conftest import Clock, Gateway

VERSION = "query($sid: CallSid!) { call(sid: $sid) { processing { version } } }"
BLIND = """
mutation($input: AnnotateCallInput!) { annotateCall(input: $input) { userErrors { code } } }
"""
LIST = (
    'query { calls(first: 100, filter: { startTime: "7d" }) { nodes { annotation { comment } } } }'
)


@pytest.mark.parametrize(
    ("kind", "code", "retryable", "told"),
    [
        ("refused_credentials", "UPSTREAM_CREDENTIALS", False, "Nothing was written."),
        ("server_error", "UPSTREAM_UNAVAILABLE", False, "It is not known whether"),
        ("cut_off", "UPSTREAM_INVALID_RESPONSE", False, "It is not known whether"),
        ("garbage", "UPSTREAM_INVALID_RESPONSE", False, "It is not known whether"),
        ("slow", "UPSTREAM_TIMEOUT", False, "It is not known whether"),
    ],
)
async def test_a_write_is_never_sent_twice(  # noqa: PLR0913, PLR0917
    sandbox: Sandbox,
    clock: Clock,
    kind: Kind,
    code: str,
    retryable: bool,  # noqa: FBT001
    told: str,
) -> None:
    """Whatever becomes of it, it is one request; and the error says whether to send it again."""
    settings = Settings(gateway_upstream_timeout=0.1)
    async with Gateway(sandbox, clock, settings) as gateway:
        sid = sandbox.examples()["sip"]
        sandbox.inject(Fault(kind=kind, seconds=20))
        with gateway.upstream() as requests:
            error = await gateway.fail(ANNOTATE, input={"sid": sid, "callScore": 1})
    assert [request.method for request in requests] == ["POST"]
    assert error["extensions"]["code"] == code
    assert error["extensions"]["retryable"] is retryable
    assert told in error["message"]
    assert error["path"] == ["annotateCall"]


@pytest.mark.parametrize(("kind", "written"), [("cut_off", True), ("server_error", False)])
@pytest.mark.parametrize("example", ["sip", "partial"])
async def test_to_read_the_call_after_an_uncertain_write_is_to_know(
    sandbox: Sandbox,
    clock: Clock,
    example: str,
    kind: Kind,
    written: bool,  # noqa: FBT001
) -> None:
    """What was remembered of the annotation is not told any more, in lists neither."""
    settings = Settings(gateway_partial_max_age=600)
    async with Gateway(sandbox, clock, settings) as gateway:
        sid = sandbox.examples()[example]
        await annotate(gateway, sid, callScore=5)
        sandbox.inject(Fault(kind=kind, times=1))
        await gateway.fail(ANNOTATE, input={"sid": sid, "callScore": 1})
        with gateway.upstream() as requests:
            assert (await read(gateway, sid))["callScore"] == (1 if written else 5)
            assert (await read(gateway, sid))["callScore"] == (1 if written else 5)
    assert [request.path.rsplit("/", 1)[1] for request in requests] == ["Annotation"]


async def test_a_write_that_twilio_had_no_time_for_is_sent_again(gateway: Gateway) -> None:
    """A 429 says that it was never processed: so it is written once, whoever answered first."""
    sid = gateway.sandbox.examples()["sip"]
    gateway.sandbox.inject(Fault(kind="rate_limited", times=1, path_contains="Annotation"))
    with gateway.upstream() as requests:
        await annotate(gateway, sid, callScore=5)
    assert [request.method for request in requests].count("POST") == 2
    assert (await read(gateway, sid))["callScore"] == 5


async def test_a_write_that_twilio_never_has_time_for_was_not_done(gateway: Gateway) -> None:
    """The error says so, and that it may be sent again."""
    sid = gateway.sandbox.examples()["sip"]
    gateway.sandbox.inject(Fault(kind="rate_limited"))
    with gateway.upstream() as requests:
        error = await gateway.fail(ANNOTATE, input={"sid": sid, "callScore": 1})
    assert 1 < len(requests) <= 3
    assert error["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
    assert error["extensions"]["retryable"] is True
    assert "Nothing was written." in error["message"]


async def test_a_write_that_waits_in_vain_for_its_turn_was_not_done(
    sandbox: Sandbox, clock: Clock
) -> None:
    """It was never sent: so much is certain, though its time is over."""
    settings = Settings(gateway_deadline=0.3, gateway_upstream_concurrency=1)
    async with Gateway(sandbox, clock, settings) as gateway:
        first, second = sandbox.examples()["sip"], sandbox.examples()["client"]
        sandbox.inject(Fault(kind="slow", seconds=0.6))
        with gateway.upstream() as requests:
            slow = asyncio.create_task(gateway.fail(ANNOTATE, input={"sid": first, "callScore": 1}))
            await asyncio.sleep(0.1)
            error = await gateway.fail(ANNOTATE, input={"sid": second, "callScore": 1})
            await slow
            await asyncio.sleep(0.5)  # what is begun is finished
    assert [request.path.split("/")[3] for request in requests] == [first]
    assert error["extensions"]["code"] == "DEADLINE_EXCEEDED"
    assert error["extensions"]["retryable"] is True
    assert "Nothing was written." in error["message"]


async def test_a_summary_outlives_an_uncertain_write(gateway: Gateway) -> None:
    """While Twilio is down, what is known of the call is still told."""
    sid = gateway.sandbox.examples()["sip"]
    await annotate(gateway, sid, callScore=5)
    gateway.sandbox.inject(Fault(kind="server_error", times=None))
    await gateway.fail(ANNOTATE, input={"sid": sid, "callScore": 1})
    assert (await read(gateway, sid))["callScore"] == 5


async def test_a_call_that_cannot_be_read_back_was_written_all_the_same(gateway: Gateway) -> None:
    """The error is that of `call`; the payload stands, and says that the input was good."""
    sid = gateway.sandbox.examples()["sip"]
    gateway.sandbox.inject(Fault(kind="server_error", path_contains="Summary"))
    body = await gateway.send(ANNOTATE, input={"sid": sid, "callScore": 1})
    (error,) = body["errors"]
    assert error["path"] == ["annotateCall", "call"]
    assert error["extensions"]["retryable"] is True
    payload = body["data"]["annotateCall"]
    assert (payload["call"], payload["userErrors"]) == (None, [])
    gateway.sandbox.clear_faults()
    assert (await read(gateway, sid))["callScore"] == 1


class HeldBack(httpx.AsyncBaseTransport):
    """Twilio answers at once, but its answers of one kind arrive when they are let go."""

    def __init__(self, sandbox: Sandbox, method: str = "GET", asked: str = "") -> None:
        self._method = method
        self._asked = asked
        self._twilio = httpx.ASGITransport(app=sandbox.app)
        self.let_go = asyncio.Event()
        self.answered = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._twilio.handle_async_request(request)
        if request.method == self._method and self._asked in str(request.url):
            self.answered.set()
            await self.let_go.wait()
        return response


@pytest.mark.parametrize("question", [READ, LIST], ids=["a call", "a list"])
async def test_an_answer_from_before_the_write_does_not_undo_it(
    sandbox: Sandbox, clock: Clock, question: str
) -> None:
    """A question may be overtaken by a write; then its older annotation is not remembered."""
    twilio = HeldBack(sandbox)
    async with Gateway(sandbox, clock, Settings(), transport=twilio) as gateway:
        sid = sandbox.examples()["annotated"]
        variables = {"sid": sid} if question is READ else {}
        twilio.let_go.set()
        await read(gateway, sid)
        clock.advance(61)
        twilio.let_go.clear()
        twilio.answered.clear()
        asking = asyncio.create_task(gateway.ask(question, **variables))
        await asyncio.wait_for(twilio.answered.wait(), 5)
        clock.advance(1)
        payload = await annotate(gateway, sid, comment="new")
        clock.advance(1)
        twilio.let_go.set()
        await asking
        assert payload["call"]["annotation"]["comment"] == "new"
        with gateway.upstream() as requests:
            assert (await read(gateway, sid))["comment"] == "new"
        assert requests == []


async def test_a_newer_version_from_before_the_write_does_not_undo_it_either(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Of a call that still changes: the version is the newer one, and the annotation too."""
    twilio = HeldBack(sandbox, asked="partial")
    settings = Settings(gateway_partial_max_age=600)
    async with Gateway(sandbox, clock, settings, transport=twilio) as gateway:
        sid = sandbox.examples()["partial"]
        twilio.let_go.set()
        before = (await gateway.ask(VERSION, sid=sid))["call"]["processing"]["version"]
        clock.advance(601)
        twilio.let_go.clear()
        twilio.answered.clear()
        asking = asyncio.create_task(gateway.ask(VERSION, sid=sid))
        await asyncio.wait_for(twilio.answered.wait(), 5)
        clock.advance(1)
        await gateway.ask(BLIND, input={"sid": sid, "comment": "new"})
        clock.advance(1)
        twilio.let_go.set()
        assert (await asking)["call"]["processing"]["version"] > before
        for seconds in (0, 300):
            clock.advance(seconds)
            with gateway.upstream() as requests:
                assert (await read(gateway, sid))["comment"] == "new"
            assert requests == []


async def test_a_summary_from_before_the_write_is_told_with_what_was_written(
    sandbox: Sandbox, clock: Clock
) -> None:
    """The call was being asked for when it was annotated: the answer to the write wins."""
    twilio = HeldBack(sandbox)
    async with Gateway(sandbox, clock, Settings(), transport=twilio) as gateway:
        sid = sandbox.examples()["annotated"]
        asking = asyncio.create_task(gateway.ask(READ, sid=sid))
        await asyncio.wait_for(twilio.answered.wait(), 5)
        writing = asyncio.create_task(annotate(gateway, sid, comment="new"))
        async with asyncio.timeout(5):
            while [request.method for request in sandbox.requests] != ["GET", "POST"]:
                await asyncio.sleep(0)
        clock.advance(1)
        twilio.let_go.set()
        await asking
        assert (await writing)["call"]["annotation"]["comment"] == "new"
        with gateway.upstream() as requests:
            assert (await read(gateway, sid))["comment"] == "new"
        assert requests == []


@pytest.mark.parametrize("kind", [None, "cut_off"])
async def test_a_write_is_finished_though_its_writer_has_left(
    sandbox: Sandbox, clock: Clock, kind: Kind | None
) -> None:
    """A browser tab that is closed too early leaves no doubt behind, and no stale annotation."""
    twilio = HeldBack(sandbox, "POST")
    async with Gateway(sandbox, clock, Settings(), transport=twilio) as gateway:
        sid = sandbox.examples()["annotated"]
        await read(gateway, sid)
        if kind is not None:
            sandbox.inject(Fault(kind=kind, times=1))
        writing = asyncio.create_task(annotate(gateway, sid, comment="bye"))
        await asyncio.wait_for(twilio.answered.wait(), 5)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        twilio.let_go.set()
        async with asyncio.timeout(5):
            while (await read(gateway, sid))["comment"] != "bye":
                await asyncio.sleep(0)
