"""Whoever reads the log alone learns what fails, when and why, and when it works again.

Each dependency is taken away and given back. That gives two lines, however many requests fail in
between: a warning and an information, each with the reason.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator

import pytest
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.concurrency import background
from gateway.config.settings import Settings
from gateway.errors import KeysUnavailable, Unauthenticated
from gateway.instrumentation import (
    CircuitChanged,
    DependencyChanged,
    Happening,
    Outcome,
    ProcessMeasured,
    UpstreamAnswered,
)
from gateway.sandbox import Fault, Sandbox
from gateway.server.access import jwt
from gateway.server.access.jwt import RETRY_AFTER, TokenVerifier, key_set_of
from gateway.server.telemetry import event_loop
from gateway.server.telemetry.dependencies import Dependencies
from gateway.server.telemetry.logs import JsonLines, TextLines
from gateway.server.telemetry.observers import among
from gateway.upstream.availability import SECONDS, Availability
from gateway.upstream.circuit_breaker import FAILURES
from tests.conftest import Clock, Gateway
from tests.event_streams import URL, cloud_event, deliver, push
from tests.live import becomes
from tests.servers import RedisServer, free_port, serving

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"


class Log:
    """The lines about dependencies."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def records(self) -> list[logging.LogRecord]:
        return [one for one in self._caplog.records if one.name == "gateway.dependencies"]

    def levels(self) -> list[str]:
        return [record.levelname for record in self.records()]

    def texts(self) -> list[str]:
        return [record.getMessage() for record in self.records()]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.INFO, logger="gateway.dependencies")
    return Log(caplog)


@pytest.fixture
async def gateway(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Gateway]:
    async with Gateway(sandbox, clock, Settings(gateway_stale_if_error=0)) as gateway:
        yield gateway


async def failing(gateway: Gateway) -> dict[str, str]:
    """What `/readyz` says to fail, and why."""
    reasons: dict[str, str] = (await gateway.http.get("/readyz")).json()["failing"]
    return reasons


async def up(gateway: Gateway, labels: str) -> str:
    """What `/metrics` says of a dependency: 1 or 0."""
    page = (await gateway.http.get("/metrics")).text
    return page.partition(f"gateway_dependency_up{{{labels}}} ")[2][:1]


async def becomes_well(gateway: Gateway) -> None:
    """Ask until an answer comes: an open circuit breaker lets a probe through after a second."""
    sid = gateway.sandbox.examples()["bad_carrier"]
    until = time.monotonic() + 10
    while "errors" in await gateway.send(CALL, sid=sid):
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


async def test_redis_is_taken_away_and_given_back(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, log: Log
) -> None:
    """Noticed by whichever comes first, a request or the connection that listens."""
    settings = Settings(gateway_cache_url=redis.url)
    async with Gateway(sandbox, clock, settings) as gateway:
        assert await up(gateway, 'dependency="cache",name=""') == "1", "before anything is asked"
        await gateway.ask(CALL, sid=sandbox.examples()["bad_carrier"])
        assert log.texts() == []
        redis.stop()
        for sid in sandbox.examples().values():
            await gateway.send(CALL, sid=sid)
        assert await becomes(lambda: log.levels() == ["WARNING"])
        (reason,) = (await failing(gateway)).values()
        assert await up(gateway, 'dependency="cache",name=""') == "0"
        redis.start()
        assert await becomes(lambda: log.levels() == ["WARNING", "INFO"])
        assert await failing(gateway) == {}
        assert await up(gateway, 'dependency="cache",name=""') == "1"
    assert log.texts()[0].startswith(f"The cache server does not answer: {reason}.")
    assert "The cache server works again, after" in log.texts()[1]


