"""Documents, parsed and validated once."""

from collections import OrderedDict

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from msgspec import Struct

MAX_TOKENS = 10_000
"""Of one document; `schema.graphql` asked for field by field has about 1,000."""

_REMEMBERED = 500
_MAX_REMEMBERED_LENGTH = 50_000


class Document(Struct, frozen=True):
    """A document with its errors, if it has any: then it is never executed."""

    parsed: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    code: str = ""

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None when there is no such choice."""
        operations = [
            definition
            for definition in (self.parsed.definitions if self.parsed else ())
            if isinstance(definition, OperationDefinitionNode)
            and (name is None or (definition.name and definition.name.value == name))
        ]
        return operations[0] if len(operations) == 1 else None


class Documents:
    """Reads documents against `schema` and remembers the last few hundred."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        self._rules = list(specified_rules)
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._known: OrderedDict[str, Document] = OrderedDict()

    def read(self, text: str) -> Document:
        """Parse and validate `text`, or remember having done so."""
        if (known := self._known.get(text)) is not None:
            self._known.move_to_end(text)
            return known
        document = self._read(text)
        if len(text) <= _MAX_REMEMBERED_LENGTH:
            self._known[text] = document
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return document

    def _read(self, text: str) -> Document:
        try:
            parsed = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLSyntaxError as error:
            too_long = "Document contains more than" in error.message
            code = "QUERY_TOO_COMPLEX" if too_long else "GRAPHQL_PARSE_FAILED"
            return Document(None, (error,), code)
        errors = validate(self._schema, parsed, self._rules)
        return Document(parsed, tuple(errors), "GRAPHQL_VALIDATION_FAILED" if errors else "")
