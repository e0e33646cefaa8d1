"""Executes GraphQL requests, from document to response, without HTTP."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import TypeAlias

from graphql import GraphQLSchema

from gateway.concurrency.deadlines import ask_for
from gateway.field_stats import Explanation
from gateway.field_stats import current as counted_field
from gateway.instrumentation import Hook, OperationExecuted, silent
from gateway.lru import LruCache
from gateway.request_stats import noted
from gateway.schema.context import Context
from gateway.schema.demand_control.admission import DemandControl
from gateway.schema.demand_control.budgets import Refused
from gateway.schema.documents.document import Document
from gateway.schema.documents.number_literals import WARNING
from gateway.schema.documents.request import Request
from gateway.schema.documents.usage import usage_of
from gateway.schema.execution.answers import Answer, from_cache, too_expensive, with_extensions
from gateway.schema.execution.compiled.compiler import Compiler
from gateway.schema.execution.execution import Execution, chosen
from gateway.schema.execution.incremental import Dialect
from gateway.schema.execution.interpreter import Interpreter
from gateway.schema.results.answer_cache import AnswerCache, CachedAnswer
from gateway.schema.results.freshness import Lifetime
from gateway.schema.results.tag_header import TagHeader

Read: TypeAlias = Callable[[Request], Awaitable[Document]]
"""Gives the document of a request, parsed and validated."""


class Executor:
    """Executes requests for the documents of `read` against one schema, if `demand` admits them.

    What can be compiled is, unless `compiled` says otherwise; the rest is interpreted by
    graphql-core, and `hook` hears which it was. `memory` keeps what is made of documents, and
    `tags` is the header that names what an answer holds.
    """

    def __init__(  # noqa: PLR0913 - all but the first two have defaults
        self,
        schema: GraphQLSchema,
        read: Read,
        *,
        introspection: bool,
        demand: DemandControl | None = None,
        compiled: bool = True,
        memory: LruCache | None = None,
        hook: Hook = silent,
        tags: TagHeader | None = None,
    ) -> None:
        self.schema = schema
        memory = memory or LruCache()
        self._compiler = Compiler(schema, memory) if compiled else None
        self._interpreter = Interpreter(schema, memory, hint=introspection)
        self._hook = hook
        self._tags = tags
        self._demand = demand or DemandControl()
        self.answers = AnswerCache(memory, self._demand.budgets, hook)
        self.read = read

    def prepare(self, documents: Iterable[Document]) -> None:
        """Compile documents that will be asked."""
        if self._compiler is not None:
            for document in documents:
                self._compiler.prepare(document)

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
        execution = chosen(request, document, context)
        if isinstance(execution, Answer):
            return execution
        return await self._refusal(execution) or await self._executed(execution, dialect)

    async def stream(
        self, request: Request, document: Document, context: Context
    ) -> AsyncGenerator[Answer, None]:
        """The answers of any operation, as they come: one of a query or of a refused request."""
        execution = chosen(request, document, context)
        if isinstance(execution, Answer):
            yield execution
        elif (refusal := await self._refusal(execution)) is not None:
            yield refusal
        elif not execution.subscribes:
            yield await self._executed(execution, None)
        else:
            ask_for(context.asker())
            self._explain(execution)
            async with aclosing(self._interpreter.subscribe(execution)) as answers:
                async for answer in answers:
                    await _extend(answer, request)
                    yield answer

    def cached(self, request: Request, context: Context) -> Answer | None:
        """The answer to a request from the answer cache, without reading its document."""
        if (question := request.question) is None:
            return None
        found = self.answers.answer(question, context.viewer, context.now, noted())
        return None if found is None else from_cache(*found)

    async def _refusal(self, execution: Execution) -> Answer | None:
        """The answer to a request that costs too much; None to one that is charged."""
        variables, context = execution.request.variables, execution.context
        try:
            await self._demand.admit(execution.price, variables, context)
        except Refused as problem:
            return too_expensive(problem, context.request_id)
        noted().usage = usage_of(self.schema, execution.document, execution.operation, variables)
        return None

    async def _executed(self, execution: Execution, dialect: Dialect | None) -> Answer:
        ask_for(execution.context.asker())
        self._explain(execution)
        if dialect is not None and execution.document.deferring is not None:
            self._hook(OperationExecuted("interpreted"))
            answer = await self._interpreter.begin(execution, dialect)
        else:
            answer = await self._answer(execution)
        if answer.rest is None:
            warnings = [WARNING] if execution.document.has_number else []
            await _extend(answer, execution.request, warnings)
        answer.allowance = execution.context.expenses.allowance
        cached = answer.cached
        answer.lifetime = self._lifetime(execution) if cached is None else cached.lifetime
        return answer

    def _explain(self, execution: Execution) -> None:
        """Have the work of each field counted from now on, if the request asks for that."""
        request, context = execution.request, execution.context
        if not request.wants_explanation:
            return
        cached = self.answers.has(request.unexplained().question, context.viewer, context.now)
        estimates = execution.price.by_field(request.variables)
        explanation = noted().explanation = Explanation(estimates, cached)
        if execution.subscribes:  # its one field works between its events, too
            counted_field.set(explanation.at(tuple(estimates)))

    async def _answer(self, execution: Execution) -> Answer:
        """The answer as a whole: compiled, or interpreted from what its root fields came to."""
        settled = None
        if self._compiler is not None and not execution.request.wants_explanation:
            pieces, settled = await self._compiler.run(execution)
            if pieces is not None:
                self._hook(OperationExecuted("compiled"))
                cached = self._keep(execution, pieces)
                return Answer(b"".join(pieces), executed=True, cached=cached)
        self._hook(OperationExecuted("interpreted" if settled is None else "abandoned"))
        return await self._interpreter.execute(execution, settled)

    def _keep(self, execution: Execution, pieces: list[bytes]) -> CachedAnswer | None:
        """Cache an answer, if its client may not ask for it in parts."""
        question, context = execution.request.question, execution.context
        document = execution.document
        if question is None or document.deferring is not None or document.has_number:
            return None
        lifetime = self._lifetime(execution)
        return self.answers.keep(
            question, context.viewer, pieces, context.freshness, noted(), lifetime
        )

    def _lifetime(self, execution: Execution) -> Lifetime:
        if execution.request.wants_cost:  # that of this execution alone
            return Lifetime(storable=False)
        lifetime, context = execution.lifetime, execution.context
        if self._tags is None or not lifetime.storable:
            return lifetime
        account = context.viewer.realm.account.sid
        tags = self._tags.of(context.freshness, execution.document.traits, account)
        return lifetime._replace(tags=tags)


async def _extend(answer: Answer, request: Request, warnings: Sequence[object] = ()) -> None:
    """Add what the request took to an answer, if it asks for that; and warnings."""
    cost = noted() if request.wants_cost else None
    if cost or warnings:
        answer.body = await with_extensions(answer.body, cost, warnings)
