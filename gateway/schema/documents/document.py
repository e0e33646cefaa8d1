"""Parses and validates each document once, and caches the result by its text."""

import re
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
    print_ast,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from msgspec import Struct, field

from gateway.concurrency.worker_thread import aside
from gateway.errors import BadUserInput, TooComplex
from gateway.lru import LruCache
from gateway.schema.demand_control.analysis import Analysis
from gateway.schema.demand_control.cost import Price
from gateway.schema.demand_control.estimate import Pricing
from gateway.schema.demand_control.limits import Limits, check_size
from gateway.schema.documents.number_literals import NUMBER_FOUND, has_number
from gateway.schema.documents.reduced_document import reduced
from gateway.schema.execution.incremental import DEFER, without_defer
from gateway.schema.language.fragments import operations_of
from gateway.schema.language.shared_selections import (
    Parsed,
    Shared,
    alone,
    read,
    too_many_tokens,
    unlinked,
)
from gateway.schema.language.value_errors import ValuesFitRule
from gateway.schema.types.field_traits import Trait

SHORT = 1000
"""Characters of a document that takes a few milliseconds."""

_SIZE = 3000
"""Bytes that a document takes beside what is read of its text."""

_MAX_VALID = 256
"""So many short reduced documents are known to be valid; then that begins anew."""

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
"""Comparisons of fields that may be merged; beyond it a document is not validated to the end."""

_VALUE = re.compile(r" (Int|Float|String|BlockString) '.*'", re.DOTALL)
"""A value that a syntax error repeats; it may be a phone number."""


class Document(Struct, frozen=True, dict=True):
    """A document: its operations, or what is wrong with it; then it is never executed.

    `parsed` has no locations where it is shared with other documents; `whole_of` gives one that has
    them all. `code` is the code of those errors that do not bring one themselves, `traits` is what
    is to be known of a document that is right. `deciders` are the variables of its directives, and
    `ways` the values of these for which it was compiled. `deferring` is the document with its
    `@defer`, of which the others know nothing; None without. `has_number` says that a phone number
    seems to stand in it. `size` is what it takes, in bytes,
    and `own_size` what it takes alone, without what it shares with others.
    """

    parsed: DocumentNode | None
    text: str = ""
    operations: tuple[OperationDefinitionNode, ...] = ()
    errors: tuple[GraphQLError, ...] = ()
    code: str = "GRAPHQL_VALIDATION_FAILED"
    traits: Trait = Trait.NONE
    prices: tuple[Price, ...] = ()
    ways: set[Hashable] = field(default_factory=set)
    usages: dict[Hashable, object] = field(default_factory=dict)
    deciders: tuple[str, ...] = ()
    deferring: DocumentNode | None = None
    has_number: bool = False
    own_size: int = 0
    size: int = 0

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


async def whole_of(document: Document, memory: LruCache) -> DocumentNode:
    """The document for graphql-core to execute: each node knows where it stands.

    It is parsed in turns with others, one of some length aside, and kept in `memory`.
    """
    if document.parsed is not None and document.deferring is not None:
        return document.parsed
    key = "whole", document.text
    whole: Parsed | None = memory.get(key)
    if whole is None:
        whole = await _parsed_alone(document.text, partial(memory.get, key))
        memory.keep(key, whole, whole.size)
    return whole.document


async def _parsed_alone(text: str, cached: Callable[[], Parsed | None]) -> Parsed:
    return await aside(partial(alone, text), cached, long=len(text) > SHORT)


