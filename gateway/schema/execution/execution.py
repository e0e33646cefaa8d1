"""Bundles an operation with its document, variables and context for execution."""

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from msgspec import Struct

from gateway.errors import BadUserInput, TooComplex
from gateway.schema.context import Context
from gateway.schema.demand_control.cost import Price
from gateway.schema.demand_control.limits import check_variables
from gateway.schema.documents.document import Document
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer, refused
from gateway.schema.results.answer_cache import lifetime_of
from gateway.schema.results.freshness import Lifetime


class Execution(Struct, frozen=True):
    """An operation of the document of a request, in the context of its viewer."""

    request: Request
    document: Document
    operation: OperationDefinitionNode
    context: Context

    @property
    def subscribes(self) -> bool:
        """Whether its answers are events."""
        return self.operation.operation is OperationType.SUBSCRIPTION

    @property
    def price(self) -> Price:
        """What it costs."""
        return self.document.price(self.operation)

    @property
    def lifetime(self) -> Lifetime:
        """For how long a client may cache an answer of what the context was told until now."""
        return lifetime_of(self.context.freshness, self.document.traits)


def chosen(request: Request, document: Document, context: Context) -> Execution | Answer:
    """The operation that a request asks for, or the refusal of a request that has none."""
    if document.parsed is None or document.errors:
        return refused(document.errors, context.request_id, document.code)
    try:
        check_variables(request.variables)
    except TooComplex as problem:
        error = GraphQLError(str(problem), original_error=problem)
        return refused((error,), context.request_id, problem.code)
    operation = document.operation(request.operation_name)
    if operation is None:
        error = GraphQLError(_which_operation(request.operation_name))
        return refused((error,), context.request_id, BadUserInput.code)
    return Execution(request, document, operation, context)


def _which_operation(name: str | None) -> str:
    if name is None:
        return "The document has several operations, or none: say which in `operationName`."
    return f"The document has no operation named {name!r:.64}."
