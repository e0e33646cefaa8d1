"""Parses documents, and reuses selections that earlier documents had.

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

from gateway.lru import LruCache

T = TypeVar("T")

_SIZE_OF_SELECTION, _SIZE_OF_FIELD, _SIZE_OF_TOKEN = 4000, 500, 350
"""Bytes that each of these takes, with what is made of it: measured (`tests/journeys/
test_what_clients_have_remembered.py`). The tokens are those that are in no plain selection."""

_SIZE_OF_CHARACTER = 200
"""The same of a document that shares nothing, for each of its characters."""

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

    `derived` is what was made of it: for one schema, as it is shared by documents of one alone.
    `size` is what it takes with all that is below it, in bytes.
    """

    tokens: int
    size: int
    derived: dict[Hashable, Any]


PlainSelections.kind = SelectionSetNode.kind


def once(selections: SelectionSetNode, what: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes of a selection; of a plain one, it was perhaps made before."""
    if not isinstance(selections, PlainSelections):
        return make()
    if what not in selections.derived:
        selections.derived[what] = make()
    value: T = selections.derived[what]
    return value


def read(text: str, max_tokens: int | None = None) -> DocumentNode:
    """A document as graphql-core reads it; an empty selection is a mistake, as GraphQL says.

    Raises GraphQLSyntaxError.
    """
    return parse(text, max_tokens=max_tokens, allow_empty_selection_sets=False)


class _Found(NamedTuple):
    selections: PlainSelections
    end: int


class Parsed(NamedTuple):
    """A document, and what it takes in bytes: by itself, and with its plain selections."""

    document: DocumentNode
    own_size: int
    size: int


class Shared:
    """The plain selections that are known, by their text, as long as `memory` keeps them."""

    def __init__(self, memory: LruCache) -> None:
        self._memory = memory

    def parse(self, text: str, max_tokens: int) -> Parsed:
        """The document. Raises GraphQLSyntaxError, as graphql-core does."""
        parser = _Parser(text, self, max_tokens)
        try:
            return Parsed(unlinked(parser.parse_document()), parser.own_size, parser.size)
        except RecursionError:
            return alone(text, max_tokens)

    def at(self, text: str, start: int) -> _Found | None:
        """The selection that begins at this brace, if it is plain."""
        end = _end(text, start)
        if end is None:
            return None
        own = text[start:end]
        selections = self._memory.get(("selection", own)) or self._read(own)
        return None if selections is None else _Found(selections, end)

    def _read(self, text: str) -> PlainSelections | None:
        """A selection that is not known yet: its text begins and ends with a brace."""
        nodes, tokens, at, last = list[FieldNode](), 2, _after(text, 1), len(text) - 1
        size = len(text) + _SIZE_OF_SELECTION
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
                tokens, size = tokens + inner.tokens, size + inner.size
            size += _SIZE_OF_FIELD
            tokens += 1 if second is None else 3
            alias = None if second is None else NameNode(value=first)
            name = NameNode(value=first if second is None else second)
            nodes.append(FieldNode(alias=alias, name=name, selection_set=inner))
        if not nodes:
            return None
        selections = PlainSelections(selections=tuple(nodes))
        selections.tokens, selections.size, selections.derived = tokens, size, {}
        self._memory.keep(("selection", text), selections, size)
        return selections


def alone(text: str, max_tokens: int | None = None) -> Parsed:
    """A document as graphql-core reads it, that shares nothing with others."""
    size = _SIZE_OF_CHARACTER * len(text)
    return Parsed(unlinked(read(text, max_tokens)), size, size)


class _Parser(Parser):
    """graphql-core's, that goes on behind a plain selection when it comes to one."""

    def __init__(self, text: str, shared: Shared, max_tokens: int) -> None:
        source = Source(text)
        self._place = Lexer(source)
        self._shared = shared
        self._most = max_tokens
        self._skipped = self._shared_size = 0
        super().__init__(
            source, max_tokens=max_tokens, lexer=self._place, allow_empty_selection_sets=False
        )

    @property
    def own_size(self) -> int:
        """What was read so far takes, in bytes, but for plain selections."""
        return _SIZE_OF_TOKEN * self.token_count

    @property
    def size(self) -> int:
        """The same with them."""
        return self._shared_size + self.own_size

    def parse_selection_set(self) -> SelectionSetNode:
        """The selection that begins here."""
        opening, text = self._place.token, self._place.source.body
        found = self._shared.at(text, opening.start) if opening.kind is TokenKind.BRACE_L else None
        if found is None:
            return super().parse_selection_set()
        selections, end = found
        self._skipped += selections.tokens - 1
        self._shared_size += selections.size
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
