"""Assembles the application: the one file that imports from every room."""

import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import GraphQLSchema
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.cache.tiered_cache import TieredCache
from gateway.calls.service import CallService
from gateway.config.accounts import Account
from gateway.config.file import Configuration, configuration_of, open_to_all
from gateway.config.load import ENV_FILE, merged, read
from gateway.config.settings import Settings
from gateway.config.viewers import Viewer
from gateway.http_library import httpx
from gateway.insights.paging import Cursors
from gateway.instrumentation import Hook
from gateway.schema.context import Context
from gateway.schema.demand_control.admission import DemandControl
from gateway.schema.demand_control.budgets import Budgets
from gateway.schema.demand_control.limits import Limits
from gateway.schema.documents.document import Documents
from gateway.schema.documents.persisted_queries import PersistedQueries
from gateway.schema.documents.trusted_documents import trusted_documents
from gateway.schema.execution.executor import Executor
from gateway.schema.execution.tables import Tables
from gateway.schema.federation import build_subgraph
from gateway.schema.operations import build_schema
from gateway.schema.results.tag_header import TagHeader
from gateway.server.access.authentication import Authenticator
from gateway.server.access.jwt import TokenVerifier, kept_fresh, key_set_of
from gateway.server.access.reload import Access, Reread
from gateway.server.backend import Backend, backend_of
from gateway.server.drain import Drain
from gateway.server.graphql.callbacks import Callbacks
from gateway.server.graphql.cors import across_origins, origins_of
from gateway.server.graphql.endpoint import GraphQLEndpoint
from gateway.server.graphql.load_shedding import LoadShedding
from gateway.server.graphql.responses import statuses_of
from gateway.server.graphql.service import MakeContext, Service
from gateway.server.graphql.websocket import WebSocketEndpoint
from gateway.server.mcp.mount import mounted
from gateway.server.middleware.fast_route import Application
from gateway.server.middleware.stack import MiddlewareStack
from gateway.server.open_files import at_most
from gateway.server.pages import graphiql_of, page_routes
from gateway.server.protocols.connection_limits import STATE, Connections
from gateway.server.protocols.replay import Replay
from gateway.server.purge_route import purge_route
from gateway.server.shipped_documents import own_documents
from gateway.server.telemetry.event_loop import pulse
from gateway.server.telemetry.logs import configure_logging
from gateway.server.telemetry.observers import observers, routes_of
from gateway.server.telemetry.prometheus import Telemetry
from gateway.server.telemetry.request_log import RequestLog
from gateway.server.telemetry.tracing import sent_at_the_end, traces_of
from gateway.server.warehouse_routes import warehouse_routes
from gateway.upstream.proxies import Proxies

if TYPE_CHECKING:  # it needs the extra `otel`
    from gateway.server.telemetry.spans import Spans


def create_app(  # noqa: PLR0913 - all but the first two are for tests and the demo
    settings: Settings,
    access: Configuration | Account,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    hooks: Sequence[Hook] = (),
    examples: Callable[[], Mapping[str, str]] = dict,
    reread: Reread | None = None,
    traces: "Spans | None" = None,
) -> Starlette:
    """The gateway as an ASGI application.

    `transport` takes the place of the way to Twilio: the sandbox plugs in here. `clock` gives
    seconds since 1970, `hooks` hear what happens, `examples` gives SIDs for GraphiQL's tabs,
    `reread` gives the configuration that is obeyed after a SIGHUP, and `traces` makes traces.
    """
    drain = Drain(settings.gateway_drain)
    telemetry, health, hook = observers(settings, drain, clock, hooks, traces)
    configuration = open_to_all(access) if isinstance(access, Account) else access
    backend = backend_of(settings, configuration, transport, hook, clock)
    verifier = _verifier(settings, clock, hook)
    access_control = Access(configuration, settings, backend.call_service, verifier, hook)
    authenticator = access_control.authenticator
    graphiql = graphiql_of(settings, authenticator.needs_token, examples)
    origins, request_log = origins_of(settings.gateway_cors_origins), RequestLog(hook)
    service = _service(settings, backend, authenticator, telemetry, clock, hook)
    shown, statuses = graphiql.page if graphiql else None, statuses_of(settings)
    callbacks = Callbacks.of(settings, service, request_log)
    endpoint = GraphQLEndpoint(service, callbacks, shown, origins, statuses)
    replay = Replay(
        backend.memory, service.executor.answers, authenticator, request_log, drain, clock
    )
    mcp = mounted(settings, service, _schema(settings), request_log, origins)
    sockets = WebSocketEndpoint(service, request_log=request_log, origins=origins)
    routes = [
        *routes_of(telemetry, health),
        access_control.sink.route(),
        *_for_operators(settings, backend, authenticator, clock),
        *(mcp.routes if mcp else ()),
        *page_routes(settings, authenticator.needs_token, graphiql),
    ]
    over_http = across_origins(LoadShedding(endpoint.respond, backend.quotas.requests), origins)
    local_only = configuration.stranger is not None and settings.gateway_auth != "none"
    front = MiddlewareStack(over_http, sockets, request_log, replay, drain, local_only)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        beside = [pulse(telemetry, hook), kept_fresh(verifier, hook), callbacks.running()]
        beside += [mcp.running()] if mcp else []
        async with backend.running() as state, _all(*beside):
            with access_control.reloading(reread), drain.at_sigterm(), sent_at_the_end(traces):
                yield state | {STATE: _connections(settings, hook), "replay": replay}

    app = Application(front, routes=routes, lifespan=lifespan)
    app.state.mcp = mcp
    return app