class Documents:
    """Reads documents against `schema`, and remembers the good ones that came last in `memory`.

    None is larger than `limits`; `annotation` is how many requests to Twilio that of a call takes.
    `refuse_numbers` refuses those in which a phone number seems to stand.
    """

    def __init__(  # noqa: PLR0913 - all but the first two have defaults
        self,
        schema: GraphQLSchema,
        *,
        introspection: bool,
        limits: Limits | None = None,
        annotation: int = 0,
        memory: LruCache | None = None,
        refuse_numbers: bool = False,
    ) -> None:
        self._refuse_numbers = refuse_numbers
        self._schema = schema
        self._limits = limits or Limits()
        self._memory = memory or LruCache()
        self._shared = Shared(self._memory)
        self._annotation = annotation
        self._valid: set[str] = set()
        self._pricing = Pricing(schema)
        self._rules = [
            ValuesFitRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules
        ]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
            self._rules[self._rules.index(ScalarLeafsRule)] = _LeafsRule
        self._hide_suggestions = not introspection
        self._pinned: dict[str, Document] = {}

    def read(self, text: str) -> Document:
        """Parse and validate `text`, or remember having done so."""
        return self._cached(text) or self._remembered(self._read(text))

    async def read_aside(self, text: str) -> Document:
        """The same, in turns with others; a new document of some length is read aside."""
        if (cached := self._cached(text)) is not None:
            return cached
        read, cached_by_then = partial(self._read, text), partial(self._cached, text)
        return self._remembered(await aside(read, cached_by_then, long=len(text) > SHORT))

    def _cached(self, text: str) -> Document | None:
        cached: Document | None = self._memory.get(("document", text))
        return cached or self._pinned.get(text)

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
            parsed, own_size, size = self._parsed(text)
            analysis = Analysis(parsed, self._schema, self._annotation)
            check_size(analysis, self._limits)
        except GraphQLSyntaxError as error:
            if error.message.endswith(too_many_tokens(self._limits.tokens)):
                return _refused(_too_complex(self._limits.tokens))
            error.message = _VALUE.sub(r" \1", error.message)
            return Document(None, text, errors=(error,), code="GRAPHQL_PARSE_FAILED")
        except TooComplex as problem:
            return _refused(problem)
        short = reduced(parsed, analysis)
        if not self._is_valid(short):
            errors = self._errors(unlinked(read(text))) or self._errors(short)
            return Document(parsed, text, operations_of(parsed), tuple(errors))
        if (found := has_number(text)) and self._refuse_numbers:
            return Document(None, errors=(GraphQLError(NUMBER_FOUND),), code=BadUserInput.code)
        whole = without_defer(parsed) if DEFER.name in text else parsed
        return Document(
            whole,
            text,
            operations_of(whole),
            traits=analysis.trait,
            prices=self._pricing.prices(parsed, analysis),
            deciders=analysis.deciders,
            deferring=None if whole is parsed else parsed,
            has_number=found,
            own_size=own_size,
            size=_SIZE + size + len(text),
        )

    def _parsed(self, text: str) -> Parsed:
        """The document; what defers is to be executed as it is, so none of it is shared."""
        tokens = self._limits.tokens
        return alone(text, tokens) if DEFER.name in text else self._shared.parse(text, tokens)

    def _is_valid(self, short: DocumentNode) -> bool:
        """Whether a reduced document is valid; many documents have the same one."""
        written = print_ast(short)
        if written in self._valid:
            return True
        if self._errors(short):
            return False
        if len(self._valid) == _MAX_VALID:
            self._valid.clear()
        if len(written) <= SHORT:
            self._valid.add(written)
        return True

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        return validate(
            self._schema, document, self._rules, hide_suggestions=self._hide_suggestions
        )

    def _remembered(self, document: Document) -> Document:
        """A document that was just read, remembered if nothing is wrong with it."""
        if not document.errors:
            self._memory.keep(("document", document.text), document, document.size)
        return document


class _LeafsRule(ScalarLeafsRule):
    """Without the suggestion that graphql-core makes here even if suggestions are hidden."""

    def report_error(self, error: GraphQLError) -> None:
        error.message = error.message.partition(" Did you mean ")[0]
        super().report_error(error)


def _refused(problem: TooComplex) -> Document:
    error = GraphQLError(str(problem), original_error=problem)
    return Document(None, errors=(error,), code=problem.code)


def _too_complex(limit: int) -> TooComplex:
    """Where they end is not looked up."""
    return TooComplex("tokens or more", limit + 1, limit, "ask in several requests")
