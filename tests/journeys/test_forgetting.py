"""What is to be forgotten is gone, everywhere, and nothing is remembered for more than 30 days."""

import asyncio
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import FORGOTTEN_AFTER, Freshness
from gateway.cache.purge import Purged, purge
from gateway.cache.redis_cache import RedisCache
from gateway.cache.store import Store, call_key
from gateway.cache.tags import account_tag, call_tag, lists_tag
from gateway.cache.tiered_cache import TieredCache
from gateway.config.accounts import Account
from gateway.config.load import read
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Realm
from gateway.encryption import Seal
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot
from gateway.sandbox import Sandbox
from tests.cache.conftest import ACCOUNT, SID, seen
from tests.cli.test_commands import environment
from tests.conftest import NOON, Clock, Gateway
from tests.servers import DEADLINE, RedisServer

KEY = b64encode(bytes(range(32))).decode()
CALLER = "query($sid: CallSid!) { call(sid: $sid) { from { caller } processing { source } } }"
LISTED = "{ calls(first: 100) { nodes { sid from { caller } to { callee } } } }"
NUMBER = "+14155550142"
DAY = 86400.0
ENDS = st.floats(-40 * DAY, 1 * DAY)
STATES = st.sampled_from(["complete", "partial"])
AGES = st.floats(0, 300 * DAY)


def cache_settings(redis: RedisServer, **more: str) -> Settings:
    return read({"GATEWAY_CACHE_URL": redis.url, "GATEWAY_CACHE_KEY": KEY, **more})


def command(*arguments: str, said: str = "", **settings: str) -> tuple[int, str]:
    """`gateway …`, as a process of its own: its status, and all that it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment(**settings),
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return ran.returncode, ran.stdout


def names(redis: RedisServer) -> set[str]:
    return {name.decode() for name in redis.command("KEYS", "*")}


@pytest.fixture
async def replicas(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """Two on one Redis, with what they keep there encrypted; both hear of what is replaced."""
    settings = cache_settings(redis)
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        until = time.monotonic() + DEADLINE
        while redis.command("PUBSUB", "NUMSUB", "insights:replaced")[1] != 2:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
        yield one, other


async def source(gateway: Gateway, sid: str) -> str:
    found: str = (await gateway.ask(CALLER, sid=sid))["call"]["processing"]["source"]
    return found


async def is_asked_again(gateway: Gateway, sid: str) -> None:
    """Wait until a replica has dropped its copy, and has to ask Twilio."""
    until = time.monotonic() + DEADLINE
    while await source(gateway, sid) != "UPSTREAM":
        assert time.monotonic() < until, "it still has a copy"
        await asyncio.sleep(0.01)


async def test_a_call_is_forgotten_on_every_replica(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """Its entry goes, every replica drops its copy, and all other calls stay."""
    one, other = replicas
    sid, spared = (node["sid"] for node in (await one.ask(LISTED))["calls"]["nodes"][:2])
    assert [await source(other, sid), await source(other, spared)] == ["CACHE", "CACHE"]
    before = names(redis)

    assert await purge(cache_settings(redis), f"CA{sid[2:].upper()}") == Purged(1)
    assert before - names(redis) == {f"insights:{call_key(one.sandbox.account_sid, sid)}"}
    await is_asked_again(other, sid)
    assert await source(one, spared) == "CACHE"


async def test_a_page_that_held_the_call_is_whole_again(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """A list is never shorter than it says: what is gone of it is asked for again."""
    one, other = replicas
    before = (await one.ask(LISTED))["calls"]["nodes"]
    await purge(cache_settings(redis), before[3]["sid"])

    assert (await other.ask(LISTED))["calls"]["nodes"] == before


async def kept(redis: RedisServer, realm: str, *snapshots: Snapshot, keyed: bool = True) -> None:
    """Put snapshots into the shared cache, as a replica would."""
    settings = cache_settings(redis) if keyed else Settings(gateway_cache_url=redis.url)
    far = RedisCache(redis.url, seal=Seal.of(settings))
    cache = TieredCache(MemoryCache(max_bytes=10**6), far)
    await Store(cache, Freshness(), time.time).keep(realm, snapshots)
    await cache.close()


def call(number: int, **said: object) -> Snapshot:
    sid = CallSid(f"CA{number:032x}")
    return seen(time.time(), sid, processing_state="complete", **said)


async def test_a_call_is_forgotten_for_whoever_may_see_it(
    sandbox: Sandbox, redis: RedisServer
) -> None:
    """It is kept for each group of viewers apart, and forgotten for all at once."""
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    for realm in (Realm(account), Realm(account, frozenset())):
        await kept(redis, realm.key, call(1), call(2))

    assert await purge(cache_settings(redis), call(1).sid) == Purged(2)
    assert {name.rpartition(":")[2] for name in names(redis)} == {call(2).sid}


async def test_all_calls_of_a_number_are_forgotten(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """Those from it, those to it and no other; what is left names it nowhere."""
    one, other = replicas
    listed = (await one.ask(LISTED))["calls"]["nodes"]
    number = next(caller for node in listed if (caller := node["from"]["caller"]).startswith("+"))
    mine = {n["sid"] for n in listed if number in {n["from"]["caller"], n["to"]["callee"]}}
    before = names(redis)
    spelled = f"{number[:2]} ({number[2:5]}) {number[5:]}"
    purged = await purge(cache_settings(redis), spelled)
    gone = {name.rpartition(":")[2] for name in before - names(redis)}

    assert mine <= gone
    assert purged == Purged(len(gone))
    for sid in mine:
        await is_asked_again(other, sid)


SAMPLED = """
query($sid: CallSid!) {
  call(sid: $sid) { from { caller } metrics { nodes { edge } } events { nodes { name } } }
}
"""


def details_in(redis: RedisServer) -> set[str]:
    """The calls of which there are metrics or events."""
    return {name.split(":")[3] for name in names(redis) if ":details:" in name}


async def test_metrics_and_events_go_with_their_call(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """They hold addresses and names of the app's user. Those of other calls stay."""
    one, other = replicas
    examples = one.sandbox.examples()
    sid, spared = examples["client"], examples["trunking"]
    for known in (sid, spared):
        await one.ask(SAMPLED, sid=known)
        await other.ask(SAMPLED, sid=known)
    assert details_in(redis) == {sid, spared}

    assert (await purge(cache_settings(redis), sid)).removed == 1 + 2 * 2
    assert details_in(redis) == {spared}
    until = time.monotonic() + DEADLINE
    asked: list[str] = []
    while not any("/Metrics" in path for path in asked):
        assert time.monotonic() < until, "it still has a copy"
        with other.upstream() as requests:
            await other.ask(SAMPLED, sid=sid)
        asked = [request.path for request in requests]


