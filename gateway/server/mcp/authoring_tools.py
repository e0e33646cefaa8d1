"""Defines tools for assistants that write GraphQL: introspect, validate, execute.

They are off unless GATEWAY_MCP_TOOLS names them. What they run is admitted like any request.
"""

from typing import Any

from graphql import GraphQLSchema, OperationDefinitionNode, OperationType
from msgspec import Struct

from gateway.schema.documents.request import Request
from gateway.schema.results.error_policy import refusal as shown
from gateway.server.graphql.service import Service
from gateway.server.mcp.caller import Caller, Report
from gateway.server.mcp.document_tools import answered
from gateway.server.mcp.error_advice import refusal
from gateway.server.mcp.input_schema import JsonSchema
from gateway.server.mcp.outcome import Outcome
from gateway.server.mcp.schema_text import type_text
from gateway.server.mcp.tool import Tool

_TEXT: JsonSchema = {"type": "string"}
_QUERY: JsonSchema = {**_TEXT, "description": "A GraphQL document."}
_VARIABLES: JsonSchema = {"type": "object", "description": "The variables of its operation."}


def _takes(required: str, **properties: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": [required],
        "additionalProperties": False,
    }


class Introspect(Struct, frozen=True):
    """Gives the definition of one type."""

    schema: GraphQLSchema
    tool: Tool = Tool(
        "introspect",
        "Give the definition of one type of the GraphQL schema, with the meaning of each field. "
        "Begin with `Query`.",
        _takes("type", type={**_TEXT, "description": "Name of the type, such as `Call`."}),
    )

    async def call(self, arguments: dict[str, Any], _: Caller, __: Report) -> Outcome:
        """The outcome."""
        name = str(arguments.get("type"))
        text = type_text(self.schema, name)
        if text is None:
            message = (
                f"BAD_USER_INPUT: there is no type {name!r:.64}.\nInstead: begin with `Query`."
            )
            return Outcome(message, failed=True)
        return Outcome(text)


class Validate(Struct, frozen=True):
    """Says whether a document would be executed."""

    service: Service
    tool: Tool = Tool(
        "validate",
        "Say whether a GraphQL document fits the schema, and what is wrong with it; nothing is "
        "executed.",
        _takes("query", query=_QUERY),
    )

    async def call(self, arguments: dict[str, Any], caller: Caller, _: Report) -> Outcome:
        """The outcome."""
        document = await self.service.executor.read(Request(str(arguments.get("query"))))
        if not document.errors:
            return Outcome("The document is valid.")
        request_id = caller.tally.request_id
        errors = [shown(error, request_id, document.code) for error in document.errors]
        return Outcome(refusal(errors), failed=True)


class Execute(Struct, frozen=True):
    """Runs a query; changes have a tool of their own."""

    service: Service
    most: int
    tool: Tool = Tool(
        "execute",
        "Run a GraphQL query that you wrote. Prefer the other tools where one fits; use "
        "`introspect` and `validate` first.",
        _takes("query", query=_QUERY, variables=_VARIABLES),
    )

    async def call(self, arguments: dict[str, Any], caller: Caller, _: Report) -> Outcome:
        """The outcome."""
        variables = arguments.get("variables") or {}
        if not isinstance(variables, dict):
            message = "BAD_USER_INPUT: `variables` is no object.\nInstead: send a JSON object."
            return Outcome(message, failed=True)
        request = Request(str(arguments.get("query")), variables)
        document = await self.service.executor.read(request)
        if not all(map(_is_query, document.operations)):
            message = "BAD_USER_INPUT: only queries are executed.\nInstead: use the other tools."
            return Outcome(message, failed=True)
        return await answered(self.service, request, caller, self.most)


def _is_query(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.QUERY
