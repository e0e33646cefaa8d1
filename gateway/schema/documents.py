"""Documents, parsed and validated once."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    VariableNode,
    Visitor,
    print_ast,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from msgspec import Struct, field

from gateway.errors import TooComplex
from gateway.schema.arguments import ValuesFitRule
from gateway.schema.aside import aside
from gateway.schema.deferral import DEFER, without_defer
from gateway.schema.parsing import Shared, read, too_many_tokens, unlinked
from gateway.schema.price import Price
from gateway.schema.pricing import Pricing
from gateway.schema.shape import Limits, check_shape
from gateway.schema.skeleton import skeleton_of
from gateway.schema.traits import Trait, traits_of, traits_of_all
from gateway.turns import next_turn

MAX_REMEMBERED = 2**18
"""Characters of all remembered documents together; parsed, each takes some 300 bytes."""

_SHORT = 1000
"""Characters of a document that takes a few milliseconds."""

_MAX_SKELETONS = 256
"""So many that are valid are remembered, each of them short; then that begins anew."""

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
"""Comparisons of fields that may be merged; beyond it a document is not validated to the end."""

_VALUE = re.compile(r" (Int|Float|String|BlockString) '.*'", re.DOTALL)
"""A value that a syntax error repeats; it may be a phone number."""


class Document(Struct, frozen=True, dict=True):
    """A document: its operations, or what is wrong with it; then it is never executed.

    `parsed` has no locations where it is shared with other documents, and `whole` has them all.
    `code` is the code of those errors that do not bring one themselves, `traits` is what is to
    be known of a document that is right, and `ways` are its operations as they were compiled.
    `deciders` are the variables of its directives, which decide what is selected.
    `deferring` is the document with its `@defer`, of which the others know nothing; None without.
    """

    parsed: DocumentNode | None
    text: str = ""
    operations: tuple[OperationDefinitionNode, ...] = ()
    errors: tuple[GraphQLError, ...] = ()
    code: str = "GRAPHQL_VALIDATION_FAILED"
    traits: Trait = Trait.NONE
    prices: tuple[Price, ...] = ()
    ways: dict[Any, Any] = field(default_factory=dict)
    deciders: tuple[str, ...] = ()
    deferring: DocumentNode | None = None

    @cached_property
    def whole(self) -> DocumentNode:
        """The document for graphql-core to execute: each node knows where it stands."""
        if self.parsed is not None and self.deferring is not None:
            return self.parsed
        return unlinked(read(self.text))

    async def whole_aside(self) -> DocumentNode:
        """The same, in turns with others; a document of some length is parsed aside."""
        if "whole" in self.__dict__:
            return self.whole
        if len(self.text) > _SHORT:
            return await aside(lambda: self.whole, lambda: self.__dict__.get("whole"))
        await next_turn()
        return self.whole

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None when there is no such choice."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        for operation in self.operations:
            if operation.name is not None and operation.name.value == name:
                return operation
        return None

    def price(self, operation: OperationDefinitionNode) -> Price:
        """What one of its operations costs."""
        for one, price in zip(self.operations, self.prices, strict=True):
            if one is operation:
                return price
        return Price()


class Documents:
    """Reads documents against `schema`, and remembers the good ones that came last.

    None is larger than `limits`; `annotation` is how many requests to Twilio that of a call takes.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        introspection: bool,
        limits: Limits | None = None,
        annotation: int = 0,
    ) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._shared = Shared()
        self._skeletons: dict[str, Trait] = {}
        self._pricing = Pricing(schema, annotation)
        self._rules = [
            ValuesFitRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules
        ]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
            self._rules[self._rules.index(ScalarLeafsRule)] = _LeafsRule
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
        return self._remembered(text, self._read(text))

    async def read_aside(self, text: str) -> Document:
        """The same, in turns with others; a new document of some length is read aside."""
        if text not in self._known and text not in self._pinned:
            if len(text) > _SHORT:
                known = partial(self._known.get, text)
                return self._remembered(text, await aside(partial(self._read, text), known))
            await next_turn()
        return self.read(text)

    def pin(self, text: str) -> Document:
        """Read `text`, and remember it for good if nothing is wrong with it."""
        document = self._read(text)
        if not document.errors:
            self._pinned[text] = document
        return document

    @property
    def pinned(self) -> Sequence[Document]:
        """All documents that are remembered for good."""
        return tuple(self._pinned.values())

    def pinned_names(self) -> set[str]:
        """The names of all operations that are remembered for good."""
        operations = (one for pinned in self.pinned for one in pinned.operations)
        return {one.name.value for one in operations if one.name is not None}

    def _read(self, text: str) -> Document:
        try:
            parsed = self._parsed(text)
            check_shape(parsed, self._limits)
        except GraphQLSyntaxError as error:
            if error.message.endswith(too_many_tokens(self._limits.tokens)):
                return _refused(_too_complex(self._limits.tokens))
            error.message = _VALUE.sub(r" \1", error.message)
            return Document(None, text, errors=(error,), code="GRAPHQL_PARSE_FAILED")
        except TooComplex as problem:
            return _refused(problem)
        skeleton = skeleton_of(parsed, self._schema)
        traits = self._traits(skeleton.document)
        if traits is None:
            errors = self._errors(unlinked(read(text))) or self._errors(skeleton.document)
            return Document(parsed, text, _operations(parsed), tuple(errors))
        whole = without_defer(parsed) if DEFER.name in text else parsed
        return Document(
            whole,
            text,
            _operations(whole),
            traits=traits | traits_of_all(skeleton.left_out),
            prices=self._pricing.prices(whole),
            deciders=_deciders(whole) if "@" in text else (),
            deferring=None if whole is parsed else parsed,
        )

    def _parsed(self, text: str) -> DocumentNode:
        """The document; what defers is to be executed as it is, so none of it is shared."""
        tokens = self._limits.tokens
        if DEFER.name in text:
            return unlinked(read(text, tokens))
        return self._shared.parse(text, tokens)

    def _traits(self, skeleton: DocumentNode) -> Trait | None:
        """The traits of a skeleton if it is valid; many documents have the same one."""
        written = print_ast(skeleton)
        known = self._skeletons.get(written)
        if known is not None or self._errors(skeleton):
            return known
        if len(self._skeletons) == _MAX_SKELETONS:
            self._skeletons.clear()
        traits = traits_of(skeleton, self._schema)
        if len(written) <= _SHORT:
            self._skeletons[written] = traits
        return traits

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        return validate(
            self._schema, document, self._rules, hide_suggestions=self._hide_suggestions
        )

    def _remembered(self, text: str, document: Document) -> Document:
        """A document that was just read, remembered if nothing is wrong with it."""
        if document.errors or len(text) > MAX_REMEMBERED or text in self._known:
            return document
        self._known[text] = document
        self._size += len(text)
        while self._size > MAX_REMEMBERED:
            forgotten, _ = self._known.popitem(last=False)
            self._size -= len(forgotten)
        return document


class _LeafsRule(ScalarLeafsRule):
    """Without the suggestion that graphql-core makes here even if suggestions are hidden."""

    def report_error(self, error: GraphQLError) -> None:
        error.message = error.message.partition(" Did you mean ")[0]
        super().report_error(error)


def _deciders(document: DocumentNode) -> tuple[str, ...]:
    """The variables that are arguments of directives."""
    found: dict[str, None] = {}

    class Directives(Visitor):
        def enter_directive(self, directive: DirectiveNode, *_: Any) -> None:
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    found[argument.value.name.value] = None

    visit(document, Directives())
    return tuple(found)


def _operations(document: DocumentNode) -> tuple[OperationDefinitionNode, ...]:
    return tuple(d for d in document.definitions if isinstance(d, OperationDefinitionNode))


def _refused(problem: TooComplex) -> Document:
    error = GraphQLError(str(problem), original_error=problem)
    return Document(None, errors=(error,), code=problem.code)


def _too_complex(limit: int) -> TooComplex:
    """Where they end is not looked up."""
    return TooComplex("tokens or more", limit + 1, limit, "ask in several requests")