async def test_metrics_and_events_go_with_the_calls_of_a_party(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """And those of a call that is not kept itself: nobody could tell whether it named the party."""
    one, _ = replicas
    examples = one.sandbox.examples()
    named, spared, alone = (examples[name] for name in ("bad_carrier", "trunking", "client"))
    callers = {}
    for sid in (named, spared, alone):
        callers[sid] = (await one.ask(SAMPLED, sid=sid))["call"]["from"]["caller"]
    assert callers[named] != callers[spared]
    redis.command("DEL", f"insights:{call_key(one.sandbox.account_sid, CallSid(alone))}")

    await purge(cache_settings(redis), callers[named])

    assert details_in(redis) == {spared}


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        (NUMBER, {1, 2, 3, 4}),
        ("client:ana", {5}),
        ("SIP:ana@pbx.acme.example", {6}),
        ("+1415555014", set()),
    ],
)
async def test_a_party_is_found_wherever_a_summary_names_it(
    redis: RedisServer, wanted: str, gone: set[int]
) -> None:
    """Caller, called, branded caller, a number in a SIP address; a longer number is another."""
    calls = [
        call(1, **{"from": {"caller": NUMBER}}),
        call(2, to={"callee": NUMBER}),
        call(3, trust={"branded_call": {"caller": NUMBER}}),
        call(4, to={"callee": f"sip:{NUMBER}@pbx.acme.example"}),
        call(5, **{"from": {"caller": "client:ana"}}),
        call(6, to={"callee": "sip:ana@pbx.acme.example"}),
        call(7, **{"from": {"caller": "client:anabel"}}, to={"callee": f"{NUMBER}7"}),
    ]
    await kept(redis, ACCOUNT, *calls)
    await purge(cache_settings(redis), wanted)
    left = {int(name.rpartition(":CA")[2], 16) for name in names(redis)}

    assert left == set(range(1, 8)) - gone


async def test_a_call_that_is_no_strict_json_is_forgotten_with_the_others(
    redis: RedisServer,
) -> None:
    """Twilio may cut an emoji in two: that keeps nobody from being forgotten."""
    cut = call(1, to={"callee": NUMBER})
    raw = cut.raw.replace(b"{", b'{"note":"\\ud83d",', 1)
    await kept(redis, ACCOUNT, structs.replace(cut, raw=raw), call(2, to={"callee": NUMBER}))

    assert await purge(cache_settings(redis), NUMBER) == Purged(2)
    assert not names(redis)


async def test_what_no_key_opens_goes_with_the_calls_of_a_party(redis: RedisServer) -> None:
    """Nobody knows whom it names; it is counted apart, and nothing that is no call is touched."""
    await kept(redis, ACCOUNT, call(1, to={"callee": NUMBER}), call(2))
    await kept(redis, ACCOUNT, call(3), keyed=False)
    redis.command("SET", "insights:lease:AC1:call:CA" + "0" * 32, "x")
    redis.command("SET", "somebody else's", "x")

    assert await purge(cache_settings(redis), NUMBER) == Purged(2, unreadable=1)
    assert len(names(redis)) == 3


