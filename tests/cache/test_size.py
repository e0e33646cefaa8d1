"""How much room what is remembered takes."""

import time

import httpx
import pytest

from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.redis_cache import RedisCache
from gateway.cache.store import Store
from gateway.cache.tiered_cache import TieredCache
from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.encryption import Seal
from gateway.insights.paging import PageRef, Question
from gateway.insights.windows import Window
from gateway.sandbox import Sandbox
from gateway.upstream.client import InsightsClient
from tests.servers import RedisServer

DAY = 86400


@pytest.mark.parametrize(
    ("seal", "megabytes"), [(None, 150), (Seal([b"k" * 32]), 155)], ids=["plain", "encrypted"]
)
async def test_a_hundred_thousand_summaries_take_150_megabytes_of_redis(
    redis: RedisServer, seal: Seal | None, megabytes: int
) -> None:
    """Measured on calls of all kinds, as the server counts its memory: keys and overhead too.

    Encrypted, each takes a nonce and a tag more.
    """
    sandbox = Sandbox(calls=2000, arrivals=False)
    client = InsightsClient(httpx.ASGITransport(app=sandbox.app), "http://twilio")
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    cache = TieredCache(MemoryCache(max_bytes=10**8), RedisCache(redis.url, timeout=5, seal=seal))
    store = Store(cache, Freshness(), time.time)
    before = redis.command("INFO", "memory")["used_memory"]
    now, kept = int(time.time()), 0
    ref: PageRef | None = PageRef(Window(now - 28 * DAY, now), 1000)
    while ref is not None:
        page = await client.page(account, Question(account.sid, (), "end_time"), ref)
        kept += len(await store.keep(account.sid, page.snapshots))
        ref = page.next
    used = redis.command("INFO", "memory")["used_memory"] - before
    await cache.close()
    await client.aclose()
    assert kept > 1000
    assert redis.command("DBSIZE") > 0.9 * kept
    assert used / kept * 100_000 < megabytes * 2**20
    near = cache.near.size - cache.near.size_of_derived
    assert near / kept * 100_000 < 600 * 2**20