async def test_redis_that_is_not_there_at_the_start_is_told_at_once(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, log: Log
) -> None:
    """Nobody need ask anything first."""
    redis.stop()
    async with Gateway(sandbox, clock, Settings(gateway_cache_url=redis.url)) as gateway:
        assert await becomes(lambda: log.levels() == ["WARNING"])
        assert "connecting to 127.0.0.1" in (await failing(gateway))["cache"]
        redis.start()
        assert await becomes(lambda: log.levels() == ["WARNING", "INFO"])
    assert all("connecting to 127.0.0.1" in text for text in log.texts())


async def test_wrong_credentials_are_told_at_the_first_refusal(gateway: Gateway, log: Log) -> None:
    """With few requests no circuit breaker would ever open; when it does, that is no news."""
    account, sids = gateway.sandbox.account_sid, list(gateway.sandbox.examples().values())
    gateway.sandbox.inject(Fault(kind="refused_credentials"))
    await gateway.fail(CALL, sid=sids[0])
    assert log.levels() == ["WARNING"]
    for sid in sids:
        await gateway.send(CALL, sid=sid)
    assert log.levels() == ["WARNING"]
    assert (await failing(gateway)).keys() == {f"upstream {account}"}
    gateway.sandbox.clear_faults()
    await becomes_well(gateway)
    assert log.levels() == ["WARNING", "INFO"]
    assert await failing(gateway) == {}
    for text in log.texts():
        assert account in text
        assert "it refuses the credentials (HTTP 401, Twilio's code 20003)" in text


async def test_twilio_is_taken_away_and_given_back(gateway: Gateway, log: Log) -> None:
    """One failure is no outage; the circuit breaker says when it is one."""
    account, sids = gateway.sandbox.account_sid, gateway.sandbox.examples().values()
    gateway.sandbox.inject(Fault(kind="server_error"))
    while not any(isinstance(one, CircuitChanged) for one in gateway.happenings):
        assert log.levels() == []
        await asyncio.gather(*(gateway.send(CALL, sid=sid) for sid in sids))
    for sid in sids:
        await gateway.send(CALL, sid=sid)
    assert log.levels() == ["WARNING"]
    reason = "HTTP 503, Twilio's code 17009"
    assert await up(gateway, f'dependency="upstream",name="{account}"') == "0"
    gateway.sandbox.clear_faults()
    await becomes_well(gateway)
    assert log.levels() == ["WARNING", "INFO"]
    assert log.texts()[0].startswith(f"Twilio cannot be asked ({account}): {reason}. ")
    assert log.texts()[1].startswith(f"Twilio answers again ({account}), after ")
    assert log.texts()[1].endswith(f"What failed was: {reason}.")
    assert await up(gateway, f'dependency="upstream",name="{account}"') == "1"


def answered(how: Outcome | None, reason: str | None = None) -> UpstreamAnswered:
    return UpstreamAnswered("AC1", "Summary", 0, 0.1, None, 1, how, reason)


def test_a_quiet_gateway_notices_an_outage_too() -> None:
    """Three failures in a row over ten seconds, too few for a circuit breaker, are our choice."""
    heard: list[Happening] = []
    now = [0.0]
    availability = Availability(heard.append, lambda: now[0])

    def told() -> list[str | None]:
        return [one.reason for one in heard if isinstance(one, DependencyChanged)]

    for _ in range(FAILURES):
        availability(answered(Outcome.FAILED, "no answer in time"))
    assert told() == []
    now[0] += SECONDS
    availability(answered(None))
    availability(answered(Outcome.RATE_LIMITED))
    assert told() == []
    availability(answered(Outcome.FAILED, "HTTP 502"))
    availability(answered(Outcome.ANSWERED))
    assert told() == ["HTTP 502", None]


def test_a_late_answer_does_not_speak_for_an_open_circuit() -> None:
    """It was asked before the circuit breaker opened; the probe says when Twilio is back."""
    heard: list[Happening] = []
    availability = Availability(heard.append, lambda: 0.0)
    availability(answered(Outcome.FAILED, "HTTP 500"))
    for happening in (
        CircuitChanged("AC1", "open"),
        answered(Outcome.ANSWERED),
        CircuitChanged("AC1", "half_open"),
        answered(Outcome.ANSWERED),
        CircuitChanged("AC1", "closed"),
    ):
        availability(happening)
    told = [one for one in heard if isinstance(one, DependencyChanged)]
    assert [one.reason for one in told] == ["HTTP 500", None]


