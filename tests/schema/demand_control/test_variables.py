"""What the variables of a request may hold."""

from functools import partial
from typing import Any

import pytest

from gateway.schema.demand_control.limits import MAX_VALUES
from tests.conftest import Gateway
from tests.growth import OVERHEAD, ROUNDS, cpu, no_collector
from tests.live import hear, subscribe, web_socket
from tests.servers import serving

SCORES = "query ($v: [Int!]) { calls(filter: {callScoreAnnotation: $v}) { nodes { sid } } }"
WHERE = "query ($v: CallWhere) { searchCalls(where: $v) { nodes { sid } } }"
TOO_MANY = {
    "of a list": (SCORES, [1] * MAX_VALUES),
    "of which the last does not fit": (SCORES, [1] * MAX_VALUES + [2**40]),
    "of a comparison": (WHERE, {"duration": {"in": [9] * MAX_VALUES}}),
    "of many objects": (WHERE, {"or": [{"duration": {"gt": 1}}] * MAX_VALUES}),
    "of lists in lists": (SCORES, [[[1]] * 10] * (MAX_VALUES // 10)),
}


@pytest.mark.parametrize("kind", TOO_MANY)
async def test_more_are_refused(gateway: Gateway, kind: str) -> None:
    """Ours: graphql-core takes them one by one on the event loop, 80,000 of them for 160 ms."""
    query, value = TOO_MANY[kind]
    error = await gateway.fail(query, v=value)
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["extensions"]["limit"] == MAX_VALUES
    told = "or more in its variables, and may have 10,000: ask with fewer, in several requests."
    assert error["message"].endswith(told)


async def test_so_many_are_taken(gateway: Gateway) -> None:
    """The limit itself is none too many: one is the list, and the rest are in it."""
    error = await gateway.fail(SCORES, v=[9] * (MAX_VALUES - 1))
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_web_socket_has_the_same_limit(gateway: Gateway) -> None:
    """One limit for all transports: they share what executes."""
    with serving(gateway.app) as address:
        async with web_socket(address) as connection:
            await subscribe(connection, SCORES, v=[1] * MAX_VALUES)
            message = await hear(connection)
    (error,) = message["payload"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_what_is_refused_takes_less_than_what_is_taken(gateway: Gateway) -> None:
    """Ours: eight times as many values cost less than those that may be asked with."""
    body: Any = partial(gateway.send, SCORES)
    with no_collector():
        taken = min([await cpu(partial(body, v=[9] * 9_999)) for _ in range(ROUNDS)])
        refused = min([await cpu(partial(body, v=[9] * 80_000)) for _ in range(ROUNDS)])
    assert refused < taken + OVERHEAD
