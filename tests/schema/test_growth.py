"""What a request takes grows with its size, and no faster."""

from collections.abc import Iterator
from functools import partial

import pytest

from gateway.schema.demand_control.limits import Limits
from gateway.schema.documents.document import Documents
from gateway.schema.operations import build_schema
from tests.conftest import Gateway
from tests.growth import OVERHEAD, ROUNDS, cpu, grows_no_faster, no_collector
from tests.schema.growing import DOCUMENTS, VARIABLES


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    with no_collector():
        yield


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
        document, variables = VARIABLES[kind].make(2_000)
        await gateway.send(document, **variables)

    await ask(wrong)
    await ask(right)
    found = min([await cpu(partial(ask, wrong)) for _ in range(ROUNDS)])
    taken = min([await cpu(partial(ask, right)) for _ in range(ROUNDS)])
    assert found < 10 * taken + OVERHEAD
