"""Assembles the Model Context Protocol if it is on, and only then imports its SDK."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from graphql import GraphQLSchema
from starlette.routing import BaseRoute

from gateway.config.extras import check_extras
from gateway.config.settings import Settings
from gateway.server.graphql.service import Service
from gateway.server.mcp.catalogue import toolbox_of
from gateway.server.mcp.resources import Resources
from gateway.server.telemetry.request_log import RequestLog

if TYPE_CHECKING:
    from gateway.server.mcp.endpoint import Endpoint


class Disabled:
    """Nothing of it."""

    routes: Sequence[BaseRoute] = ()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do nothing."""
        yield

    async def over_pipe(self, _: str | None) -> None:
        """Serve nobody."""


def mounted(
    settings: Settings,
    service: Service,
    schema: GraphQLSchema,
    request_log: RequestLog,
    origins: frozenset[str],
) -> "Endpoint | Disabled":
    """The protocol, for pages of `origins` too. Raises WrongSettings without its SDK."""
    if not settings.gateway_mcp:
        return Disabled()
    check_extras(settings)
    from gateway.server.mcp.endpoint import Endpoint  # noqa: PLC0415 - it needs an extra
    from gateway.server.mcp.server import Methods  # noqa: PLC0415

    toolbox = toolbox_of(settings, service, schema)
    library = Resources(schema if settings.gateway_introspection else None, toolbox.look_up)
    return Endpoint(
        service, request_log, origins, lambda callers: Methods(toolbox, library, callers).server()
    )
