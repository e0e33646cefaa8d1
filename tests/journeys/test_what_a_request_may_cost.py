"""Viewers have a limit for each request, and a budget for each minute that replicas share."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.servers import RedisServer
from tests.viewers import READ, Asker, People, open_to

LIST = "query($n: Int) { calls(first: $n) { nodes { sid state duration } } }"
CHEAP = "{ viewer { name } }"


@pytest.fixture
def people(sandbox: Sandbox) -> People:
    """One with a small limit, one with a budget, and one with neither."""
    people = People(sandbox)
    people.add("small", None, READ, max_cost=20)
    people.add("wallboard", None, READ, budget_per_minute=50)
    people.add("free", None, READ)
    return people


@pytest.fixture
async def gateway(sandbox: Sandbox, clock: Clock, people: People) -> AsyncIterator[Gateway]:
    async with open_to(sandbox, clock, people) as gateway:
        yield gateway


async def test_what_could_cost_too_much_is_refused_with_what_would_not(gateway: Gateway) -> None:
    """The number, the limit and a size that fits are told; Twilio is not asked."""
    with gateway.upstream() as requests:
        body = await Asker(gateway, "small").send(LIST, n=1000)
    assert requests == []
    (error,) = body["errors"]
    assert error["extensions"] == {
        "code": "COST_ESTIMATED_TOO_EXPENSIVE",
        "cost": 40,
        "limit": 20,
    }
    size = int(error["message"].split("`first: ")[1].split("`")[0])
    assert size >= 300
    assert (await Asker(gateway, "small").ask(LIST, n=size))["calls"]["nodes"]
    assert await Asker(gateway, "free").ask(LIST, n=1000)


async def test_a_budget_is_told_with_each_answer_and_begins_anew_each_minute(
    gateway: Gateway, clock: Clock
) -> None:
    """By the headers that clients know: what is left, until when; then 429 and Retry-After."""
    viewer = Asker(gateway, "wallboard")
    clock.advance(50 - clock.now % 60)
    first = await viewer.post(LIST, variables={"n": 100})
    assert first.headers["ratelimit-limit"] == "50"
    assert first.headers["ratelimit-remaining"] == "37"
    assert first.headers["ratelimit-reset"] == "10"
    assert "retry-after" not in first.headers
    for _ in range(2):
        assert (await viewer.post(LIST, variables={"n": 100})).status_code == 200
    with gateway.upstream() as requests:
        refused = await viewer.post(LIST, variables={"n": 500})
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "10"
    assert refused.headers["ratelimit-remaining"] == "11"
    (error,) = refused.json()["errors"]
    assert error["extensions"]["retryAfterSeconds"] == 10
    assert "data" not in refused.json()
    assert requests == []
    assert (await viewer.post(CHEAP)).status_code == 200, "what still fits is answered"
    clock.advance(10)
    assert (await viewer.post(LIST, variables={"n": 500})).status_code == 200


async def test_who_has_no_budget_is_told_of_none(gateway: Gateway) -> None:
    """No headers that would have to be explained."""
    answer = await Asker(gateway, "free").post(LIST, variables={"n": 100})
    assert not [name for name in answer.headers if name.startswith("ratelimit")]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{ calls", id="no GraphQL"),
        pytest.param("{ cals }", id="not of the schema"),
        pytest.param(
            f"{{ {''.join(f'a{n}: calls {{ nodes {{ sid }} }} ' for n in range(9))} }}",
            id="too much at once",
        ),
    ],
)
async def test_what_is_not_charged_tells_of_no_budget(gateway: Gateway, query: str) -> None:
    """Nothing of it is spent, so there is no news of it."""
    answer = await Asker(gateway, "wallboard").post(query)
    assert answer.json()["errors"]
    assert not [name for name in answer.headers if name.startswith("ratelimit")]


async def test_replicas_share_a_budget(
    sandbox: Sandbox, clock: Clock, people: People, redis: RedisServer
) -> None:
    """What one of them spent, none of the others has."""
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(
                open_to(sandbox, clock, people, gateway_cache_url=redis.url)
            )
            for _ in range(2)
        ]
        for replica in (one, other, one):
            answer = await Asker(replica, "wallboard").post(LIST, variables={"n": 100})
            assert answer.status_code == 200
        for replica in (one, other):
            answer = await Asker(replica, "wallboard").post(LIST, variables={"n": 100})
            assert answer.status_code == 429
        assert await Asker(other, "free").ask(LIST, n=100)
        (key,) = redis.command("KEYS", "*budget*")
        assert 0 < redis.command("PTTL", key) <= 120_000, "nothing is kept for ever"


async def test_a_budget_holds_while_the_cache_server_is_gone(
    sandbox: Sandbox, clock: Clock, people: People, redis: RedisServer
) -> None:
    """Each process then holds its viewers to what it knows itself."""
    async with open_to(sandbox, clock, people, gateway_cache_url=redis.url) as gateway:
        redis.stop()
        viewer = Asker(gateway, "wallboard")
        said = [(await viewer.post(LIST, variables={"n": 100})).status_code for _ in range(5)]
    assert said == [200, 200, 200, 429, 429]


async def test_an_answer_tells_on_demand_what_it_took(gateway: Gateway) -> None:
    """What was priced and what was done, of this request alone; nothing where nobody asks."""
    sid = gateway.sandbox.examples()["bad_carrier"]
    query, viewer = "query($s: CallSid!) { call(sid: $s) { sid state } }", Asker(gateway, "free")

    async def cost() -> dict[str, int]:
        said = {"variables": {"s": sid}, "extensions": {"cost": True}}
        told: dict[str, int] = (await viewer.post(query, **said)).json()["extensions"]["cost"]
        return told

    assert await cost() == {
        "requested": 21,
        "actual": 11,
        "upstreamRequests": 1,
        "cacheHits": 0,
        "rowsRead": 0,
    }
    assert await cost() == {
        "requested": 21,
        "actual": 1,
        "upstreamRequests": 0,
        "cacheHits": 1,
        "rowsRead": 0,
    }
    assert "extensions" not in await viewer.send(query, s=sid)


async def test_an_answer_in_parts_tells_with_the_last_what_all_of_it_took(
    gateway: Gateway,
) -> None:
    """As much as whoever is answered whole is told."""
    listed = "calls(first: 50) { nodes { sid state type tags } }"
    query = f"{{ viewer {{ name }} ... @defer {{ {listed} }} }}"
    body = {"query": query, "extensions": {"cost": True}}
    await gateway.http.post("/graphql", json=body, headers={"Authorization": "Bearer free"})

    async def told(accept: str) -> list[object]:
        headers = {"Authorization": "Bearer free", "Accept": accept}
        answer = await gateway.http.post("/graphql", json=body, headers=headers)
        lines = [line for line in answer.text.splitlines() if line.startswith("{")]
        return [json.loads(line).get("extensions") for line in lines]

    (whole,) = await told("application/json")
    assert whole == {
        "cost": {"requested": 14, "actual": 2, "upstreamRequests": 0, "cacheHits": 1, "rowsRead": 0}
    }
    assert await told("multipart/mixed;incrementalSpec=v0.2") == [None, whole]
    assert await told("multipart/mixed;deferSpec=20220824") == [None, whole]


async def test_a_subscription_is_priced_too(sandbox: Sandbox, clock: Clock) -> None:
    """Whoever may not spend it is told so in the stream, and Twilio is not asked."""
    people = People(sandbox)
    people.add("tiny", None, READ, max_cost=5)
    query = "subscription($s: CallSid!) { callUpdates(sid: $s) { sid } }"
    async with open_to(sandbox, clock, people) as gateway:
        headers = {"Authorization": "Bearer tiny", "Accept": "text/event-stream"}
        body = {"query": query, "variables": {"s": sandbox.examples()["partial"]}}
        with gateway.upstream() as requests:
            answer = await gateway.http.post("/graphql", json=body, headers=headers)
        assert requests == []
    assert "COST_ESTIMATED_TOO_EXPENSIVE" in answer.text


async def test_refusing_takes_no_longer_than_answering_little(gateway: Gateway) -> None:
    """Priced before execution: asking for much costs the gateway nothing."""
    viewer, many = (
        Asker(gateway, "small"),
        "".join(f"a{n}: calls(first: 1000) {{ nodes {{ sid }} }} " for n in range(50)),
    )
    times = []
    for _ in range(5):
        started = time.process_time()
        assert await viewer.fail(f"{{ {many} }}") == "COST_ESTIMATED_TOO_EXPENSIVE"
        times.append(time.process_time() - started)
    assert min(times) < 0.1
