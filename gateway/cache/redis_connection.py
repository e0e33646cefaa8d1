"""Connects to Redis, and treats each failure as a cache miss that is logged with its reason.

A server that cannot be asked is left alone for a second before it is tried again. One that answers
and refuses writes (it is full, or read-only) is read as before, and is not written to for a second.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from gateway.instrumentation import DependencyChanged, Hook, silent

T = TypeVar("T")

FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)
"""All that says that the server cannot be asked; RuntimeError is what uvloop calls a connection
that was lost while it was made."""

RETRY_AFTER = 1.0
"""Seconds for which a server that failed is left alone."""

_PROTOCOL = 2
"""The version of RESP. The next one begins with `HELLO`, which servers before Redis 6, some proxies
and servers that renamed it do not know, and the gateway needs nothing of it."""

_ONCE_MORE = Retry(NoBackoff(), 1, (RedisConnectionError,))
"""A pooled connection may have died unnoticed, so a second one is tried; nobody waits. What took
too long is not tried again: it would take as long once more."""

_NEVER = Retry(NoBackoff(), 0)
"""Who listens must know when the connection broke: messages may have been missed."""

_QUOTED = re.compile(r"""\(["'](.*)["'],\)""")

_OF_ONE_KEY = ("WRONGTYPE", "value is not an integer", "increment or decrement would overflow")
"""What is in errors that are about what stands under a key, and say nothing of the server."""


class RedisConnection:
    """Asks one server, by at most 20 connections.

    `url` is `redis://` or `rediss://`, with user, password and database. `timeout` is the longest
    wait, in seconds, for a connection or an answer. `clock` gives seconds.
    """

    def __init__(
        self,
        url: str,
        timeout: float,
        hook: Hook = silent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=20,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=_ONCE_MORE,
            protocol=_PROTOCOL,
        )
        self.client = redis.Redis(connection_pool=pool)
        self.is_up = True
        self.takes_writes = True
        self._url = url
        self._hook = hook
        self._clock = clock
        self._left_alone_until = 0.0
        self._unwritten_until = 0.0
        self._reason = ""

    def listener(self) -> redis.Redis:
        """A connection of its own, on which no command is repeated."""
        return redis.Redis.from_url(self._url, retry=_NEVER, protocol=_PROTOCOL)

    async def read(self, ask: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """What the server answers, or `otherwise` when it cannot be asked."""
        if self._clock() < self._left_alone_until:
            return otherwise
        try:
            result = await ask()
        except FAILURES as error:
            self.mark_down(error)
            return otherwise
        finally:
            heed_cancellation()
        self.mark_up()
        return result

    async def write(self, ask: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """The same, of what changes something; a server that refuses is not asked for a while."""
        if self._clock() < max(self._left_alone_until, self._unwritten_until):
            return otherwise
        try:
            result = await ask()
        except ResponseError as error:
            if not any(words in str(error) for words in _OF_ONE_KEY):
                self._unwritten_until = self._clock() + RETRY_AFTER
                self._turn(up=True, takes_writes=False, why=error)
            return otherwise
        except FAILURES as error:
            self.mark_down(error)
            return otherwise
        finally:
            heed_cancellation()
        self._turn(up=True, takes_writes=True)
        return result

    def mark_up(self) -> None:
        """Ask the server again; of one that was down it is not known that it refuses writes."""
        self._left_alone_until = 0.0
        self._turn(up=True, takes_writes=self.takes_writes or not self.is_up)

    def mark_down(self, why: Exception) -> None:
        """Leave the server alone for a while."""
        self._left_alone_until = self._clock() + RETRY_AFTER
        self._turn(up=False, takes_writes=self.takes_writes, why=why)

    def _turn(self, *, up: bool, takes_writes: bool, why: Exception | None = None) -> None:
        if (up, takes_writes) == (self.is_up, self.takes_writes):
            return
        self.is_up, self.takes_writes = up, takes_writes
        if why is not None:
            self._reason = reason_of(why)
        if not up:
            self._hook(DependencyChanged("cache", self._reason))
        elif not takes_writes:
            self._hook(DependencyChanged("cache", self._reason, how="refuses writes"))
        else:
            self._hook(DependencyChanged("cache", None))

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.aclose(close_connection_pool=True)


def heed_cancellation() -> None:
    """Raise CancelledError if the present task is to end.

    redis waits by `asyncio.wait_for`, which before Python 3.12 forgets to be cancelled if what it
    waits for is done at that moment: https://github.com/python/cpython/issues/86296.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def reason_of(error: Exception) -> str:
    """The first words of an error; without the command, which names keys, and its arguments.

    Those of an unknown `AUTH` or `HELLO` are a password.
    """
    words = str(error).rpartition(" caused error: ")[2]
    if (quoted := _QUOTED.fullmatch(words)) is not None:
        words = quoted[1]
    for what_follows in (", with args", ". script: ", ", script: "):
        words = words.partition(what_follows)[0]
    return " ".join(words.split())[:200].rstrip(".") or type(error).__name__
