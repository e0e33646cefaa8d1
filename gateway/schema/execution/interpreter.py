"""Interprets operations that cannot be compiled, with graphql-core and in slices.

It takes a millisecond or two for a call with all its fields, and would not let go of the event loop
before the whole answer is there.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import aclosing, closing
from functools import partial
from typing import Any, Self, TypeVar, cast

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLSchema,
    subscribe,
)
from graphql import experimental_execute_incrementally as execute
from msgspec import Struct
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.concurrency.cooperative import in_turns, next_turn
from gateway.concurrency.deadlines import ask_for
from gateway.concurrency.worker_thread import aside
from gateway.errors import BadUserInput
from gateway.field_stats import FieldStats
from gateway.field_stats import current as counted_field
from gateway.lru import LruCache
from gateway.request_stats import noted
from gateway.schema.documents.document import whole_of
from gateway.schema.execution.answers import Answer, erroneous, failed, in_parts, refused
from gateway.schema.execution.awaitables import Awaitables
from gateway.schema.execution.execution import Execution
from gateway.schema.execution.incremental import Dialect, Parts
from gateway.schema.language.value_errors import misfits
from gateway.schema.results.error_policy import failure, of_null

T = TypeVar("T")

TURN = 10
"""So many items of a list are completed before it is the turn of others."""


class Interpreter:
    """Interprets operations against `schema`; `hint` lets errors name fields of the schema.

    `memory` keeps documents as graphql-core executes them.
    """

    def __init__(self, schema: GraphQLSchema, memory: LruCache, *, hint: bool) -> None:
        self._schema = schema
        self._memory = memory
        self._hint = hint

    async def execute(
        self, execution: Execution, settled: Mapping[str, Any] | None = None
    ) -> Answer:
        """The answer to a query or mutation; root fields that are `settled` are not resolved."""
        whole = await whole_of(execution.document, self._memory)
        await next_turn()
        if (refusal := await self._refusal(execution)) is not None:
            return refusal
        middleware = None if settled is None else [_Settled(settled)]
        with closing(Awaitables()) as begun:
            result = await _awaited(
                self._run(execute, execution, whole, begun, middleware=middleware)
            )
        return self._answer(cast("ExecutionResult", result), execution)

    async def begin(self, execution: Execution, dialect: Dialect) -> Answer:
        """The answer, but for what is deferred; that begins now, and is the rest."""
        await next_turn()
        if (refusal := await self._refusal(execution)) is not None:
            return refusal
        deferring, begun = execution.document.deferring, Awaitables()
        with begun.closed_if_cancelled():
            result = await _awaited(
                self._run(execute, execution, deferring, begun, enable_early_execution=True)
            )
        if isinstance(result, ExecutionResult):
            return self._answer(result, execution)
        results = cast("ExperimentalIncrementalExecutionResults", result)
        show = partial(failure, request_id=execution.context.request_id)
        return in_parts(
            Parts(results, dialect, show, begun), noted() if execution.request.wants_cost else None
        )

    async def subscribe(self, execution: Execution) -> AsyncGenerator[Answer, None]:
        """The answers of a subscription, or one that says why it did not begin."""
        whole = await whole_of(execution.document, self._memory)
        if (refusal := await self._refusal(execution)) is not None:
            yield refusal
            return
        with closing(Awaitables()) as begun:
            results = await _awaited(self._run(subscribe, execution, whole, begun))
            if isinstance(results, ExecutionResult):
                yield self._answer(results, execution)
                return
            async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", results)) as stream:
                try:
                    async for result in stream:
                        yield self._answer(result, execution)
                except Exception as error:  # noqa: BLE001 - all there are become an answer
                    yield failed(error, execution.context.request_id)

    def _run(
        self,
        function: Callable[..., T],
        execution: Execution,
        document: DocumentNode | None,
        begun: Awaitables,
        **options: Any,
    ) -> T:
        return function(
            schema=self._schema,
            document=document,
            context_value=execution.context,
            variable_values=execution.request.variables,
            operation_name=execution.request.operation_name,
            executor_class=Interpretation if noted().explanation is None else _Explained,
            is_awaitable=begun,
            hide_suggestions=True,
            max_coercion_errors=1,  # `misfits` finds them all, and says them better
            **options,
        )

    async def _refusal(self, execution: Execution) -> Answer | None:
        """The refusal of large variables that do not fit, which are read beside the event loop."""
        if not execution.request.has_large_variables:
            return None
        wrong = await aside(partial(self._misfits, execution))
        return refused(wrong, execution.context.request_id, BadUserInput.code) if wrong else None

    def _misfits(self, execution: Execution) -> tuple[GraphQLError, ...]:
        variables = execution.request.variables or {}
        return misfits(self._schema, execution.operation, variables, hint=self._hint)

    def _answer(self, result: ExecutionResult, execution: Execution) -> Answer:
        if not result.errors:
            return Answer(msgspec.json.encode({"data": result.data}), executed=True)
        request_id = execution.context.request_id
        if result.data is None and all(error.path is None for error in result.errors):
            mistakes = self._misfits(execution) or tuple(map(of_null, result.errors))
            return refused(mistakes, request_id, BadUserInput.code)
        return erroneous([failure(error, request_id) for error in result.errors], result.data)


class Interpretation(StrawberryGraphQLCoreExecutionContext):
    """How one operation is interpreted."""

    def build_per_event_executor(self, payload: Any) -> Self:
        """An execution for an event of a subscription, with a memory of its own.

        graphql-core 3.3 lets all events share one, to which each adds and from which none takes.
        """
        ask_for(self.context_value.asker())  # the time of a request starts with each event
        execution = cast("Self", super().build_per_event_executor(payload))
        execution._relevant_sub_fields = {}  # noqa: SLF001 - it has no public name
        return execution

    def complete_iterable_value(  # noqa: PLR0913, PLR0917 - graphql-core's
        self, item_type: Any, details: Any, info: Any, path: Any, items: Any, context: Any
    ) -> Any:
        """Complete a list; a long one in turns with other requests."""
        if isinstance(items, Collection) and len(items) > TURN:
            listed = in_turns(items, TURN)
            return self.complete_async_iterator_value(
                item_type, details, info, path, listed, context
            )
        return super().complete_iterable_value(item_type, details, info, path, items, context)

    def complete_list_item_value(self, item: Any, complete_results: list[Any], *rest: Any) -> bool:
        """Complete an item of a list, and remember what it leaves to be awaited."""
        awaits = super().complete_list_item_value(item, complete_results, *rest)
        return awaits and self.is_awaitable(complete_results[-1])

    def complete_awaitable_list_item_value(self, *of: Any) -> Coroutine[Any, Any, Any]:
        """Complete an item that is waited for, and remember what does so."""
        completing = super().complete_awaitable_list_item_value(*of)
        self.is_awaitable(completing)
        return completing

    async def complete_awaitable_value(  # noqa: PLR0913, PLR0917 - graphql-core's
        self, kind: Any, details: Any, info: Any, path: Any, result: Any, context: Any
    ) -> Any:
        """Complete what was waited for, one value after the other."""
        result = _when_it_is_its_turn(result)
        return await super().complete_awaitable_value(kind, details, info, path, result, context)


class _Explained(Interpretation):
    """How an operation is interpreted whose request has an explanation: work counts by field.

    A field that comes to its value at once does no work.
    """

    def execute_field(
        self, parent_type: Any, source: Any, details: Any, path: Any, context: Any
    ) -> Any:
        """Resolve and complete a field, whose work is counted for its path."""
        value = super().execute_field(parent_type, source, details, path, context)
        explanation = noted().explanation
        if explanation is None or not self.is_awaitable(value):
            return value
        keys = tuple(key for key in path.as_list() if isinstance(key, str))
        return _counted(value, explanation.at(keys))


async def _counted(value: Awaitable[T], stats: FieldStats) -> T:
    before = counted_field.set(stats)
    try:
        return await value
    finally:
        counted_field.reset(before)


async def _when_it_is_its_turn(result: Awaitable[Any]) -> Any:
    value = await result
    await next_turn()
    return value


async def _awaited(result: Awaitable[T] | T) -> T:
    return await result if isinstance(result, Awaitable) else result


class _Settled(Struct, frozen=True):
    """Takes the root fields from what they came to before: a middleware of graphql-core."""

    values: Mapping[str, Any]

    def resolve(
        self, following: Callable[..., Any], source: Any, info: Any, **arguments: Any
    ) -> Any:
        """The value of a field."""
        path = info.path
        root = path.prev is None
        return self.values[path.key] if root else following(source, info, **arguments)