async def test_machines_read_what_changed_as_fields(gateway: Gateway, log: Log) -> None:
    """A rule over JSON lines need not take a sentence apart."""
    gateway.sandbox.inject(Fault(kind="refused_credentials"))
    await gateway.fail(CALL, sid=gateway.sandbox.examples()["bad_carrier"])
    (record,) = log.records()
    line = json.loads(JsonLines().format(record))
    assert line["level"] == "warning"
    assert line["dependency"] == f"upstream {gateway.sandbox.account_sid}"
    assert line["up"] is False
    assert line["reason"].startswith("it refuses the credentials")
    assert line["message"] == record.getMessage()
    assert TextLines().format(record).endswith(line["message"])


async def test_the_sink_is_taken_away_and_given_back(
    sandbox: Sandbox, clock: Clock, log: Log
) -> None:
    """Another auth token signs what comes, as after a rotation; then the right one does again."""
    event = cloud_event("partial", {"call_sid": sandbox.examples()["partial"]})
    async with Gateway(sandbox, clock, Settings(gateway_webhook_url=URL)) as gateway:
        for _ in range(3):
            assert (await deliver(gateway.http, "another token", event)).status_code == 403
        assert log.levels() == ["WARNING"]
        assert await up(gateway, 'dependency="sink",name=""') == "0"
        for _ in range(3):
            assert (await push(gateway, event)).status_code == 200
        assert await up(gateway, 'dependency="sink",name=""') == "1"
    assert log.levels() == ["WARNING", "INFO"]
    for text in log.texts():
        assert "did not sign for GATEWAY_WEBHOOK_URL with a known auth token" in text


async def test_a_sink_that_twilio_forgot_is_told_by_what_a_poll_learns(
    sandbox: Sandbox, clock: Clock, log: Log
) -> None:
    """A call was known in part, and Twilio pushes nothing of its complete summary."""
    sid = sandbox.examples()["partial"]
    async with Gateway(sandbox, clock, Settings(gateway_webhook_url=URL)) as gateway:
        await gateway.ask(CALL, sid=sid)
        clock.advance(2400)
        await gateway.ask(CALL, sid=sid)
        assert log.levels() == ["WARNING"]
        await push(gateway, cloud_event("partial", {"call_sid": sid}))
    assert log.levels() == ["WARNING", "INFO"]
    assert all("no event came" in text for text in log.texts())


class Issuer:
    """A key set on an address of its own, which may fail."""

    def __init__(self) -> None:
        self.answer: Response = Response(status_code=503)
        key = ECKey.generate_key("P-256", {"kid": "ec"})
        self.keys = JSONResponse({"keys": [key.as_dict(private=False)]})
        self.app = Starlette(routes=[Route("/keys", self._answer)])

    def _answer(self, _: Request) -> Response:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(status_code=503), "HTTP 503"),
        (Response("<html>"), "it is no JSON with keys of use"),
        (JSONResponse({"keys": []}), "it is no JSON with keys of use"),
    ],
)
async def test_the_key_set_is_taken_away_and_given_back(
    answer: Response, reason: str, clock: Clock, log: Log
) -> None:
    """Whoever has a token is refused meanwhile, which is not the fault of the token."""
    issuer = Issuer()
    issuer.answer = answer
    dependencies = Dependencies(clock)
    hook = among([dependencies.listeners()])
    with serving(issuer.app) as address:
        fetch = key_set_of(f"{address}/keys?key=harbour", 5)
        verifier = TokenVerifier(fetch, "https://issuer", "calls", clock, hook)
        for _ in range(3):
            clock.advance(RETRY_AFTER + 1)
            with pytest.raises(KeysUnavailable):
                await verifier.claims("a.b.c")
        assert log.levels() == ["WARNING"]
        assert dependencies.reasons() == {"JWKS": reason}
        issuer.answer = issuer.keys
        clock.advance(RETRY_AFTER + 1)
        with pytest.raises(Unauthenticated):
            await verifier.claims("a.b.c")
    assert log.levels() == ["WARNING", "INFO"]
    assert all(reason in text and "harbour" not in text for text in log.texts())