async def test_a_copy_whose_original_is_gone_is_dropped_too(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """The server may have made room; the replicas are told all the same."""
    one, _ = replicas
    sid = one.sandbox.examples()["client"]
    await source(one, sid)
    redis.command("FLUSHALL")
    assert await source(one, sid) == "CACHE"

    assert await purge(cache_settings(redis), sid) == Purged(0)
    await is_asked_again(one, sid)


async def test_the_command_tells_how_much_and_never_whom(redis: RedisServer) -> None:
    """The number is neither printed nor logged, and `-` keeps it out of lists of processes."""
    await kept(redis, ACCOUNT, call(1, to={"callee": NUMBER}), call(2, to={"callee": NUMBER}))
    known = {"GATEWAY_CACHE_URL": redis.url, "GATEWAY_CACHE_KEY": KEY, "GATEWAY_LOG_LEVEL": "debug"}

    runs = [
        command("forget", call(1).sid, **known),
        command("forget", "-", said=f"{NUMBER}\n", **known),
        command("forget", NUMBER, **known),
    ]

    assert [status for status, _ in runs] == [0, 0, 0]
    assert [said.splitlines()[-1].split()[0] for _, said in runs] == ["1", "1", "0"]
    assert runs[0][1].endswith("\n1 entry removed.\n")
    assert NUMBER[1:] not in "".join(said for _, said in runs)


async def test_the_command_names_what_a_cdn_has_to_drop(redis: RedisServer) -> None:
    """Its operator purges the same there: by the call, or of a party the whole account (ours)."""
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "x"}
    known = {"GATEWAY_CACHE_URL": redis.url, "GATEWAY_CACHE_TAGS": "Surrogate-Key", **account}
    runs = [command("forget", wanted, **known) for wanted in (call(1).sid, NUMBER)]

    assert [status for status, _ in runs] == [0, 0]
    tags = [set(said.splitlines()[-1].partition(": ")[2].split()) for _, said in runs]
    assert tags == [{call_tag(call(1).sid), lists_tag(ACCOUNT)}, {account_tag(ACCOUNT)}]


@pytest.mark.processes
@pytest.mark.parametrize(
    ("wanted", "url", "status", "cure"),
    [
        (NUMBER, "memory://", 1, "restart the gateway"),
        (NUMBER, "redis://127.0.0.1:1/0", 1, "nobody knows what is left"),
        ("4155550142", "redis://127.0.0.1:1/0", 2, "give `CA` and 32 hexadecimal digits"),
    ],
)
def test_what_cannot_be_purged_is_told_with_the_cure(
    wanted: str, url: str, status: int, cure: str
) -> None:
    """One line, and the number is not in it."""
    code, said = command("forget", wanted, GATEWAY_CACHE_URL=url)

    assert (code, said.count("\n")) == (status, 1)
    assert cure in said
    assert wanted not in said


def freshness(age: float, stale: float) -> Freshness:
    return Freshness(age, age, 10.0, 60.0, stale)


def ended(after: float, as_of: float, state: str) -> Snapshot:
    end = datetime.fromtimestamp(as_of + after, UTC).isoformat()
    return seen(as_of, processing_state=state, end_time=end)


@given(after=ENDS, age=AGES, stale=AGES, state=STATES, late=st.floats(0, 40 * DAY))
async def test_nothing_is_kept_for_more_than_thirty_days(
    after: float, age: float, stale: float, state: str, late: float
) -> None:
    """Whatever the settings say, and whenever it is written: 30 days after its end it is gone."""
    clock = Clock()
    snapshot = ended(after, NOON, state)
    memory = MemoryCache(max_bytes=10**6, clock=clock)
    clock.advance(late)
    await Store(memory, freshness(age, stale), clock).keep(ACCOUNT, [snapshot])
    clock.now = max(clock.now, NOON + after + FORGOTTEN_AFTER) + 0.002

    assert memory.peek(call_key(ACCOUNT, SID)) is None


@pytest.mark.parametrize("days", [0.0, 1.0, 29.99, 30.0, 31.0])
@pytest.mark.parametrize("state", ["complete", "partial"])
async def test_the_server_forgets_within_thirty_days_by_itself(
    redis: RedisServer, days: float, state: str
) -> None:
    """Every entry has an end of its own there: no replica need live to take it away."""
    now = time.time()
    snapshot = ended(-days * DAY, now, state)
    cache = RedisCache(redis.url)
    tiers = TieredCache(MemoryCache(max_bytes=10**6), cache)
    await Store(tiers, freshness(300 * DAY, 300 * DAY), time.time).keep(ACCOUNT, [snapshot])
    remaining = redis.command("PTTL", f"insights:{call_key(ACCOUNT, SID)}") / 1000
    await tiers.close()

    assert remaining <= max(0.0, (30 - days) * DAY)
    assert remaining > (30 - days) * DAY - 5 or days >= 30
