"""Assembles the Model Context Protocol if it is on, and only then imports its SDK."""

from typing import TYPE_CHECKING

from graphql import GraphQLSchema

from gateway.config.extras import check_extras
from gateway.config.settings import Settings
from gateway.server.graphql.service import Service
from gateway.server.mcp.catalogue import toolbox_of
from gateway.server.mcp.resources import Resources
from gateway.server.telemetry.request_log import RequestLog

if TYPE_CHECKING:
    from gateway.server.mcp.endpoint import Endpoint


def mounted(
    settings: Settings,
    service: Service,
    schema: GraphQLSchema,
    request_log: RequestLog,
    origins: frozenset[str],
) -> "Endpoint | None":
    """The protocol, if it is on; for pages of `origins` too. Raises WrongSettings."""
    if not settings.gateway_mcp:
        return None
    check_extras(settings)
    from gateway.server.mcp.endpoint import Endpoint  # noqa: PLC0415 - it needs an extra
    from gateway.server.mcp.server import Methods  # noqa: PLC0415

    toolbox = toolbox_of(settings, service, schema)
    library = Resources(schema if settings.gateway_introspection else None, toolbox.look_up)
    return Endpoint(
        service, request_log, origins, lambda callers: Methods(toolbox, library, callers).server()
    )
