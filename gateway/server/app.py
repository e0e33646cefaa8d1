"""The composition root: the one file that knows every floor."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from gateway.accounts import Account, account_of
from gateway.cache.backends import open_cache
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.store import Store
from gateway.cache.tiered import TieredCache
from gateway.calls.ground import Ground
from gateway.calls.verbs import Verbs
from gateway.insights.paging import Cursors
from gateway.instrumentation import Happening, Hook
from gateway.logs import configure_logging
from gateway.schema.context import Context
from gateway.schema.documents import Documents
from gateway.schema.execution import Executor
from gateway.schema.operations import build_schema, sdl
from gateway.schema.persisted_queries import PersistedQueries, Texts
from gateway.schema.trusted_documents import trusted_documents
from gateway.server.event_streams import EventSink, signer_of
from gateway.server.graphiql import GraphiQL
from gateway.server.graphql import GraphQLEndpoint
from gateway.server.health import Health
from gateway.server.request_log import RequestLog
from gateway.server.telemetry import Telemetry
from gateway.server.websocket import WebSocketEndpoint
from gateway.settings import Settings, read
from gateway.upstream.client import InsightsClient
from gateway.upstream.transport import Bounded, connect


def create_app(  # noqa: PLR0913 - all but the first two are for tests and the demo
    settings: Settings,
    account: Account,
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
    signer = signer_of(settings, account)
    engine = _engine(settings, transport, hook, clock, events_are_on=signer is not None)
    sink = EventSink(signer, partial(engine.verbs.events.accept, account), hook)
    cursors = Cursors(account.signing_key)

    def context(request_id: str, init: Mapping[str, Any] | None = None) -> Context:
        return Context(
            account=account,
            verbs=engine.verbs,
            cursors=cursors,
            now=clock(),
            page_grid=settings.gateway_page_max_age,
            request_id=request_id,
            init=init or {},
        )

    graphiql = GraphiQL(examples=examples) if settings.gateway_graphiql else None
    page = graphiql.page if graphiql else None
    executor = _executor(settings, engine.cache)
    routes = [
        Route("/graphql", GraphQLEndpoint(executor, context, page, clock)),
        WebSocketRoute("/graphql", WebSocketEndpoint(executor, context)),
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


def _engine(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None,
    hook: Hook,
    clock: Callable[[], float],
    *,
    events_are_on: bool,
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
    return _Engine(Verbs.on(ground, events_are_on=events_are_on), client, cache)


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
    return create_app(settings, account_of(settings))
