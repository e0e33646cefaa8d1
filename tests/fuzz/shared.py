"""What others may have written to the cache server: values of every key, and messages."""

import asyncio
import random
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from gateway.cache.invalidation import CHANNEL, PREFIX
from gateway.cache.packing import FORMAT
from gateway.config.settings import Settings
from gateway.insights.rank import HEAD_LENGTH
from gateway.sandbox import Sandbox
from tests.conftest import Gateway
from tests.fuzz.everything import everything_of
from tests.fuzz.inputs import mutated, repacked
from tests.fuzz.targets import Feed
from tests.fuzz.watch import PATIENCE, Found, Watch
from tests.journeys.test_persisted_documents import named
from tests.servers import RedisServer
from tests.viewers import ALL, Asker, People

CALL = (
    f"query($sid: CallSid!) {{ callLookup(sid: $sid) {{ status call {everything_of('Call')} }} }}"
)
LIST = "{ calls(first: 5) { nodes { sid state } pageInfo { endCursor hasNextPage } } }"
SOURCE = "query($sid: CallSid!) { call(sid: $sid) { processing { source } } }"
KINDS = (*["call"] * 20, *["page"] * 10, *["apq"] * 5, *["claim", "budget"] * 2, "lease")
"""Of which kinds keys are; a lease keeps whoever asks waiting for a second."""
BODY = HEAD_LENGTH + len(FORMAT)


@asynccontextmanager
async def _gateway(**settings: Any) -> AsyncIterator[tuple[Gateway, RedisServer, Asker, list[str]]]:
    sandbox = Sandbox(calls=60, arrivals=False)
    people = People(sandbox)
    people.add("ana", None, ALL, budget_per_minute=10**9)
    with RedisServer() as redis:
        chosen = Settings(gateway_cache_url=redis.url, **settings)
        options = {"access": people.access}
        async with Gateway(sandbox, time.time, chosen, **options) as gateway:  # type: ignore[arg-type]
            yield gateway, redis, Asker(gateway, "ana"), list(sandbox.examples().values())


@asynccontextmanager
async def from_redis(watch: Watch) -> AsyncIterator[Feed]:
    """Values of Redis: whatever is there, each question is answered, and soon."""
    async with _gateway(gateway_cache_max_bytes=1) as (gateway, redis, asker, sids):

        async def feed(rng: random.Random) -> None:
            kind, sid = rng.choice(KINDS), rng.choice(sids)
            await _ask(asker, watch, kind, sid)
            for name in _names(rng, redis, kind, sid):
                _plant(rng, redis, name)
            await _ask(asker, watch, kind, sid)
            if not rng.randrange(50):
                redis.command("FLUSHALL")
            if (await gateway.http.get("/readyz")).json()["cache"] != "ok":
                raise Found("a value makes the server count as down")

        yield feed


async def _ask(asker: Asker, watch: Watch, kind: str, sid: str) -> None:
    started = time.monotonic()
    if kind == "page":
        answer = await asker.post(LIST)
    elif kind == "apq":
        answer = await asker.post(None, **named(SOURCE, sid=sid))
        if "PERSISTED_QUERY_NOT_FOUND" in answer.text:
            answer = await asker.post(SOURCE, **named(SOURCE, sid=sid))
    else:
        answer = await asker.post(CALL, variables={"sid": sid})
    watch.check(answer.content)
    if "data" not in answer.json() or "errors" in answer.json():
        raise Found(answer.text[:1000])
    if time.monotonic() - started > PATIENCE:
        raise Found(f"{time.monotonic() - started:.1f} s for an answer")


def _names(rng: random.Random, redis: RedisServer, kind: str, sid: str) -> list[str]:
    """The keys of a kind that there are, or could be."""
    if kind in {"lease", "claim"}:
        calls = redis.command("KEYS", f"{PREFIX}*:call:{sid}")
        keys = [name.decode().removeprefix(PREFIX) for name in calls]
        for name in calls:
            redis.command("DEL", name)  # so that the call is asked for
        return [f"{PREFIX}{kind}:{'poll:' if kind == 'claim' else ''}{key}" for key in keys]
    found = [name.decode() for name in redis.command("KEYS", f"{PREFIX}*{kind}:*")]
    return rng.sample(found, min(len(found), 2))


def _plant(rng: random.Random, redis: RedisServer, name: str) -> None:
    """Put something else under a key, with or without an end."""
    if rng.random() < 0.05:
        redis.command("DEL", name)
        verb, *words = rng.choice(
            (("LPUSH", "x"), ("SADD", "x"), ("HSET", "x", "y"), ("XADD", "*", "a", "b"))
        )
        redis.command(verb, name, *words)
        return
    kept = redis.command("GET", name) if redis.command("TYPE", name) == b"string" else b""
    value = rng.choice(_SPOILERS)(rng, kept or b"")
    redis.command("SET", name, value, *([] if rng.random() < 0.3 else ["PX", "60000"]))


def _in_body(rng: random.Random, kept: bytes) -> bytes:
    """Another value, as well packed as the gateway's own."""
    try:
        body = zlib.decompress(kept[BODY:])
    except zlib.error:
        return mutated(rng, kept)
    return kept[:BODY] + zlib.compress(repacked(rng, body), 1)


def _in_head(rng: random.Random, kept: bytes) -> bytes:
    """Another head of as many digits, or nearly."""
    return (
        mutated(rng, kept[:HEAD_LENGTH])[:HEAD_LENGTH].ljust(HEAD_LENGTH, b"0") + kept[HEAD_LENGTH:]
    )


_SPOILERS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_in_body, _in_body, _in_body, _in_body, _in_head, mutated),
    lambda rng, _: rng.randbytes(rng.choice((0, 1, 24, 38, 1000))),
    lambda rng, kept: kept[:BODY] + zlib.compress(bytes(rng.choice((100, 2**20, 2**23))), 1),
    lambda rng, kept: kept + bytes(rng.choice((1, 2**21 + 1))),
    lambda rng, kept: rng.choice((b"9", b"1", b"0")) * HEAD_LENGTH + kept[HEAD_LENGTH:],
)


@asynccontextmanager
async def from_the_channel(watch: Watch) -> AsyncIterator[Feed]:
    """Messages of Redis: whatever comes, replicas go on to drop what is replaced."""
    async with _gateway() as (gateway, redis, asker, sids):

        async def feed(rng: random.Random) -> None:
            key = f"{PREFIX}{gateway.sandbox.account_sid}:call:{rng.choice(sids)}"
            said = rng.choice((key, f"{key}\n{'1' * 24}", PREFIX, "other:key", ""))
            for _ in range(rng.choice((1, 1, 20))):
                redis.command("PUBLISH", CHANNEL, mutated(rng, said.encode()))
            if not rng.randrange(10):
                await drops_copies()
            watch.check()

        async def drops_copies() -> None:
            sid = gateway.sandbox.examples()["client"]
            await asker.post(SOURCE, variables={"sid": sid})
            before, until = len(gateway.sandbox.requests), time.monotonic() + PATIENCE
            key = f"{PREFIX}{gateway.sandbox.account_sid}:call:{sid}"
            redis.command("DEL", key)
            redis.command("PUBLISH", CHANNEL, key)
            while len(gateway.sandbox.requests) == before:
                await asyncio.sleep(0.001)
                await asker.post(SOURCE, variables={"sid": sid})
                if time.monotonic() > until:
                    raise Found("a copy is kept although its original was replaced")

        yield feed
