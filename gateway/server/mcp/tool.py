"""Derives a tool from each GraphQL operation: its name, texts and schemas."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    TokenKind,
    parse,
)
from msgspec import Struct

from gateway.config.viewers import Scope, Viewer
from gateway.server.mcp.input_schema import JsonSchema, input_schema
from gateway.server.mcp.outcome import wrapped
from gateway.server.mcp.output_schema import output_schema

FOLLOW_FIELD = "callUpdates"
"""The one subscription that ends by itself, so that a tool can wait for its end."""

LONGEST_WAIT, USUAL_WAIT = 1800, 50
"""Seconds that a tool waits for the end of a subscription: at most, and when nothing is said. Most
clients take a tool for dead after a minute; those that show progress wait longer."""

_WAIT: JsonSchema = {
    "type": "integer",
    "minimum": 1,
    "maximum": LONGEST_WAIT,
    "default": USUAL_WAIT,
    "description": "Seconds to wait at most; the answer is then the state of that moment.",
}
WAIT_ARGUMENT = "timeoutSeconds"


class Tool(Struct, frozen=True):
    """What clients see of a tool. `needs` is the scope without which a viewer has no such tool.

    `document_id` names the document that it runs, and `follows` says that it waits for the last
    answer of a subscription.
    """

    name: str
    description: str
    input_schema: JsonSchema
    output_schema: JsonSchema | None = None
    document_id: str = ""
    needs: Scope | None = None
    follows: bool = False

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return self.needs is not Scope.ANNOTATIONS_WRITE

    def is_for(self, viewer: Viewer) -> bool:
        """Whether a viewer may call it."""
        return self.needs is None or viewer.may(self.needs)


def tools_of(schema: GraphQLSchema, document_id: str, text: str) -> Iterator[Tool]:
    """The tools that a valid document makes: one for each operation that has a name and an end."""
    document = parse(text)
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode) and one.name is not None and _ends(one):
            yield _tool(schema, document_id, document, one, one.name.value)


def _tool(
    schema: GraphQLSchema,
    document_id: str,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    name: str,
) -> Tool:
    follows = operation.operation is OperationType.SUBSCRIPTION
    arguments = input_schema(schema, document, operation)
    if follows:
        arguments["properties"][WAIT_ARGUMENT] = _WAIT
    changes = operation.operation is OperationType.MUTATION
    return Tool(
        name,
        _description(operation) or f"Runs the operation `{name}` of this gateway's operator.",
        arguments,
        wrapped(output_schema(schema, document, operation)),
        document_id,
        Scope.ANNOTATIONS_WRITE if changes else None,
        follows,
    )


def _ends(operation: OperationDefinitionNode) -> bool:
    """Whether its last answer comes by itself."""
    if operation.operation is not OperationType.SUBSCRIPTION:
        return True
    (field,) = operation.selection_set.selections  # more are not valid
    return getattr(getattr(field, "name", None), "value", "") == FOLLOW_FIELD


def _description(operation: OperationDefinitionNode) -> str:
    """What the document says of an operation: its description, or the comment before it."""
    if operation.description is not None:
        return " ".join(operation.description.value.split())
    lines: list[str] = []
    token = operation.loc.start_token.prev if operation.loc else None
    while token is not None and token.kind is TokenKind.COMMENT:
        lines.insert(0, (token.value or "").strip())
        token = token.prev
    return " ".join(lines)
