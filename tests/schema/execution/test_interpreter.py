"""What graphql-core interprets takes turns with other requests, and is told as it always was."""

import asyncio
import gc
import warnings
from typing import Any

import pytest
from graphql import get_introspection_query

from gateway.config.settings import Settings
from gateway.instrumentation import OperationExecuted
from gateway.sandbox import Sandbox
from gateway.schema.execution.interpreter import TURN
from tests.conftest import Clock, Gateway

CALLS = 100
FIELDS = "sid state tags duration carrierEdge { metrics { inbound { jitter { avg max } } } }"
LIST = f"{{ calls(first: {CALLS}) {{ nodes {{ {FIELDS} }} }} }}"
PARENTS = f"{{ calls(first: {CALLS}) {{ nodes {{ sid parentCall {{ {FIELDS} }} }} }} }}"


async def asked_beside_others(gateway: Gateway, query: str) -> tuple[dict[str, Any], int]:
    """An answer, and how often others had a turn while it was made."""
    asking = asyncio.create_task(gateway.ask(query))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0)
        turns += 1
    return asking.result(), turns


async def test_a_list_that_is_interpreted_is_made_in_turns(sandbox: Sandbox, clock: Clock) -> None:
    """However long it is, nobody waits for more than a few of its calls."""
    async with Gateway(sandbox, clock, Settings(gateway_compiled=False)) as gateway:
        short = LIST.replace(str(CALLS), "1")
        for query in (short, LIST):
            await gateway.ask(query)
        _, few = await asked_beside_others(gateway, short)
        data, many = await asked_beside_others(gateway, LIST)
    assert OperationExecuted("interpreted") in gateway.happenings
    assert len(data["calls"]["nodes"]) == CALLS
    assert many - few >= CALLS // TURN - 2


async def test_what_is_looked_up_for_each_of_a_list_is_told_in_turns(gateway: Gateway) -> None:
    """They are all looked up at the same time; then each is told in a turn of its own."""
    first = await gateway.ask(PARENTS)
    data, turns = await asked_beside_others(gateway, PARENTS)
    parents = [node["parentCall"] for node in data["calls"]["nodes"]]
    assert OperationExecuted("interpreted") in gateway.happenings
    assert data == first
    assert any(parents)
    assert turns >= CALLS


async def test_introspection_is_told_in_turns(gateway: Gateway) -> None:
    """Forty times the schema holds nobody up for longer than once (graphql-core does, for all)."""
    schema = "__schema { types { name fields { name args { name } } } }"
    once, often = (" ".join(f"a{n}: {schema}" for n in range(times)) for times in (1, 40))
    for query in (once, often):
        await gateway.ask(f"{{ {query} }}")
    _, few = await asked_beside_others(gateway, f"{{ {once} }}")
    data, many = await asked_beside_others(gateway, f"{{ {often} }}")
    types = len(data["a0"]["types"])
    assert few >= types // TURN
    assert many >= 40 * (types // TURN)


@pytest.mark.parametrize("query", [LIST, PARENTS])
async def test_it_says_what_compiled_selections_say(
    sandbox: Sandbox, clock: Clock, query: str
) -> None:
    """In the same order, whatever came first."""
    answers = []
    for compiled in (True, False):
        settings = Settings(gateway_compiled=compiled)
        async with Gateway(sandbox, clock, settings) as gateway:
            answers.append((await gateway.http.post("/graphql", json={"query": query})).content)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("turns", [1, 2, 5, 10, 20, 50, 100])
async def test_nothing_is_left_behind_when_the_client_leaves(gateway: Gateway, turns: int) -> None:
    """graphql-core drops what it has begun; Python would warn of each in the server's log."""
    asked = {"query": get_introspection_query()}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        asking = asyncio.create_task(gateway.http.post("/graphql", json=asked))
        while OperationExecuted("interpreted") not in gateway.happenings:
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        gc.collect()

    assert [str(one.message) for one in heard] == []
