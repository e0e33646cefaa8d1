"""Whatever somebody wrote into the cache server, callers are answered and the value is replaced."""

import time
import zlib
from collections.abc import Callable

import msgspec
import pytest

from gateway.cache.invalidation import PREFIX
from gateway.cache.packing import FORMAT, MAX_BYTES
from gateway.config.settings import Settings
from gateway.insights.rank import HEAD_LENGTH, RANK_LENGTH
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.servers import RedisServer

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { source } } }"
LOOKUP = "query($sid: CallSid!) { callLookup(sid: $sid) { status } }"
LIST = "{ calls(first: 10, filter: {hasTag: false}) { nodes { sid } } }"

BODY = HEAD_LENGTH + len(FORMAT)
HIGHEST = b"1" + b"9" * 10


def changed(value: bytes, change: Callable[[list[object]], None]) -> bytes:
    """An entry in which something else stands, as well formed as the gateway's own."""
    fields = msgspec.msgpack.decode(zlib.decompress(value[BODY:]))
    change(fields)
    return value[:BODY] + zlib.compress(msgspec.msgpack.encode(fields))


def _new_word(fields: list[object]) -> None:
    fields[4] = "telepathy"


def _other_call(fields: list[object]) -> None:
    fields[1] = b'{"call_sid": "CA%s"}' % (b"0" * 32)


def _no_summary(fields: list[object]) -> None:
    fields[1] = b"[[[]]]"


def _another_tag(fields: list[object]) -> None:
    fields[0] = "z"


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "garbage": lambda _: b"\xff\x00garbage" * 100,
    "garbage behind the rank": lambda value: HIGHEST + value[len(HIGHEST) : BODY] + b"garbage",
    "a rank alone": lambda value: value[:RANK_LENGTH],
    "a head alone": lambda value: value[:BODY],
    "a rank of letters": lambda value: b"z" * RANK_LENGTH + value[RANK_LENGTH:],
    "no end": lambda value: value[:-4],
    "more behind its end": lambda value: value + b"more",
    "another format": lambda value: value[:HEAD_LENGTH] + b"\x7f" + value[BODY:],
    "no entry": lambda value: value[:BODY] + zlib.compress(b"\xc1" * 100),
    "a word of a newer version": lambda value: changed(value, _new_word),
    "a kind of a newer version": lambda value: changed(value, _another_tag),
    "the summary of another call": lambda value: changed(value, _other_call),
    "no summary": lambda value: changed(value, _no_summary),
    "a bomb": lambda value: value[:BODY] + zlib.compress(bytes(500 * 2**20), 9),
    "a megabyte more than there may be": lambda value: value[:BODY] + bytes(2 * MAX_BYTES),
    "a higher rank of the future": lambda value: (
        value[:11] + b"9" * 13 + value[RANK_LENGTH:HEAD_LENGTH] + value[HEAD_LENGTH:]
    ),
    "a moment of the future": lambda value: value[:RANK_LENGTH] + b"9" * 13 + value[HEAD_LENGTH:],
}


def key_of(redis: RedisServer, kind: str) -> str:
    """The one key of a kind."""
    (name,) = redis.command("KEYS", f"{PREFIX}*:{kind}:*")
    key: str = name.decode()
    return key


@pytest.mark.parametrize("how", SPOILED)
async def test_a_spoiled_summary_is_a_miss_and_replaced(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, how: str
) -> None:
    """Twilio is asked once, by a replica that had no copy; the next replica knows its answer."""
    settings = Settings(gateway_cache_url=redis.url)
    sid = sandbox.examples()["client"]
    async with Gateway(sandbox, clock, settings) as gateway:
        await gateway.ask(CALL, sid=sid)
    key = key_of(redis, "call")
    redis.command("SET", key, SPOILED[how](redis.command("GET", key)), "EX", "600")
    sources = []
    for _ in range(2):
        async with Gateway(sandbox, clock, settings) as gateway:
            started = time.monotonic()
            sources.append((await gateway.ask(CALL, sid=sid))["call"]["processing"]["source"])
            assert time.monotonic() - started < 2
            assert (await gateway.http.get("/readyz")).json()["cache"] == "ok"
    assert sources == ["UPSTREAM", "CACHE"]


@pytest.mark.parametrize("how", [how for how in SPOILED if "summary" not in how])
async def test_a_spoiled_page_is_a_miss_and_replaced(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, how: str
) -> None:
    """The same, of a list."""
    settings = Settings(gateway_cache_url=redis.url)
    async with Gateway(sandbox, clock, settings) as gateway:
        listed = await gateway.ask(LIST)
    key = key_of(redis, "page")
    value: bytes = redis.command("GET", key)
    if how not in {"a word of a newer version", "a kind of a newer version"}:
        value = SPOILED[how](value)
    else:
        value = value[:BODY] + zlib.compress(msgspec.msgpack.encode(["page", {}, 7]))
    redis.command("SET", key, value, "EX", "600")
    requests = []
    for _ in range(2):
        async with Gateway(sandbox, clock, settings) as gateway:
            with gateway.upstream() as asked:
                assert await gateway.ask(LIST) == listed
            requests.append(len(asked))
    assert requests == [1, 0]


@pytest.mark.parametrize("kind", ["LPUSH", "SADD", "HSET"])
async def test_what_is_no_text_at_all_is_a_miss_and_replaced(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, kind: str
) -> None:
    """A list, a set or a hash under the key of a call: the server itself cannot read it as text."""
    settings = Settings(gateway_cache_url=redis.url)
    sid = sandbox.examples()["client"]
    async with Gateway(sandbox, clock, settings) as gateway:
        await gateway.ask(CALL, sid=sid)
        key = key_of(redis, "call")
    redis.command("DEL", key)
    redis.command(kind, key, *(["field", "x"] if kind == "HSET" else ["x"]))
    sources = []
    for _ in range(2):
        async with Gateway(sandbox, clock, settings) as gateway:
            sources.append((await gateway.ask(CALL, sid=sid))["call"]["processing"]["source"])
            assert (await gateway.http.get("/readyz")).json()["cache"] == "ok"
    assert sources == ["UPSTREAM", "CACHE"]


async def test_a_spoiled_absence_is_a_miss_and_replaced(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """A reason of a newer version: the call is asked for again."""
    settings = Settings(gateway_cache_url=redis.url)
    sid = "CA" + "0f" * 16
    async with Gateway(sandbox, clock, settings) as gateway:
        assert (await gateway.ask(LOOKUP, sid=sid))["callLookup"]["status"] == "NOT_FOUND"
    key = key_of(redis, "call")

    def abducted(fields: list[object]) -> None:
        fields[2] = 99_999

    redis.command("SET", key, changed(redis.command("GET", key), abducted), "EX", "600")
    async with Gateway(sandbox, clock, settings) as gateway:
        with gateway.upstream() as requests:
            assert (await gateway.ask(LOOKUP, sid=sid))["callLookup"]["status"] == "NOT_FOUND"
    assert len(requests) == 1
