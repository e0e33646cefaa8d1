"""A GraphQL request from its document to its answer, without HTTP."""

from collections.abc import AsyncGenerator, Awaitable, Iterable
from contextlib import aclosing
from functools import partial
from typing import Any, Protocol, TypeVar, cast

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    subscribe,
)
from graphql import experimental_execute_incrementally as execute
from msgspec import Struct

from gateway.concurrency.cooperative import next_turn
from gateway.concurrency.deadlines import ask_for
from gateway.config.viewers import Scope
from gateway.errors import BadUserInput
from gateway.instrumentation import Hook, OperationExecuted, silent
from gateway.lru import LruCache
from gateway.request_stats import noted
from gateway.schema.context import Context
from gateway.schema.demand_control.admission import DemandControl, told
from gateway.schema.demand_control.budgets import Refused
from gateway.schema.demand_control.limits import Limits
from gateway.schema.documents.document import Document, whole_of
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import (
    Answer,
    erroneous,
    failed,
    in_parts,
    refused,
    too_expensive,
)
from gateway.schema.execution.compiled.compiler import Compiler
from gateway.schema.execution.incremental import Dialect, Parts
from gateway.schema.execution.interpreter import Interpretation, taking
from gateway.schema.language.value_errors import misfits
from gateway.schema.results.answer_cache import AnswerCache, lifetime_of
from gateway.schema.results.error_policy import failure, of_null

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class _Data(Struct):
    """The data of an answer, as JSON."""

    data: msgspec.Raw = msgspec.Raw(b"null")


class Reader(Protocol):
    """Knows which document a request asks for."""

    async def read(self, request: Request) -> Document:
        """The document of a request, parsed and validated."""
        ...


