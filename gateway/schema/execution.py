"""A GraphQL request from its document to its answer, without HTTP."""

from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
)
from msgspec import Struct
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.schema.context import Context
from gateway.schema.documents import Documents
from gateway.schema.error_policy import present


class Request(Struct, frozen=True):
    """A GraphQL request, as GraphQL over HTTP writes it."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class Answer(Struct, frozen=True):
    """`body` goes to the client; `executed` is false when the request itself was wrong."""

    body: dict[str, Any]
    executed: bool


class Executor:
    """Executes requests against one schema."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        self._documents = Documents(schema, introspection=introspection)

    def operation_of(self, request: Request) -> OperationDefinitionNode | None:
        """The operation that a request names, if its document has it."""
        return self._documents.read(request.query).operation(request.operation_name)

    async def execute(self, request: Request, context: Context) -> Answer:
        """Answer a request; never raises for what a client did."""
        document = self._documents.read(request.query)
        if document.parsed is None or document.errors:
            return _refused(document.errors, context.request_id, document.code)
        if document.operation(request.operation_name) is None:
            error = GraphQLError(_which_operation(request.operation_name))
            return _refused((error,), context.request_id, "BAD_USER_INPUT")
        result = execute(
            self._schema,
            document.parsed,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        if result.data is None and all(error.path is None for error in result.errors or ()):
            return _refused(tuple(result.errors or ()), context.request_id, "BAD_USER_INPUT")
        return _answered(result, context.request_id)


def is_query(operation: OperationDefinitionNode) -> bool:
    """Whether an operation only asks."""
    return operation.operation is OperationType.QUERY


def _answered(result: ExecutionResult, request_id: str) -> Answer:
    if not result.errors:
        return Answer({"data": result.data}, executed=True)
    errors = [present(error, request_id, "INTERNAL_SERVER_ERROR") for error in result.errors]
    return Answer({"errors": errors, "data": result.data}, executed=True)


def _refused(errors: tuple[GraphQLError, ...], request_id: str, code: str) -> Answer:
    return Answer({"errors": [present(e, request_id, code) for e in errors]}, executed=False)


def _which_operation(name: str | None) -> str:
    if name is None:
        return "The document has several operations, or none: say which in `operationName`."
    return f"The document has no operation named {name!r:.64}."
