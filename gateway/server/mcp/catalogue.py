"""Selects the tools of a gateway: built-in ones, the operator's, and those that settings name."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema

from gateway.config.settings import Settings
from gateway.schema.documents.trusted_documents import manifest
from gateway.server.graphql.service import Service
from gateway.server.mcp.authoring_tools import Execute, Introspect, Validate
from gateway.server.mcp.document_tools import DocumentTool
from gateway.server.mcp.tool import tools_of
from gateway.server.mcp.toolbox import Callable, Toolbox

FOLDER = Path(__file__).parent / "tools"
PREFIX = "mcp/"
"""Begins the ids of documents that ship."""

ANNOTATE = "annotate_call"
_ORDER = ("look_up_call", "search_calls", "call_statistics", "follow_call", ANNOTATE)


def shipped_documents(settings: Settings) -> dict[str, str]:
    """The documents of the tools that ship, by their ids; they are trusted like a manifest's."""
    if not settings.gateway_mcp:
        return {}
    asked = settings.gateway_mcp_tools or ()
    return {
        f"{PREFIX}{name}": text
        for name, text in _shipped().items()
        if name != ANNOTATE or ANNOTATE in asked
    }


@cache
def _shipped() -> Mapping[str, str]:
    files = {file.stem: file.read_text("utf-8") for file in FOLDER.glob("*.graphql")}
    return {name: files[name] for name in sorted(files, key=_ORDER.index)}


def toolbox_of(settings: Settings, service: Service, schema: GraphQLSchema) -> Toolbox:
    """All tools; each is for those viewers who have its scope."""
    return Toolbox(_tools(settings, service, schema))


def _tools(settings: Settings, service: Service, schema: GraphQLSchema) -> Iterator[Callable]:
    most, asked = settings.gateway_mcp_answer_bytes, settings.gateway_mcp_tools or ()
    documents = shipped_documents(settings)
    for name, text in (documents | manifest(settings.gateway_trusted_documents)).items():
        for tool in tools_of(schema, name, text):
            if tool.only_reads or ANNOTATE in asked:
                yield DocumentTool(tool, service, most)
    if "introspect" in asked and settings.gateway_introspection:
        yield Introspect(schema)
    if "validate" in asked:
        yield Validate(service)
    if "execute" in asked:
        yield Execute(service, most)
