"""Documents, parsed and validated once."""

import re
from collections import OrderedDict

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ValuesOfCorrectTypeRule,
    parse,
    specified_rules,
    validate,
)
from msgspec import Struct

from gateway.schema.arguments import ValuesFitRule
from gateway.schema.traits import Trait, traits_of

MAX_TOKENS = 10_000
"""Of one document; `schema.graphql` asked for field by field has about 1,000."""

MAX_REMEMBERED = 2**18
"""Characters of all remembered documents together; parsed, each takes some 300 bytes."""

_VALUE = re.compile(r" (Int|Float|String|BlockString) '.*'", re.DOTALL)
"""A value that a syntax error repeats; it may be a phone number."""


class Document(Struct, frozen=True):
    """A document: its operations, or what is wrong with it; then it is never executed.

    `code` is the code of those errors that do not bring one themselves, `traits` is what is to
    be known of a document that is right.
    """

    parsed: DocumentNode | None
    operations: tuple[OperationDefinitionNode, ...] = ()
    errors: tuple[GraphQLError, ...] = ()
    code: str = "GRAPHQL_VALIDATION_FAILED"
    traits: Trait = Trait.NONE

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None when there is no such choice."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        for operation in self.operations:
            if operation.name is not None and operation.name.value == name:
                return operation
        return None


class Documents:
    """Reads documents against `schema`, and remembers the good ones that came last."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        self._rules = [
            ValuesFitRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules
        ]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._hide_suggestions = not introspection
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._pinned: dict[str, Document] = {}
        self._size = 0

    def read(self, text: str) -> Document:
        """Parse and validate `text`, or remember having done so."""
        if (known := self._known.get(text)) is not None:
            self._known.move_to_end(text)
            return known
        if (pinned := self._pinned.get(text)) is not None:
            return pinned
        document = self._read(text)
        if not document.errors and len(text) <= MAX_REMEMBERED:
            self._remember(text, document)
        return document

    def pin(self, text: str) -> Document:
        """Read `text`, and remember it for good if nothing is wrong with it."""
        document = self._read(text)
        if not document.errors:
            self._pinned[text] = document
        return document

    def _read(self, text: str) -> Document:
        try:
            parsed = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLSyntaxError as error:
            too_long = "Document contains more than" in error.message
            code = "QUERY_TOO_COMPLEX" if too_long else "GRAPHQL_PARSE_FAILED"
            error.message = _VALUE.sub(r" \1", error.message)
            return Document(None, errors=(error,), code=code)
        errors = validate(
            self._schema, parsed, self._rules, hide_suggestions=self._hide_suggestions
        )
        operations = (d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
        traits = Trait.NONE if errors else traits_of(parsed, self._schema)
        return Document(parsed, tuple(operations), tuple(errors), traits=traits)

    def _remember(self, text: str, document: Document) -> None:
        self._known[text] = document
        self._size += len(text)
        while self._size > MAX_REMEMBERED:
            forgotten, _ = self._known.popitem(last=False)
            self._size -= len(forgotten)
