"""One schema, executed in two ways: compiled, and as graphql-core does."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import reject

from gateway.calls.call import Call
from gateway.config.viewers import Scope
from gateway.instrumentation import OperationExecuted
from gateway.schema.demand_control.limits import Limits
from gateway.schema.documents.document import Documents
from gateway.schema.documents.request import Request
from gateway.schema.execution.executor import Executor
from gateway.schema.operations import build_schema
from tests.schema.made_calls import MadeCalls

SCHEMA = build_schema()
DOCUMENTS = Documents(SCHEMA, introspection=True, limits=Limits(cost=10**9))
HOW: Counter[str] = Counter()
"""How many of the queries were compiled, interpreted and abandoned."""


class Read:
    """Reads documents, and nothing else."""

    async def read(self, request: Request) -> Any:
        return DOCUMENTS.read(request.query or "")


def note(happening: Any) -> None:
    if isinstance(happening, OperationExecuted):
        HOW[happening.how] += 1


COMPILED = Executor(SCHEMA, Read().read, introspection=True, hook=note)
PLAIN = Executor(SCHEMA, Read().read, introspection=True, compiled=False)


def answer(
    executor: Executor,
    request: Request,
    given: Sequence[Call | Exception | None] | MadeCalls,
    scopes: frozenset[Scope],
) -> tuple[Any, ...]:
    """The body, how often calls were looked up, and how long the answer is said to hold."""
    made = given if isinstance(given, MadeCalls) else MadeCalls(given)

    async def execute() -> tuple[Any, ...]:
        context = made.context(scopes)
        document = await executor.read(request)
        if document.errors:
            reject()
        said = await executor.execute(request, document, context)
        told = context.freshness
        return said.body, made.asked, told.as_of, told.fresh_until, told.complete, told.personal

    return asyncio.run(execute())


@contextmanager
def silence() -> Iterator[None]:
    """Thousands of errors that are masked are not logged one by one."""
    logger = logging.getLogger("gateway.errors")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def agree(
    request: Request, given: Sequence[Call | Exception | None], scopes: frozenset[Scope]
) -> None:
    """Both ways give the same answer, twice: at first, and once it is known.

    Only of errors of several root fields nobody says in which order they come, and which of them
    are told when they take all data with them.
    """
    with silence():
        plainly = answer(PLAIN, request, given, scopes)
        twice = [answer(COMPILED, request, given, scopes) for _ in range(2)]
    for compiled in twice:
        if len(failed_roots(plainly) | failed_roots(compiled)) > 1:
            assert comparable(compiled) == comparable(plainly)
        else:
            assert compiled == plainly


def failed_roots(answered: tuple[Any, ...]) -> set[str]:
    """The root fields that have errors, or whose fields have."""
    errors = json.loads(answered[0]).get("errors", ())
    return {error["path"][0] for error in errors if "path" in error}


def comparable(answered: tuple[Any, ...]) -> Any:
    """What can be said of an answer whose errors come in any order."""
    body = json.loads(answered[0])
    if body["data"] is None:
        return None
    return json.dumps(body["data"]), sorted(map(json.dumps, body["errors"])), answered[1:]
