"""Servers that answer in part: the gateway uses what there is, and the log says what is missing."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from gateway.cache.leases import RedisLeases
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import RETRY_AFTER, reason_of
from gateway.cache.tiered_cache import TieredCache
from gateway.config.settings import Settings
from gateway.insights.rank import Ranked, head_by_age
from gateway.instrumentation import DependencyChanged, Happening
from gateway.sandbox import Sandbox
from gateway.server.telemetry.dependencies import Dependencies
from gateway.server.telemetry.observers import among
from tests.conftest import Clock, Gateway
from tests.servers import RedisServer

LOW, MIDDLE, HIGH = (head_by_age(age) + b"value" for age in (1, 2, 3))
CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { source } } }"


class Replica:
    """The cache of one, what it told, and a clock for how long a server is left alone."""

    def __init__(self, url: str) -> None:
        self.heard: list[Happening] = []
        self.now = 0.0
        self.far = RedisCache(url, hook=self.heard.append, clock=lambda: self.now)
        self.cache = TieredCache(MemoryCache(max_bytes=10**6), self.far)


@pytest.fixture
async def replica(redis: RedisServer) -> AsyncIterator[Replica]:
    replica = Replica(redis.url)
    yield replica
    await replica.cache.close()


def make_full(redis: RedisServer) -> None:
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.command("CONFIG", "SET", "maxmemory", "1")


def make_read_only(redis: RedisServer) -> None:
    redis.command("CONFIG", "SET", "min-replicas-to-write", "3")


def mend(redis: RedisServer) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "0")
    redis.command("CONFIG", "SET", "min-replicas-to-write", "0")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(make_full, "used memory"), (make_read_only, "NOREPLICAS")],
    ids=["full", "without replicas"],
)
async def test_a_server_that_refuses_writes_is_read_all_the_same(
    replica: Replica, redis: RedisServer, spoil: object, why: str
) -> None:
    """A full or read-only server still knows what it knew; only writes are spared it a while."""
    far = replica.far
    await far.raise_many([Ranked("a", MIDDLE, 60)])
    try:
        spoil(redis)  # type: ignore[operator]
        assert await far.raise_many([Ranked("b", LOW, 60)]) == [None]
        assert await far.get("a") == MIDDLE
        assert (far.server.is_up, far.server.takes_writes) == (True, False)
        assert await far.raise_many([Ranked("a", LOW, 60)]) == [MIDDLE], "no version goes backwards"
        assert await far.raise_many([Ranked("a", HIGH, 60)]) == [None]
        assert not await far.set("c", LOW, ttl=60)
        assert await RedisLeases(far.server).claim("work", 60), "each replica takes its turn"
    finally:
        mend(redis)
    assert not await far.set("c", LOW, ttl=60), "it is not written to for a while"
    replica.now += RETRY_AFTER
    assert await far.set("c", LOW, ttl=60)

    refused, well = replica.heard
    assert isinstance(refused, DependencyChanged)
    assert isinstance(well, DependencyChanged)
    assert (refused.kind, refused.how, well.reason) == ("cache", "refuses writes", None)
    assert why in str(refused.reason)


async def test_what_is_not_taken_by_the_server_stays_in_the_process(
    replica: Replica, redis: RedisServer
) -> None:
    """A copy is newer than its original then, and is not dropped for it."""
    await replica.cache.raise_many([Ranked("a", LOW, 60)])
    try:
        make_full(redis)
        await replica.cache.raise_many([Ranked("a", HIGH, 60)])
        replica.cache.drop_copy("a")
        assert await replica.cache.get("a") == HIGH
        assert await replica.far.get("a") == LOW
    finally:
        mend(redis)


async def test_readiness_tells_that_nothing_is_kept(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """`/readyz` and `gateway_dependency_up` tell it, and whoever asks is answered."""
    async with Gateway(sandbox, clock, Settings(gateway_cache_url=redis.url)) as gateway:
        try:
            make_full(redis)
            asked = await gateway.ask(CALL, sid=sandbox.examples()["client"])
            ready = (await gateway.http.get("/readyz")).json()
            metrics = (await gateway.http.get("/metrics")).text
        finally:
            mend(redis)
    assert asked["call"]["processing"]["source"] == "UPSTREAM"
    assert ready["cache"] == "refuses writes"
    assert 'gateway_dependency_up{dependency="cache",name=""} 0.0' in metrics


async def test_what_is_too_large_to_be_read_in_time_is_removed(
    replica: Replica, redis: RedisServer
) -> None:
    """Else each question for it would make the server count as down, for all others too."""
    far = replica.far
    await far.set("b", LOW, ttl=60)
    redis.command("SETRANGE", "insights:a", str(500 * 2**20), "x")
    redis.command("EXPIRE", "insights:a", "600")
    assert await far.get("a") is None
    assert not far.server.is_up
    async with asyncio.timeout(10):
        while redis.command("EXISTS", "insights:a"):  # the server may be busy with it for a while
            replica.now += RETRY_AFTER
            await far.multi_get(["a", "b"])
    replica.now += RETRY_AFTER
    assert await far.multi_get(["a", "b"]) == [None, LOW]
    assert far.server.is_up


@pytest.mark.parametrize("kind", ["a list", "garbage", "a number too large"])
async def test_a_counter_that_was_spoiled_is_no_fault_of_the_server(
    replica: Replica, redis: RedisServer, kind: str
) -> None:
    """Nobody knows the count, as if there were no server; all else goes on."""
    spoil: dict[str, tuple[str | bytes, ...]] = {
        "a list": ("LPUSH", "insights:n", "x"),
        "garbage": ("SET", "insights:n", b"\xff"),
        "a number too large": ("SET", "insights:n", str(2**63 - 1)),
    }
    redis.command(*spoil[kind])

    assert await replica.far.count("n", 1, 60) == 0
    assert replica.heard == []


async def test_a_counter_has_an_end(replica: Replica, redis: RedisServer) -> None:
    """From its first moment on, whatever becomes of who counts."""
    assert await replica.far.count("n", 2, 60) == 2
    assert await replica.far.count("n", 3, 60) == 5
    assert 0 < redis.command("PTTL", "insights:n") <= 60_000


@pytest.mark.redis
async def test_a_server_without_hello_keeps_what_it_is_given(
    sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Redis before version 6, some proxies, and servers that renamed the command: RESP2 does."""
    names = ("HELLO", "CLIENT", "TIME")
    unknown = [word for name in names for word in ("--rename-command", name, "")]
    with RedisServer(*unknown) as server:
        shared = Settings(gateway_cache_url=server.url)
        sid = sandbox.examples()["client"]
        async with Gateway(sandbox, clock, shared) as one, Gateway(sandbox, clock, shared) as other:
            await one.ask(CALL, sid=sid)
            with other.upstream() as requests:
                answer = await other.ask(CALL, sid=sid)
            ready = (await other.http.get("/readyz")).json()
    assert answer["call"]["processing"]["source"] == "CACHE"
    assert requests == []
    assert ready["cache"] == "ok"
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.redis
async def test_the_log_says_why_a_server_cannot_be_asked(caplog: pytest.LogCaptureFixture) -> None:
    """Once for each time that it goes, with the words of the server, and when it is back."""
    with RedisServer() as server:
        server.command("CONFIG", "SET", "requirepass", "a harbour")
        cache = RedisCache(server.url, hook=among([Dependencies(lambda: 0).listeners()]))
        assert await cache.get("a") is None
        assert await cache.get("a") is None
        await cache.close()
    (line,) = [one.getMessage() for one in caplog.records if one.name == "gateway.dependencies"]
    assert line.startswith("The cache server does not answer: Authentication required. ")
    assert "harbour" not in line


def test_no_reason_repeats_a_command_with_its_arguments() -> None:
    """A proxy that does not know `AUTH` says what it did not know, and a pipeline which keys."""
    unknown = ResponseError("unknown command 'AUTH', with args beginning with: 'ana' 'harbour'")
    full = OutOfMemoryError(
        "Command # 1 (EVALSHA 1 insights:harbour) of pipeline caused error: "
        "(\"command not allowed when used memory > 'maxmemory'. script: e3, on @user_script:8.\",)"
    )
    assert reason_of(unknown) == "unknown command 'AUTH'"
    assert reason_of(full) == "command not allowed when used memory > 'maxmemory'"
    assert reason_of(ConnectionError()) == "ConnectionError"


@pytest.mark.parametrize("turns", range(40))
async def test_who_asks_a_server_can_be_cancelled_at_any_moment(
    redis: RedisServer, turns: int
) -> None:
    """Before Python 3.12, `asyncio.wait_for` may forget it, and what goes on for ever does so."""
    cache = RedisCache(redis.url)

    async def ask_for_ever() -> None:
        while True:
            await cache.get("a")
            await cache.set("a", LOW, ttl=60)

    task = asyncio.create_task(ask_for_ever())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done
    await cache.close()
