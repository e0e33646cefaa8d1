"""Executes `@defer`: the first part of a response, and later parts as they are ready.

Clients wait for one of two dialects, which say the same in other words: by the `id` of what is
pending, https://specs.apollo.dev/incremental/v0.2/, or by its path, as the GraphQL specification
would have had it in August 2022. For all other clients a document is answered as if there were no
`@defer` in it, as the specification allows.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, closing
from enum import StrEnum
from typing import Any, TypeAlias, cast

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    ExperimentalIncrementalExecutionResults,
    GraphQLDirective,
    GraphQLError,
    IncrementalDeferResult,
    InitialIncrementalExecutionResult,
    SubsequentIncrementalExecutionResult,
    Visitor,
    VisitorAction,
    visit,
)
from graphql.execution.types import PendingResult
from graphql.type.directives import GraphQLDeferDirective

from gateway.schema.execution.awaitables import Awaitables
from gateway.schema.results.error_policy import Shown

DEFER = GraphQLDirective(
    name=GraphQLDeferDirective.name,
    description="Leaves a fragment for later: to clients that ask for an answer in parts, what is "
    "there is told first. To others it changes nothing.",
    locations=GraphQLDeferDirective.locations,
    args=GraphQLDeferDirective.args,
)

Show: TypeAlias = Callable[[GraphQLError], Shown]
Payload: TypeAlias = dict[str, Any]


class Dialect(StrEnum):
    """How parts are written, as media types name it."""

    BY_ID = "incrementalSpec=v0.2"
    BY_PATH = "deferSpec=20220824"


def without_defer(document: DocumentNode) -> DocumentNode:
    """The document that is answered as a whole; itself, if it defers nothing."""
    whole: DocumentNode = visit(document, _Undeferring())
    return whole


class _Undeferring(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: Any) -> VisitorAction:
        """Leave `@defer` out."""
        return REMOVE if node.name.value == DEFER.name else None


class Parts:
    """The parts of one answer, as `dialect` writes them; `show` says what clients see of errors.

    `begun` has the coroutines to close at the end, or when the client leaves.
    """

    def __init__(
        self,
        results: ExperimentalIncrementalExecutionResults,
        dialect: Dialect,
        show: Show,
        begun: Awaitables,
    ) -> None:
        self._begun = begun
        self._results = results
        self._by_id = dialect is Dialect.BY_ID
        self._show = show
        self._pending: dict[str, PendingResult] = {}
        self._shown: list[Shown] = []

    def first(self) -> tuple[Payload, Sequence[Shown]]:
        """What is there at once, and the errors in it."""
        result: InitialIncrementalExecutionResult = self._results.initial_result
        payload = {"data": result.data} | self._errors(result.errors) | self._news(result.pending)
        return payload | {"hasNext": result.has_next}, self._taken()

    async def rest(self) -> AsyncGenerator[tuple[Payload, Sequence[Shown]], None]:
        """What comes later, a part at a time, and the errors in it."""
        with closing(self._begun):
            async with aclosing(self._results.subsequent_results) as results:
                async for result in results:
                    yield self._later(result), self._taken()

    def _later(self, result: SubsequentIncrementalExecutionResult) -> Payload:
        payload = self._news(result.pending)
        results = cast("Sequence[IncrementalDeferResult]", result.incremental or ())  # no `@stream`
        pieces = [self._piece(piece) for piece in results]
        ended = [(one.id, self._errors(one.errors)) for one in result.completed or ()]
        if self._by_id:
            payload |= {"completed": [{"id": name} | failed for name, failed in ended]}
        else:
            pieces += [self._at(name) | {"data": None} | bad for name, bad in ended if bad]
        return payload | {"incremental": pieces, "hasNext": result.has_next}

    def _news(self, pending: Sequence[PendingResult] | None) -> Payload:
        self._pending |= {one.id: one for one in pending or ()}
        return {"pending": [one.formatted for one in pending]} if pending and self._by_id else {}

    def _piece(self, piece: IncrementalDeferResult) -> Payload:
        where = self._at(piece.id, piece.sub_path or [])
        return where | {"data": piece.data} | self._errors(piece.errors)

    def _at(self, name: str, below: Sequence[str | int] = ()) -> Payload:
        if self._by_id:
            return {"id": name} | ({"subPath": below} if below else {})
        pending = self._pending[name]
        label = {} if pending.label is None else {"label": pending.label}
        return {"path": [*pending.path, *below]} | label

    def _errors(self, errors: Sequence[GraphQLError] | None) -> Payload:
        shown = [self._show(error) for error in errors or ()]
        self._shown += shown
        return {"errors": shown} if shown else {}

    def _taken(self) -> Sequence[Shown]:
        taken, self._shown = self._shown, []
        return taken
