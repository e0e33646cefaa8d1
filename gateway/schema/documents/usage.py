"""Lists the fields of the schema that an operation uses, once for each document."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from graphql import GraphQLSchema, OperationDefinitionNode
from msgspec import Struct

from gateway.schema.documents.coordinates import of_document, of_variables, takes_structure
from gateway.schema.documents.document import Document

MOST = 32
"""Usages of an operation that are told apart by their variables; further ones are as without."""


class Usage(Struct, eq=False, dict=True):
    """An operation of a document, and the coordinates that its variables brought beside it."""

    schema: GraphQLSchema
    document: Document
    operation: OperationDefinitionNode
    brought: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Nothing of the document: whatever is shown of an operation, no value in it is."""
        return "Usage(…)"

    @cached_property
    def coordinates(self) -> frozenset[str]:
        """All that it uses."""
        parsed = self.document.parsed
        assert parsed is not None  # noqa: S101 - the document is valid
        return of_document(self.schema, parsed, self.operation) | self.brought

    @cached_property
    def takes_structure(self) -> bool:
        """Whether variables may bring more."""
        return takes_structure(self.schema, self.operation)


def usage_of(
    schema: GraphQLSchema,
    document: Document,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
) -> Usage:
    """The usage of an operation with these variables: the same one each time."""
    usages = document.usages
    name = None if operation.name is None else operation.name.value
    plain = Usage(schema, document, operation)
    usage = cast("Usage", usages.setdefault((name, None), plain))
    if not variables or not usage.takes_structure:
        return usage
    brought = of_variables(schema, operation, variables)
    if (name, brought) not in usages and len(usages) >= MOST:
        return usage
    more = Usage(schema, document, operation, brought)
    return cast("Usage", usages.setdefault((name, brought), more))
