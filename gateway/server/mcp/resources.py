"""Serves resources: pages of the documentation, types of the schema, search, and single calls."""

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from graphql import GraphQLSchema
from msgspec import Struct

import gateway
from gateway.server.mcp.caller import Caller
from gateway.server.mcp.outcome import Outcome
from gateway.server.mcp.schema_text import overview, type_names, type_text
from gateway.server.mcp.search import Index, Section, sections_of

SCHEME = "gateway://"
MARKDOWN, PLAIN, GRAPHQL, JSON = "text/markdown", "text/plain", "text/x-graphql", "application/json"
_FOR_A_DAY = 86_400_000
"""Milliseconds; pages change with the version of the gateway."""

LookUp = Callable[[str, Caller], Awaitable[Outcome]]
"""Looks up a call by its SID, for a caller. Raises QuotaSpent."""


class Page(NamedTuple):
    """A resource that is always there."""

    uri: str
    name: str
    title: str
    about: str
    text: str
    media_type: str


class Template(NamedTuple):
    """A resource for each value of the variable in its address."""

    uri: str
    name: str
    about: str


class Found(Struct, frozen=True):
    """What a resource holds, and for how long a client may keep it, in milliseconds."""

    text: str
    media_type: str
    ttl_ms: int = _FOR_A_DAY
    is_public: bool = True


TEMPLATES = (
    Template("gateway://search/{words}", "search", "Sections of the documentation, and types."),
    Template("gateway://schema/{type}", "type", "The definition of one type of the schema."),
    Template("gateway://calls/{sid}", "call", "The summary of one call, by its SID."),
)


class Resources:
    """The resources; where the schema is hidden, it has no types."""

    templates = TEMPLATES

    def __init__(self, schema: GraphQLSchema | None, look_up: LookUp) -> None:
        self._schema = schema
        self._look_up = look_up
        self.pages: Sequence[Page] = [*_documentation(), *_types(schema)]
        self._by_uri = {page.uri: page for page in self.pages}
        self._index = Index([*_sections(self.pages), *_definitions(schema)])

    async def read(self, uri: str, caller: Caller) -> Found | None:
        """A resource by its address; None when there is none. Raises QuotaSpent."""
        if (page := self._by_uri.get(uri)) is not None:
            return Found(page.text, page.media_type)
        kind, _, name = uri.removeprefix(SCHEME).partition("/")
        if not uri.startswith(SCHEME) or not name:
            return None
        match kind:
            case "search":
                return Found(self._index.found(unquote(name)), PLAIN)
            case "schema" if self._schema is not None:
                text = type_text(self._schema, name)
                return None if text is None else Found(text, GRAPHQL)
            case "calls":
                outcome = await self._look_up(name, caller)
                kind = PLAIN if outcome.failed else JSON
                return Found(outcome.text, kind, outcome.ttl_ms, is_public=False)
        return None


def _documentation() -> list[Page]:
    """The pages of the documentation: those of the wheel, or of the checkout."""
    packed = Path(gateway.__file__).parent / "documentation" / "pages"
    root = packed if packed.is_dir() else Path(gateway.__file__).parent.parent / "docs"
    files = sorted(file for file in root.rglob("*.md") if "node_modules" not in file.parts)
    return [_page(file.relative_to(root).as_posix(), file.read_text("utf-8")) for file in files]


_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


def _page(path: str, text: str) -> Page:
    name = path.removesuffix(".md")
    heading = _HEADING.search(text)
    title = heading[1] if heading else name
    first = text[heading.end() :].strip().partition("\n")[0] if heading else ""
    return Page(f"{SCHEME}docs/{name}", name, title, first[:200], text, MARKDOWN)


def _types(schema: GraphQLSchema | None) -> list[Page]:
    if schema is None:
        return []
    about = "The types of the GraphQL schema by name; gateway://schema/{type} defines one."
    return [Page(f"{SCHEME}schema", "schema", "Schema", about, overview(schema), PLAIN)]


def _sections(pages: Sequence[Page]) -> list[Section]:
    texts = (page for page in pages if page.media_type == MARKDOWN)
    return [section for page in texts for section in sections_of(page.uri, page.text)]


def _definitions(schema: GraphQLSchema | None) -> list[Section]:
    if schema is None:
        return []
    return [
        Section(f"{SCHEME}schema/{name}", name, type_text(schema, name) or "")
        for name in type_names(schema)
    ]
