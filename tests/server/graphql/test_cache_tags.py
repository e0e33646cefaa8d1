"""What caches of responses drop an answer by, and the endpoint that drops by the same."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.tags import (
    MOST_CALLS,
    account_tag,
    call_tag,
    lists_tag,
    tags_of_answer,
    tags_of_forgotten,
)
from gateway.config.settings import Settings
from gateway.config.viewers import Scope
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.live import becomes
from tests.server.conftest import listening
from tests.servers import DEADLINE, RedisServer
from tests.viewers import ALL, People, open_to

TAGGED = Settings(gateway_cache_tags="Cache-Tag")
CALL = "query($sid: CallSid!) { call(sid: $sid) { state } }"
SOURCE = "query($sid: CallSid!) { call(sid: $sid) { processing { source } } }"
LIST = "{ calls(first: 5) { nodes { state } } }"
ACCOUNT = "AC" + "1" * 32
SIDS = st.integers(0, 2**128 - 1).map(lambda number: f"CA{number:032x}")


@pytest.fixture
def settings() -> Settings:
    return TAGGED


async def get(gateway: Gateway, query: str, **variables: Any) -> httpx.Response:
    params = {"query": query, "variables": json.dumps(variables)}
    return await gateway.http.get("/graphql", params=params)


def tags(answer: httpx.Response, name: str = "cache-tag", separator: str = ",") -> set[str]:
    return set(answer.headers[name].split(separator))


@given(calls=st.none() | st.sets(SIDS, max_size=3 * MOST_CALLS), seed=st.randoms())
def test_what_holds_a_call_is_dropped_with_it(calls: set[str] | None, seed: Any) -> None:
    """An answer has the tag of each of its calls or that of lists: the law of all of it (ours)."""
    said = tags_of_answer(ACCOUNT, calls)
    one = seed.choice(sorted(calls)) if calls else f"CA{0:032x}"
    if calls is None or calls:
        assert set(said) & set(tags_of_forgotten([ACCOUNT], [one]))
    assert account_tag(ACCOUNT) in said
    assert len(",".join(said)) < 1024


async def test_a_call_is_named_by_its_hash_alone(gateway: Gateway) -> None:
    """SHA-256 of the SID, so that an operator can compute it; the SID itself is nowhere (ours)."""
    sid = gateway.sandbox.examples()["client"]
    answer = await get(gateway, CALL, sid=sid)
    digest = hashlib.sha256(sid.encode()).hexdigest()
    account = gateway.sandbox.account_sid

    assert tags(answer) == {f"call-{digest[:16]}", account_tag(account)}
    assert sid not in str(answer.headers)
    assert account not in str(answer.headers)
    assert answer.headers["cache-control"].startswith("private, ")


async def test_the_call_behind_another_is_named_too(gateway: Gateway) -> None:
    """All that an answer was made of counts, whatever was selected of it (ours)."""
    sid = gateway.sandbox.examples()["child"]
    query = "query($sid: CallSid!) { call(sid: $sid) { parentCall { state } } }"
    assert len(tags(await get(gateway, query, sid=sid))) == 3


@pytest.mark.parametrize("call", ["not_found", "not_ready", "expired"])
async def test_that_there_is_no_summary_is_dropped_with_the_call(
    gateway: Gateway, call: str
) -> None:
    """Its first summary makes that untrue (ours)."""
    sid = gateway.sandbox.examples()[call]
    assert call_tag(sid) in tags(await get(gateway, CALL, sid=sid))


@pytest.mark.parametrize("query", [LIST, "{ viewer { name } }", "{ __typename viewer { name } }"])
async def test_what_cannot_name_its_calls_counts_as_a_list(gateway: Gateway, query: str) -> None:
    """One tag for all of them: a list is fresh for ten seconds (ours)."""
    account = gateway.sandbox.account_sid
    assert tags(await get(gateway, query)) == {account_tag(account), lists_tag(account)}


@pytest.mark.parametrize(
    "query", ["{ calls { nodes { raw } } }", "{ nope }", "{ calls(first: 0) { nodes { sid } } }"]
)
async def test_what_nobody_may_store_has_no_tags(gateway: Gateway, query: str) -> None:
    """Personal data and errors are `no-store`: a tag would say that a cache may hold them."""
    assert "cache-tag" not in (await get(gateway, query)).headers


async def test_answers_to_posts_have_no_tags(gateway: Gateway) -> None:
    """HTTP caches do not store them (RFC 9110 §9.3.3)."""
    query = {"query": LIST}
    assert "cache-tag" not in (await gateway.http.post("/graphql", json=query)).headers


@pytest.mark.parametrize(("header", "separator"), [("Edge-Cache-Tag", ","), ("Surrogate-Key", " ")])
async def test_each_cdn_reads_its_own_header(
    sandbox: Sandbox, clock: Clock, header: str, separator: str
) -> None:
    """Akamai parts tags by commas, Fastly by spaces (their documentation)."""
    said: Any = header
    async with Gateway(sandbox, clock, Settings(gateway_cache_tags=said)) as gateway:
        answer = await get(gateway, LIST)
    assert lists_tag(sandbox.account_sid) in tags(answer, header, separator)
    assert "cache-tag" not in answer.headers


async def test_without_the_setting_nothing_is_named(sandbox: Sandbox, clock: Clock) -> None:
    """A gateway without a CDN tells nothing more than before (ours)."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        answer = await get(gateway, LIST)
    assert not set(answer.headers) & {"cache-tag", "edge-cache-tag", "surrogate-key"}


