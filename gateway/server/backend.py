"""Assembles the layers below GraphQL: Twilio's client, cache, warehouse, operations."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from gateway.cache.backends import open_cache
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.store import Store
from gateway.cache.tiered_cache import TieredCache
from gateway.calls.dependencies import Dependencies
from gateway.calls.served_accounts import ServedAccounts
from gateway.calls.service import CallService
from gateway.concurrency.quotas import Quotas
from gateway.config.file import Configuration
from gateway.config.settings import Settings
from gateway.http_library import httpx
from gateway.instrumentation import Hook
from gateway.lru import LruCache, shares
from gateway.server.access.reload import events_are_on
from gateway.server.warehouse import kept_up, warehouse_of
from gateway.upstream.client import InsightsClient
from gateway.upstream.proxies import Proxies
from gateway.upstream.stack import transport_stack
from gateway.upstream.transport import Wire


class Backend(NamedTuple):
    """What is below GraphQL, and tells `hook` what happens."""

    call_service: CallService
    client: InsightsClient
    cache: MemoryCache | TieredCache
    quotas: Quotas
    memory: LruCache
    hook: Hook

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, Any]]:
        """From the start of the server to its end, which it tells by the event `stopping`."""
        await self.cache.listen()
        stopping = asyncio.Event()
        hurrying = asyncio.create_task(self._hurry(stopping))
        async with kept_up(self.call_service, self.hook):
            yield {"stopping": stopping, "call_service": self.call_service}
        hurrying.cancel()
        await self.client.aclose()
        await self.cache.close()

    async def _hurry(self, stopping: asyncio.Event) -> None:
        """Let no request wait for a better answer once the server stops."""
        await stopping.wait()
        self.call_service.followers.stop_waiting()


def backend_of(
    settings: Settings,
    configuration: Configuration,
    transport: httpx.AsyncBaseTransport | None,
    hook: Hook,
    clock: Callable[[], float],
) -> Backend:
    """Put it together. `transport` takes the place of the way to Twilio."""
    freshness = Freshness.of(settings)
    cache, leases = open_cache(settings, hook, clock)
    layered = transport_stack(
        transport or Wire(Proxies.of(settings)),
        settings.gateway_upstream_concurrency,
        settings.gateway_upstream_timeout,
        hook,
    )
    client = InsightsClient(layered, settings.gateway_upstream_url, hook=hook, clock=clock)
    accounts = ServedAccounts(configuration.accounts)
    warehouse = warehouse_of(settings, accounts, clock, hook)
    store = Store(cache, freshness, clock)
    dependencies = Dependencies(client, store, freshness, leases, hook, clock, accounts, warehouse)
    pushed = events_are_on(settings, configuration.accounts)
    quotas = Quotas.of(settings, hook, viewers=configuration.stranger is None)
    call_service = CallService.on(
        dependencies,
        configuration.realms,
        quotas.followers,
        events_are_on=pushed,
        requests_per_minute=settings.gateway_warehouse_requests_per_minute,
    )
    memory = LruCache(shares(settings.gateway_cache_max_bytes).requests)
    return Backend(call_service, client, cache, quotas, memory, hook)