@asynccontextmanager
async def _all(*running: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    """All of them, one inside the other."""
    async with AsyncExitStack() as stack:
        for one in running:
            await stack.enter_async_context(one)
        yield


def _for_operators(
    settings: Settings, backend: Backend, who: Authenticator, clock: Callable[[], float]
) -> list[Route]:
    purge = purge_route(backend.cache, who, settings)
    return [*warehouse_routes(backend.call_service, who, clock), purge]


def _connections(settings: Settings, hook: Hook) -> Connections:
    return Connections(
        at_most(settings.gateway_max_connections),
        settings.gateway_max_connections_per_address,
        settings.gateway_trusted_proxies or (),
        hook=hook,
    )


def _contexts(
    settings: Settings, call_service: CallService, clock: Callable[[], float]
) -> MakeContext:
    @lru_cache(maxsize=256)
    def cursors(signing_key: bytes) -> Cursors:
        return Cursors(signing_key)

    def context(request_id: str, viewer: Viewer) -> Context:
        return Context(
            viewer=viewer,
            call_service=call_service,
            cursors=cursors(viewer.realm.account.signing_key),
            now=clock(),
            page_grid=settings.gateway_page_max_age,
            request_id=request_id,
            deadline=settings.gateway_deadline,
        )

    return context


def _verifier(settings: Settings, clock: Callable[[], float], hook: Hook) -> TokenVerifier | None:
    """What verifies JSON Web Tokens, if the settings say by whose keys."""
    url = settings.gateway_jwks_url
    issuer, audience = settings.gateway_jwt_issuer, settings.gateway_jwt_audience
    if url is None or issuer is None or audience is None:
        return None
    fetch = key_set_of(url, settings.gateway_upstream_timeout, Proxies.of(settings))
    return TokenVerifier(fetch, issuer, audience, clock, hook)


def _schema(settings: Settings) -> GraphQLSchema:
    return build_subgraph() if settings.gateway_federation else build_schema()


def _service(  # noqa: PLR0913, PLR0917 - what all transports share
    settings: Settings,
    backend: Backend,
    authenticator: Authenticator,
    telemetry: Telemetry,
    clock: Callable[[], float],
    hook: Hook,
) -> Service:
    executor, tables = _executor(settings, backend, telemetry, hook)
    context = _contexts(settings, backend.call_service, clock)
    return Service(executor, tables, context, authenticator, backend.quotas, clock, hook)


def _executor(
    settings: Settings, backend: Backend, telemetry: Telemetry, hook: Hook
) -> tuple[Executor, Tables]:
    schema = _schema(settings)
    introspection = settings.gateway_introspection
    limits = Limits.of(settings)
    asked_anew = settings.gateway_annotation_max_age <= settings.gateway_page_max_age
    documents = Documents(
        schema,
        introspection=introspection,
        limits=limits,
        annotation=int(asked_anew),
        memory=backend.memory,
        refuse_numbers=settings.gateway_refuse_numbers,
    )
    trusted = trusted_documents(settings.gateway_trusted_documents, documents)
    trusted = {**own_documents(settings, documents), **trusted}
    telemetry.expect(documents.pinned_names())
    only = settings.gateway_trusted_documents_only
    queries = PersistedQueries(documents, backend.cache, trusted, only=only)
    budgets = Budgets(backend.cache if isinstance(backend.cache, TieredCache) else None)
    demand = DemandControl(limits.cost, budgets)
    executor = Executor(
        schema,
        queries.read,
        introspection=introspection,
        demand=demand,
        compiled=settings.gateway_compiled,
        memory=backend.memory,
        hook=hook,
        tags=TagHeader.chosen(settings),
    )
    executor.prepare(documents.pinned)
    return executor, Tables(executor, documents.read_aside)


def from_environment() -> Starlette:
    """The application of one worker process of `gateway serve`."""
    settings = read(os.environ, ENV_FILE)
    configure_logging(settings)

    def reread() -> Configuration:
        return configuration_of(settings, merged(os.environ, ENV_FILE))

    app = create_app(settings, reread(), reread=reread, traces=traces_of(os.environ))
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be looked through again and again
    return app
