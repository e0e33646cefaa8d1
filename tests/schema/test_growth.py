"""What a request takes grows with its size, and no faster."""

import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import pytest

from gateway.schema.documents import Documents
from gateway.schema.operations import build_schema
from gateway.schema.shape import Limits
from tests.conftest import Gateway
from tests.schema.growing import DOCUMENTS, VARIABLES

FOURFOLD = 8
"""What is four times as large may take up to eight times as long: what is quadratic takes 16."""

OVERHEAD = 0.004
"""Seconds that are lost in any measurement."""

ROUNDS = 4
"""A busy machine makes some rounds slow, and none fast."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def cpu(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await work()
    return time.process_time() - began


async def grows_no_faster(work: Callable[[int], Awaitable[object]], size: int) -> bool:
    """Whether the least that it takes at four times the size is little more than four times that.

    A quadratic computation fails every round; the others may be slow in one by chance.
    """
    small = large = float("inf")
    for _ in range(ROUNDS):
        small = min(small, await cpu(partial(work, size)))
        large = min(large, await cpu(partial(work, 4 * size)))
        if large < FOURFOLD * small + OVERHEAD:
            return True
    return False


@pytest.mark.parametrize("kind", DOCUMENTS)
async def test_a_document_takes_no_more_than_its_size(kind: str) -> None:
    """Ours: no limit but that of its size stands between a document and the event loop.

    `GATEWAY_MAX_TOKENS` is out of the way here, which hides only how long a document may be.
    """
    size, make = DOCUMENTS[kind]
    limits = Limits(tokens=10**6, depth=10**6, aliases=10**6)

    async def read(size: int) -> None:
        Documents(build_schema(), introspection=True, limits=limits).read(make(size))

    await read(1)
    assert await grows_no_faster(read, size)


@pytest.mark.parametrize("kind", VARIABLES)
async def test_variables_take_no_more_than_their_size(gateway: Gateway, kind: str) -> None:
    """Ours: whether they fit or not, as they go through the whole gateway."""
    size, make = VARIABLES[kind]

    async def ask(size: int) -> None:
        document, variables = make(size)
        await gateway.send(document, **variables)

    await ask(1)
    assert await grows_no_faster(ask, size)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("keys that there are not", "what is not declared"),
        ("other words", "words of an enum"),
        ("a list in the place of a number", "scores"),
    ],
)
async def test_what_does_not_fit_takes_little_more_than_what_does(
    gateway: Gateway, wrong: str, right: str
) -> None:
    """Ours: a mistake is found and told in the time of a good request, for nobody is charged."""

    async def ask(kind: str) -> None:
        document, variables = VARIABLES[kind].make(4_000)
        await gateway.send(document, **variables)

    await ask(wrong)
    await ask(right)
    found = min([await cpu(partial(ask, wrong)) for _ in range(ROUNDS)])
    taken = min([await cpu(partial(ask, right)) for _ in range(ROUNDS)])
    assert found < 10 * taken + OVERHEAD