async def test_a_replayed_answer_has_its_tags_once(gateway: Gateway) -> None:
    """They are those of the answer of now, as its `ETag` is; on a 304 as well (ours)."""
    sid = gateway.sandbox.examples()["client"]
    params = {"query": CALL, "variables": json.dumps({"sid": sid})}
    async with listening(gateway.app) as (host, port), httpx.AsyncClient() as client:
        url = f"http://{host}:{port}/graphql"
        answers = [await client.get(url, params=params) for _ in range(4)]
        known = {"If-None-Match": answers[-1].headers["etag"]}
        answers.append(await client.get(url, params=params, headers=known))

    assert answers[-1].status_code == 304
    for answer in answers:
        assert answer.headers.get_list("cache-tag") == [answers[0].headers["cache-tag"]]
    executed = [one for one in gateway.happenings if type(one).__name__ == "OperationExecuted"]
    assert any(getattr(one, "how", "") == "remembered" for one in executed)


async def purge(gateway: Gateway, *said: str, token: str | None = None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await gateway.http.post("/cache/purge", json={"tags": said}, headers=headers)


async def source(gateway: Gateway, sid: str) -> str:
    found: str = (await gateway.ask(SOURCE, sid=sid))["call"]["processing"]["source"]
    return found


async def test_a_call_is_dropped_by_its_tag(gateway: Gateway) -> None:
    """Its summary and the answers made of it; those of other calls stay (ours)."""
    examples = gateway.sandbox.examples()
    sid, spared = examples["client"], examples["trunking"]
    for known in (sid, spared, sid, spared):
        await source(gateway, known)

    assert (await purge(gateway, call_tag(sid))).json() == {"removed": 1}
    with gateway.upstream() as requests:
        assert [await source(gateway, sid), await source(gateway, spared)] == ["UPSTREAM", "CACHE"]
    assert len(requests) == 1


@pytest.mark.parametrize(("tag", "kept"), [(lists_tag, "CACHE"), (account_tag, "UPSTREAM")])
async def test_lists_are_dropped_with_or_without_their_calls(
    gateway: Gateway, tag: Any, kept: str
) -> None:
    """A list is asked for again; the tag of the account drops its calls as well (ours)."""
    await gateway.ask(LIST)
    sid = gateway.sandbox.examples()["client"]
    await source(gateway, sid)
    await purge(gateway, tag(gateway.sandbox.account_sid))

    assert await source(gateway, sid) == kept
    with gateway.upstream() as requests:
        await gateway.ask(LIST)
    assert len(requests) == 1


async def test_an_operator_purges_its_own_account_alone(sandbox: Sandbox, clock: Clock) -> None:
    """It needs the scope and sight of all subaccounts; strangers learn nothing (ours)."""
    people = People(sandbox)
    people.add("operator", None, frozenset({Scope.CACHE_PURGE}))
    people.add("reader", None, ALL - {Scope.CACHE_PURGE})
    people.add("part", frozenset(), ALL)
    tag = account_tag(sandbox.account_sid)
    async with open_to(sandbox, clock, people) as gateway:
        said = [await purge(gateway, tag, token=who) for who in ("operator", "reader", "part")]
        said += [await purge(gateway, tag, token=who) for who in ("stranger",)]

    assert [one.status_code for one in said] == [200, 403, 403, 401]
    assert "cache:purge" in said[1].text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"tags": []}', b'{"tags": "x"}', b'{"tags": ["x"], "all": true}']
)
async def test_what_is_no_purge_is_told_with_the_cure(gateway: Gateway, body: bytes) -> None:
    """Nothing is dropped by mistake (ours)."""
    answer = await gateway.http.post("/cache/purge", content=body)
    assert answer.status_code == 400
    assert "tags" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("path", ["/cache/purge", "/warehouse/forget"])
async def test_a_page_of_another_origin_can_drop_nothing(gateway: Gateway, path: str) -> None:
    """A browser sends a POST of plain text unasked, and says whose page it is (Fetch Metadata)."""
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    headers["Content-Type"] = "text/plain"
    answer = await gateway.http.post(path, content=b'{"tags": ["x"]}', headers=headers)
    assert answer.status_code == 403


async def test_workers_that_share_nothing_refuse(sandbox: Sandbox, clock: Clock) -> None:
    """A request reaches one of them, and the others would go on answering (ours)."""
    async with Gateway(sandbox, clock, Settings(gateway_workers=2)) as gateway:
        answer = await purge(gateway, "call-0")
    assert answer.status_code == 409
    assert "GATEWAY_CACHE_URL" in answer.text


@pytest.fixture
async def replicas(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> AsyncIterator[tuple[Gateway, Gateway]]:
    settings = Settings(gateway_cache_url=redis.url)
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        heard = lambda: redis.command("PUBSUB", "NUMSUB", "insights:replaced")[1] == 2  # noqa: E731
        assert await becomes(heard, within=DEADLINE)
        yield one, other


async def test_every_replica_drops_it(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """The replica that is asked at once, the others when they hear of it (ours)."""
    one, other = replicas
    sid = one.sandbox.examples()["client"]
    assert [await source(one, sid), await source(other, sid)] == ["UPSTREAM", "CACHE"]
    redis.command("SET", "somebody else's", "x")

    assert (await purge(one, call_tag(sid))).json() == {"removed": 1}
    assert redis.command("KEYS", "insights:AC*") == []
    until = time.monotonic() + DEADLINE
    while await source(other, sid) != "UPSTREAM":
        assert time.monotonic() < until, "it still has a copy"
        await asyncio.sleep(0.01)
    assert await source(one, sid) == "CACHE"
    assert redis.command("GET", "somebody else's") == b"x"


async def test_a_server_that_is_gone_is_told(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """Nobody knows what is left there: 503, and no success that is none (ours)."""
    redis.stop()
    assert (await purge(replicas[0], "call-0")).status_code == 503
