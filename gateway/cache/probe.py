"""Checks a cache server: whether it stores and returns values, runs scripts, and publishes."""

import asyncio
import secrets

import redis.asyncio as redis
from redis.asyncio.client import PubSub
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from gateway.cache.invalidation import CHANNEL, PREFIX
from gateway.cache.redis_connection import reason_of

TIMEOUT = 5.0
"""Seconds for a connection, an answer and a message: nobody waits but the operator."""

_LIVES = 10_000
"""Milliseconds of the one key that is written, should the probe not get to removing it."""

_SAME = "return redis.call('GET', KEYS[1])"


class Unfit(Exception):
    """A server that the gateway could not use: the `reason`, and the `cure`."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.cure = cure


async def probe(url: str) -> None:
    """Do once what the gateway does all the time. Raises Unfit."""
    try:
        async with redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, protocol=2
        ) as client:
            await _try(client, f"{PREFIX}check:{secrets.token_hex(8)}")
    except (RedisError, OSError, TimeoutError, RuntimeError) as error:
        raise Unfit(reason_of(error), _cure(error)) from None


async def _try(client: redis.Redis, key: str) -> None:
    async with client.pubsub(ignore_subscribe_messages=True) as listener:
        await listener.subscribe(CHANNEL)
        await client.set(key, b"1", px=_LIVES)
        if [await client.get(key), await client.eval(_SAME, 1, key)] != [b"1", b"1"]:
            raise ResponseError("what is written is not what is read")
        await client.publish(CHANNEL, key)
        await client.unlink(key)
        try:
            async with asyncio.timeout(TIMEOUT):
                await _heard(listener, key)
        except TimeoutError:
            raise ResponseError("no message comes of what is published") from None


async def _heard(listener: PubSub, key: str) -> None:
    async for message in listener.listen():
        if message["data"] == key.encode():
            return


def _cure(error: Exception) -> str:
    match error:
        case AuthenticationError():
            return "compare user and password in GATEWAY_CACHE_URL with those of the server."
        case NoPermissionError():
            return f"allow its user the command, the keys `{PREFIX}*` and the channel `{CHANNEL}`."
        case ReadOnlyError():
            return "set GATEWAY_CACHE_URL to the primary: a replica takes no writes."
        case OutOfMemoryError():
            return "give it the `maxmemory-policy` `allkeys-lru`, or more memory."
        case ResponseError():
            return "use a Redis or Valkey server, or a proxy that lets such commands through."
        case _:
            return "see whether GATEWAY_CACHE_URL is right and reachable from here."
