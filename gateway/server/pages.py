"""Defines the routes for browsers: GraphiQL, documentation, explorer, and schema."""

from collections.abc import Callable, Iterator, Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.config.settings import Settings
from gateway.schema.operations import sdl
from gateway.server.documentation import Documentation
from gateway.server.explorer import Explorer
from gateway.server.graphiql import GraphiQL


def page_routes(
    settings: Settings, needs_token: Callable[[], bool], graphiql: GraphiQL | None
) -> Iterator[BaseRoute]:
    """Those that the settings show."""
    if settings.gateway_introspection:
        yield _schema_route()
    if graphiql:
        yield from (*graphiql.routes(), *Documentation().routes())
    if settings.gateway_explorer:
        explorer = Explorer(needs_token=needs_token, graphiql=graphiql is not None)
        yield from explorer.routes()


def _schema_route() -> BaseRoute:
    text = sdl()

    async def schema(_: Request) -> Response:
        return PlainTextResponse(text, headers={"Cache-Control": "public, max-age=300"})

    return Route("/schema.graphql", schema)


def graphiql_of(
    settings: Settings,
    needs_token: Callable[[], bool],
    examples: Callable[[], Mapping[str, str]],
) -> GraphiQL | None:
    """GraphiQL, unless it is turned off."""
    if not settings.gateway_graphiql:
        return None
    explorer = settings.gateway_explorer
    return GraphiQL(needs_token=needs_token, explorer=explorer, examples=examples)