class Executor:
    """Executes requests for documents of `reader` against one schema, if `demand` admits them.

    What can be compiled is, unless `compiled` says otherwise; the rest is interpreted by
    graphql-core, and `hook` hears which it was. `memory` keeps what is made of documents.
    """

    def __init__(  # noqa: PLR0913 - all but the first two have defaults
        self,
        schema: GraphQLSchema,
        reader: Reader,
        *,
        introspection: bool,
        demand: DemandControl | None = None,
        compiled: bool = True,
        memory: LruCache | None = None,
        hook: Hook = silent,
    ) -> None:
        self.schema = schema
        self._memory = memory or LruCache()
        self._compiler = Compiler(schema, self._memory) if compiled else None
        self._hook = hook
        self._demand = demand or DemandControl(Limits().cost)
        self.answers = AnswerCache(self._memory, self._demand.budgets, hook)
        self._reader = reader
        self._hint = introspection

    def prepare(self, documents: Iterable[Document]) -> None:
        """Compile documents that will be asked."""
        if self._compiler is not None:
            for document in documents:
                self._compiler.prepare(document)

    async def read(self, request: Request) -> Document:
        """The document of a request, parsed and validated."""
        return await self._reader.read(request)

    async def execute(
        self,
        request: Request,
        document: Document,
        context: Context,
        dialect: Dialect | None = None,
    ) -> Answer:
        """Answer a query or mutation; never raises for what a client did.

        With a `dialect`, what the document defers comes later, in parts.
        """
        operation = self.chosen(request, document, context)
        if isinstance(operation, Answer):
            return operation
        try:
            await self._admit(operation, request, document, context)
        except Refused as problem:
            return too_expensive(problem, context.request_id)
        if dialect is not None and document.deferring is not None:
            answer = await self._begun(operation, request, document, context, dialect)
        else:
            answer = await self._executed(operation, request, document, context)
        if request.wants_cost and answer.rest is None:
            data = msgspec.json.decode(answer.body, type=_Data).data
            cost = await told(noted(), bytes(data))
            answer.body = answer.body[:-1] + b',"extensions":' + _encode({"cost": cost}) + b"}"
        answer.allowance = context.expenses.allowance
        answer.lifetime = lifetime_of(context.told, document.traits)
        return answer

    async def _admit(
        self,
        operation: OperationDefinitionNode,
        request: Request,
        document: Document,
        context: Context,
    ) -> None:
        price, viewer = document.price(operation), context.viewer
        variables, expenses = request.variables, context.expenses
        await self._demand.admit(price, variables, viewer, context.now, expenses)

    async def _executed(
        self,
        operation: OperationDefinitionNode,
        request: Request,
        document: Document,
        context: Context,
    ) -> Answer:
        ask_for(context.asker())
        settled = None
        if self._compiler is not None:
            masked = not context.viewer.may(Scope.PII_READ)
            compiled = await self._compiler.operation(
                document, operation, request.variables, masked=masked
            )
            arguments = None if compiled is None else await compiled.arguments(request.variables)
            if compiled is not None and arguments is not None:
                pieces, settled = await compiled.run(arguments, context)
                if pieces is not None:
                    self._hook(OperationExecuted("compiled"))
                    return self._keep(request, document, context, pieces)
        self._hook(OperationExecuted("interpreted" if settled is None else "abandoned"))
        described = self._arguments(request, await whole_of(document, self._memory), context)
        await next_turn()
        result = await _awaited(execute(**described, middleware=taking(settled)))
        return self._answer(cast("ExecutionResult", result), operation, request, context)

    def cached(self, request: Request, context: Context) -> Answer | None:
        """The answer to a request from the answer cache, without reading its document."""
        if request.question is None:
            return None
        found = self.answers.answer(request.question, context.viewer, context.now, noted())
        if found is None:
            return None
        cached, allowance = found
        body = b"".join(cached.pieces)
        return Answer(
            body, executed=True, allowance=allowance, cached=cached, lifetime=cached.lifetime
        )

    def _keep(
        self, request: Request, document: Document, context: Context, pieces: list[bytes]
    ) -> Answer:
        """An answer of these pieces; it is cached, if its client may not ask for it in parts."""
        cached = None
        if request.question is not None and document.deferring is None:
            lifetime = lifetime_of(context.told, document.traits)
            cached = self.answers.keep(
                request.question, context.viewer, pieces, context.told, noted(), lifetime
            )
        return Answer(b"".join(pieces), executed=True, cached=cached)

    async def _begun(
        self,
        operation: OperationDefinitionNode,
        request: Request,
        document: Document,
        context: Context,
        dialect: Dialect,
    ) -> Answer:
        """The answer, but for what is deferred; that begins now, and is the rest."""
        ask_for(context.asker())
        self._hook(OperationExecuted("interpreted"))
        arguments = self._arguments(request, document.deferring, context)
        await next_turn()
        result = await _awaited(execute(**arguments, enable_early_execution=True))
        if isinstance(result, ExecutionResult):
            return self._answer(result, operation, request, context)
        results = cast("ExperimentalIncrementalExecutionResults", result)
        parts = Parts(results, dialect, lambda error: failure(error, context.request_id))
        return in_parts(parts, partial(told, noted()) if request.wants_cost else None)

    async def stream(
        self, request: Request, document: Document, context: Context
    ) -> AsyncGenerator[Answer, None]:
        """The answers of any operation, as they come: one of a query or of a refused request."""
        operation = self.chosen(request, document, context)
        if isinstance(operation, Answer):
            yield operation
            return
        if operation.operation is not OperationType.SUBSCRIPTION:
            yield await self.execute(request, document, context)
            return
        try:
            await self._admit(operation, request, document, context)
        except Refused as problem:
            yield too_expensive(problem, context.request_id)
            return
        ask_for(context.asker())
        whole = await whole_of(document, self._memory)
        results = subscribe(**self._arguments(request, whole, context))
        if isinstance(results, Awaitable):
            results = await results
        if isinstance(results, ExecutionResult):
            yield self._answer(results, operation, request, context)
            return
        async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", results)) as stream:
            try:
                async for result in stream:
                    yield self._answer(result, operation, request, context)
            except Exception as error:  # noqa: BLE001 - all there are become an answer
                yield failed(error, context.request_id)

    def chosen(
        self, request: Request, document: Document, context: Context
    ) -> OperationDefinitionNode | Answer:
        """The operation to execute, or the refusal of a request that has none."""
        if document.parsed is None or document.errors:
            return refused(document.errors, context.request_id, document.code)
        operation = document.operation(request.operation_name)
        if operation is None:
            error = GraphQLError(_which_operation(request.operation_name))
            return refused((error,), context.request_id, BadUserInput.code)
        return operation

    def _arguments(
        self, request: Request, document: DocumentNode | None, context: Context
    ) -> dict[str, Any]:
        return {
            "schema": self.schema,
            "document": document,
            "context_value": context,
            "variable_values": request.variables,
            "operation_name": request.operation_name,
            "executor_class": Interpretation,
            "hide_suggestions": True,
            "max_coercion_errors": 1,  # `misfits` finds them all, and says them better
        }

    def _answer(
        self,
        result: ExecutionResult,
        operation: OperationDefinitionNode,
        request: Request,
        context: Context,
    ) -> Answer:
        if not result.errors:
            return Answer(_encode({"data": result.data}), executed=True)
        if result.data is None and all(error.path is None for error in result.errors):
            wrong = misfits(self.schema, operation, request.variables or {}, hint=self._hint)
            mistakes = wrong or tuple(map(of_null, result.errors))
            return refused(mistakes, context.request_id, BadUserInput.code)
        errors = [failure(error, context.request_id) for error in result.errors]
        return erroneous(errors, result.data)


async def _awaited(result: Awaitable[T] | T) -> T:
    return await result if isinstance(result, Awaitable) else result


def _which_operation(name: str | None) -> str:
    if name is None:
        return "The document has several operations, or none: say which in `operationName`."
    return f"The document has no operation named {name!r:.64}."
