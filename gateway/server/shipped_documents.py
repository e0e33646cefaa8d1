"""Lists the gateway's own GraphQL documents: of the explorer and of the tools for assistants."""

from gateway.config.settings import Settings
from gateway.schema.documents.document import Documents
from gateway.server.explorer import explorer_documents
from gateway.server.mcp.catalogue import shipped_documents


def own_documents(settings: Settings, documents: Documents) -> dict[str, str]:
    """By their ids, as in a manifest; those of tools are pinned, for they are asked by these."""
    shipped = shipped_documents(settings)
    for text in shipped.values():
        documents.pin(text)
    return {**(explorer_documents() if settings.gateway_explorer else {}), **shipped}
