"""Parses documents, in which most has been read before.

A plain selection is one of fields alone, without arguments, directives, fragments and comments.
Documents have most of theirs in common: those of one frontend, and those that somebody types, who
changes one field and asks again. So each is read once, by its text, and is the same node in all
documents that have it; what is made of it is kept there (`once`), and made once too.

All else is left to graphql-core, whose parser this is, and so is whatever is wrong with a document.
A node that is shared stands in no one place: for locations, a document is parsed as a whole.
"""

import re
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSyntaxError,
    Lexer,
    NameNode,
    SelectionSetNode,
    Source,
    Token,
    TokenKind,
    parse,
)
from graphql.language.parser import Parser

T = TypeVar("T")

MAX_SHARED = 2**24
"""Bytes that the plain selections take that are known, more or less; then it begins anew."""

_SIZE_OF_SELECTION, _SIZE_OF_FIELD = 600, 400
"""Bytes that each of these takes, beside the text."""

_LONGEST, _DEEPEST = 2**14, 20
"""Characters, and levels, of a selection that is looked up; all fields of a call are 4,000."""

_BRACE = re.compile(r"[{}]|[^\w \t\n\r,:]", re.ASCII)
"""A brace, or what no plain selection has."""

_NAME, _IGNORED = r"([A-Za-z_]\w*+)", r"[ \t\n\r,]*+"
_FIELD = re.compile(f"{_NAME}{_IGNORED}(?::{_IGNORED}{_NAME}{_IGNORED})?+", re.ASCII)
"""A field, up to what it selects."""

_SPACE = re.compile(_IGNORED)


class PlainSelections(SelectionSetNode):
    """A plain selection, which is no part of a document, and so many `tokens` long.

    `made` is what was made of it: for one schema, as it is shared by documents of one alone.
    """

    tokens: int
    made: dict[Hashable, Any]


PlainSelections.kind = SelectionSetNode.kind


def once(selections: SelectionSetNode, what: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes of a selection; of a plain one, it was perhaps made before."""
    if not isinstance(selections, PlainSelections):
        return make()
    made = selections.made
    if what not in made:
        made[what] = make()
    known: T = made[what]
    return known


def read(text: str, max_tokens: int | None = None) -> DocumentNode:
    """A document as graphql-core reads it; an empty selection is a mistake, as GraphQL says.

    Raises GraphQLSyntaxError.
    """
    return parse(text, max_tokens=max_tokens, allow_empty_selection_sets=False)


class _Found(NamedTuple):
    selections: PlainSelections
    end: int


class Shared:
    """The plain selections that are known, by their text."""

    def __init__(self) -> None:
        self._known: dict[str, PlainSelections] = {}
        self._names: dict[str, NameNode] = {}
        self._size = 0

    def parse(self, text: str, max_tokens: int) -> DocumentNode:
        """The document. Raises GraphQLSyntaxError, as graphql-core does."""
        try:
            return unlinked(_Parser(text, self, max_tokens).parse_document())
        except RecursionError:
            return unlinked(read(text, max_tokens))

    def at(self, text: str, start: int) -> _Found | None:
        """The selection that begins at this brace, if it is plain."""
        end = _end(text, start)
        if end is None:
            return None
        own = text[start:end]
        known = self._known.get(own) or self._read(own)
        return None if known is None else _Found(known, end)

    def _read(self, text: str) -> PlainSelections | None:
        """A selection that is not known yet: its text begins and ends with a brace."""
        nodes, tokens, at, last = list[FieldNode](), 2, _after(text, 1), len(text) - 1
        while at < last:
            field = _FIELD.match(text, at)
            if field is None:
                return None
            at, (first, second), inner = field.end(), field.groups(), None
            if text[at] == "{":
                found = self.at(text, at)
                if found is None:
                    return None
                inner, at = found.selections, _after(text, found.end)
                tokens += inner.tokens
            tokens += 1 if second is None else 3
            alias = None if second is None else self._name(first)
            name = self._name(first if second is None else second)
            nodes.append(FieldNode(alias=alias, name=name, selection_set=inner))
        return self._kept(text, nodes, tokens) if nodes else None

    def _kept(self, text: str, nodes: list[FieldNode], tokens: int) -> PlainSelections:
        selections = PlainSelections(selections=tuple(nodes))
        selections.tokens, selections.made = tokens, {}
        size = len(text) + _SIZE_OF_SELECTION + _SIZE_OF_FIELD * len(nodes)
        if self._size + size > MAX_SHARED:
            self._known, self._names, self._size = {}, {}, 0
        self._known[text] = selections
        self._size += size
        return selections

    def _name(self, value: str) -> NameNode:
        return self._names.get(value) or self._names.setdefault(value, NameNode(value=value))


class _Parser(Parser):
    """graphql-core's, that goes on behind a plain selection when it comes to one."""

    def __init__(self, text: str, shared: Shared, max_tokens: int) -> None:
        source = Source(text)
        self._place = Lexer(source)
        self._shared = shared
        self._most = max_tokens
        self._skipped = 0
        super().__init__(
            source, max_tokens=max_tokens, lexer=self._place, allow_empty_selection_sets=False
        )

    def parse_selection_set(self) -> SelectionSetNode:
        """The selection that begins here."""
        opening, text = self._place.token, self._place.source.body
        found = self._shared.at(text, opening.start) if opening.kind is TokenKind.BRACE_L else None
        if found is None:
            return super().parse_selection_set()
        selections, end = found
        self._skipped += selections.tokens - 1
        closing = Token(TokenKind.BRACE_R, end - 1, end, opening.line, opening.column)
        closing.prev, opening.next = opening, closing
        self._place.token = closing
        self._check()
        self.advance_lexer()
        return selections

    def advance_lexer(self) -> None:
        """Go on to the next token."""
        super().advance_lexer()
        self._check()

    def _check(self) -> None:
        if self.token_count + self._skipped > self._most:
            place = self._place.token.start
            raise GraphQLSyntaxError(self._place.source, place, too_many_tokens(self._most))


def too_many_tokens(limit: int) -> str:
    """How graphql-core says it."""
    return f"Document contains more than {limit} tokens. Parsing aborted."


def unlinked(document: DocumentNode) -> DocumentNode:
    """The document, whose tokens know their neighbours no more.

    They do both ways: once forgotten, it would wait for the collector of garbage, which holds up
    everybody while it looks through documents.
    """
    token = None if document.loc is None else document.loc.start_token
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following
    return document


def _end(text: str, start: int) -> int | None:
    """Where the braces from here on are even; None if it is not a plain selection up to there."""
    depth = 0
    for found in _BRACE.finditer(text, start, start + _LONGEST):
        character = found[0]
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
        else:
            return None
        if depth == 0:
            return found.end()
        if depth > _DEEPEST:
            return None
    return None


def _after(text: str, place: int) -> int:
    """The next character that counts."""
    space = _SPACE.match(text, place)
    assert space is not None  # noqa: S101 - it matches nothing at all, too
    return space.end()