async def test_a_key_set_that_nobody_serves_is_told_with_the_reason(clock: Clock, log: Log) -> None:
    """As the system calls it."""
    fetch = key_set_of(f"http://127.0.0.1:{free_port()}/keys", 5)
    hook = among([Dependencies(clock).listeners()])
    verifier = TokenVerifier(fetch, "https://issuer", "calls", clock, hook)
    with pytest.raises(KeysUnavailable):
        await verifier.claims("a.b.c")
    (text,) = log.texts()
    assert "no connection: Connection refused" in text


async def test_a_full_redis_is_told_by_itself(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, log: Log
) -> None:
    """It answers, so it is not gone; when it is gone next, that is another change."""
    async with Gateway(sandbox, clock, Settings(gateway_cache_url=redis.url)) as gateway:
        redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        redis.command("CONFIG", "SET", "maxmemory", "1")
        try:
            await gateway.ask(CALL, sid=sandbox.examples()["bad_carrier"])
            assert log.levels() == ["WARNING"]
            assert "OOM" in (await failing(gateway))["cache"] or "memory" in log.texts()[0]
        finally:
            redis.stop()
        assert await becomes(lambda: log.levels() == ["WARNING", "WARNING"])
        redis.start()
        assert await becomes(lambda: log.levels() == ["WARNING", "WARNING", "INFO"], within=15)
    refused, gone, well = log.texts()
    assert refused.startswith("The cache server refuses writes: ")
    assert gone.startswith("The cache server does not answer: ")
    assert well.startswith("The cache server works again, after ")


async def test_a_task_of_the_background_fails_and_goes_on(
    sandbox: Sandbox, clock: Clock, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two lines for all tasks with a name, beside the traceback of each failure."""
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.05)
    broken, measured = [True], event_loop._measured  # noqa: SLF001 - to break it

    def measure() -> ProcessMeasured:
        if broken[0]:
            raise ArithmeticError("a fault of ours")
        return measured()

    monkeypatch.setattr(event_loop, "_measured", measure)
    async with Gateway(sandbox, clock, Settings()) as gateway:
        assert await becomes(lambda: log.levels() == ["WARNING"])
        assert await failing(gateway) == {"task measuring": "ArithmeticError"}
        broken[0] = False
        assert await becomes(lambda: log.levels() == ["WARNING", "INFO"])
        assert await failing(gateway) == {}
    failed, well = log.texts()
    assert failed.startswith("A background task fails (measuring): ArithmeticError. ")
    assert well.startswith("A background task runs again (measuring), after ")


async def test_a_key_set_that_is_not_there_at_the_start_is_told_at_once(
    sandbox: Sandbox, clock: Clock, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anybody shows a token, and nobody need show one for it to be noticed again."""
    monkeypatch.setattr(jwt, "REFRESH_AFTER", 0.05)
    issuer = Issuer()
    with serving(issuer.app) as address:
        settings = Settings(
            gateway_jwks_url=f"{address}/keys",
            gateway_jwt_issuer="https://issuer",
            gateway_jwt_audience="calls",
        )
        async with Gateway(sandbox, clock, settings) as gateway:
            assert await becomes(lambda: log.levels() == ["WARNING"])
            assert await failing(gateway) == {"JWKS": "HTTP 503"}
            issuer.answer = issuer.keys
            assert await becomes(lambda: log.levels() == ["WARNING", "INFO"])
    assert all("HTTP 503" in text for text in log.texts())
