"""The composition root: the one file that knows every floor."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from gateway.accounts import Account
from gateway.cache.backends import open_cache
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.store import Store
from gateway.cache.tiered import TieredCache
from gateway.calls.ground import Ground
from gateway.calls.verbs import Verbs
from gateway.configuration import Configuration, configuration_of, open_to_all
from gateway.insights.paging import Cursors
from gateway.instrumentation import Happening, Hook
from gateway.logs import configure_logging
from gateway.schema.context import Context
from gateway.schema.documents import Documents
from gateway.schema.execution import Executor
from gateway.schema.operations import build_schema, sdl
from gateway.schema.persisted_queries import PersistedQueries, Texts
from gateway.schema.trusted_documents import trusted_documents
from gateway.server.auth import Doorkeeper
from gateway.server.event_streams import EventSink, signer_of
from gateway.server.graphiql import GraphiQL
from gateway.server.graphql import GraphQLEndpoint, MakeContext
from gateway.server.health import Health
from gateway.server.request_log import RequestLog
from gateway.server.telemetry import Telemetry
from gateway.server.tokens import TokenVerifier
from gateway.server.websocket import WebSocketEndpoint
from gateway.settings import Settings, read
from gateway.upstream.client import InsightsClient
from gateway.upstream.transport import Bounded, connect
from gateway.viewers import Realm, Viewer


def create_app(  # noqa: PLR0913 - all but the first two are for tests and the demo
    settings: Settings,
    access: Configuration | Account,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    hooks: Sequence[Hook] = (),
    examples: Mapping[str, str] | None = None,
) -> Starlette:
    """The gateway as an ASGI application.

    `transport` takes the place of the way to Twilio: the sandbox plugs in here. `clock` gives
    seconds since 1970, `hooks` hear what happens, `examples` are SIDs for the tabs of GraphiQL.
    """
    telemetry, health = Telemetry(), Health()
    hook = _all(telemetry, health, *hooks)
    configuration = open_to_all(access) if isinstance(access, Account) else access
    signers = [(signer_of(settings, account), account) for account in configuration.accounts]
    events_are_on = all(signer for signer, _ in signers)
    engine = _engine(settings, configuration.realms, transport, hook, clock, events_are_on)
    take_in = engine.verbs.events.accept
    sink = EventSink([(one, partial(take_in, account)) for one, account in signers if one], hook)
    verifier = _verifier(settings, clock)
    doorkeeper = Doorkeeper(configuration.grants, configuration.stranger, verifier)
    context = _contexts(settings, configuration, engine.verbs, clock)
    graphiql = GraphiQL(examples=examples) if settings.gateway_graphiql else None
    page = graphiql.page if graphiql else None
    executor = _executor(settings, engine.cache)
    routes = [
        Route("/graphql", GraphQLEndpoint(executor, context, doorkeeper, page, clock)),
        WebSocketRoute("/graphql", WebSocketEndpoint(executor, context, doorkeeper, clock)),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", telemetry.metrics),
        sink.route(),
        *_schema_routes(settings),
        *(graphiql.routes() if graphiql else ()),
    ]
    return Starlette(
        routes=routes, middleware=[Middleware(RequestLog)], lifespan=lambda _: engine.running()
    )


def _contexts(
    settings: Settings, configuration: Configuration, verbs: Verbs, clock: Callable[[], float]
) -> MakeContext:
    cursors = {account.sid: Cursors(account.signing_key) for account in configuration.accounts}

    def context(request_id: str, viewer: Viewer) -> Context:
        return Context(
            viewer=viewer,
            verbs=verbs,
            cursors=cursors[viewer.realm.account.sid],
            now=clock(),
            page_grid=settings.gateway_page_max_age,
            request_id=request_id,
        )

    return context


class _Engine(NamedTuple):
    """What is below GraphQL."""

    verbs: Verbs
    client: InsightsClient
    cache: MemoryCache | TieredCache

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, asyncio.Event]]:
        """From the start of the server to its end, which it tells by the event `stopping`."""
        self.cache.listen()
        stopping = asyncio.Event()
        hurrying = asyncio.create_task(self._hurry(stopping))
        yield {"stopping": stopping}
        hurrying.cancel()
        await self.client.aclose()
        await self.cache.close()

    async def _hurry(self, stopping: asyncio.Event) -> None:
        """Let no request wait for a better answer once the server stops."""
        await stopping.wait()
        self.verbs.followers.stop_waiting()


def _engine(  # noqa: PLR0913, PLR0917 - the ends of all wires
    settings: Settings,
    realms: Collection[Realm],
    transport: httpx.AsyncBaseTransport | None,
    hook: Hook,
    clock: Callable[[], float],
    events_are_on: bool,  # noqa: FBT001
) -> _Engine:
    freshness = Freshness.of(settings)
    cache, leases = open_cache(settings, hook, clock)
    bounded = Bounded(
        transport or connect(),
        settings.gateway_upstream_concurrency,
        settings.gateway_upstream_timeout,
    )
    client = InsightsClient(bounded, settings.gateway_upstream_url, hook=hook, clock=clock)
    ground = Ground(client, Store(cache, freshness, clock), freshness, leases, hook, clock)
    return _Engine(Verbs.on(ground, realms, events_are_on=events_are_on), client, cache)


def _verifier(settings: Settings, clock: Callable[[], float]) -> TokenVerifier | None:
    """What verifies JSON Web Tokens, if the settings say by whose keys."""
    url = settings.gateway_jwks_url
    issuer, audience = settings.gateway_jwt_issuer, settings.gateway_jwt_audience
    if url is None or issuer is None or audience is None:
        return None

    async def fetch() -> bytes:
        bounded = Bounded(connect(), 1, settings.gateway_upstream_timeout)
        async with httpx.AsyncClient(transport=bounded, timeout=None) as client:  # noqa: S113 - bounded
            return (await client.get(url)).raise_for_status().content

    return TokenVerifier(fetch, issuer, audience, clock)


def _executor(settings: Settings, cache: Texts) -> Executor:
    schema, introspection = build_schema(), settings.gateway_introspection
    documents = Documents(schema, introspection=introspection)
    trusted = trusted_documents(settings.gateway_trusted_documents, documents)
    only = settings.gateway_trusted_documents_only
    queries = PersistedQueries(documents, cache, trusted, only=only)
    return Executor(schema, queries, introspection=introspection)


def _all(*hooks: Hook) -> Hook:
    def hear(happening: Happening) -> None:
        for hook in hooks:
            hook(happening)

    return hear


def _schema_routes(settings: Settings) -> list[BaseRoute]:
    if not settings.gateway_introspection:
        return []
    text = sdl()

    async def schema(_: Request) -> Response:
        return PlainTextResponse(text, headers={"Cache-Control": "public, max-age=300"})

    return [Route("/schema.graphql", schema)]


def from_environment() -> Starlette:
    """The application of one worker process of `gateway serve`."""
    settings = read(os.environ, Path(".env") if Path(".env").is_file() else None)
    configure_logging(settings)
    return create_app(settings, configuration_of(settings, os.environ))
