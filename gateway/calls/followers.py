"""Following a call: its state now, each new version as it appears, and its end.

However many follow one call, in however many replicas, Twilio is asked once per interval: the
followers of a process share one poll, and the polls of all replicas take turns. Whatever anybody
learns of the call, a lookup, a page or an event of Twilio's, wakes all of them.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress

from gateway.accounts import Account
from gateway.cache.store import call_key
from gateway.calls.call import Lookup, LookupStatus
from gateway.calls.ground import Ground
from gateway.calls.lookups import Lookups
from gateway.calls.polling import jittered, poll_interval
from gateway.errors import TooManyFollowers, UpstreamError
from gateway.insights.catalogue import CallSid
from gateway.instrumentation import FollowersChanged

MAX_FOLLOWERS = 10_000
"""Of all calls in one process."""

_OVER = {
    LookupStatus.COMPLETE,
    LookupStatus.EXPIRED,
    LookupStatus.INSIGHTS_NOT_ENABLED,
}
"""Statuses after which nothing new is to be expected."""


class Followers:
    """Follows calls and waits for them. `events_are_on` says that Twilio pushes what is new."""

    def __init__(self, ground: Ground, lookups: Lookups, *, events_are_on: bool) -> None:
        self._lookups = lookups
        self._store = ground.store
        self._leases = ground.leases
        self._events_are_on = events_are_on
        self._hook = ground.hook
        self._clock = ground.clock
        self._count = 0
        self._polls: dict[str, _Poll] = {}

    async def follow(self, account: Account, sid: CallSid) -> AsyncGenerator[Lookup, None]:
        """The state now, each newer one, up to the last. One who is slow gets the newest alone.

        Raises TooManyFollowers, and UpstreamError when there is not even a first state.
        """
        with self._counted(), self._store.watch(account.sid, sid) as changed:
            state = await self._first(account, sid)
            yield state
            with self._polled(account, sid):
                while state.status not in _OVER:
                    await changed.wait()
                    changed.clear()
                    latest = await self._lookups.known(account, sid)
                    if latest is not None and _is_news(latest, state):
                        state = latest
                        yield state

    async def wait(
        self, account: Account, sid: CallSid, enough: frozenset[LookupStatus], seconds: float
    ) -> Lookup:
        """The state as soon as it is enough, or what there is after so many seconds."""
        latest: Lookup | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(self.follow(account, sid)) as states:
                async for latest in states:
                    if latest.status in enough | _OVER:
                        break
        return latest or await self._lookups.look_up(account, sid)

    async def _first(self, account: Account, sid: CallSid) -> Lookup:
        if self._events_are_on:
            known = await self._lookups.known(account, sid)
            if known is not None and known.call is not None:
                return known
        return await self._lookups.look_up(account, sid)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._count >= MAX_FOLLOWERS:
            raise TooManyFollowers(MAX_FOLLOWERS)
        self._count += 1
        self._hook(FollowersChanged(1))
        try:
            yield
        finally:
            self._count -= 1
            self._hook(FollowersChanged(-1))

    @contextmanager
    def _polled(self, account: Account, sid: CallSid) -> Iterator[None]:
        """Have the call asked for in intervals while somebody follows it."""
        key = call_key(account.sid, sid)
        poll = self._polls.get(key)
        if poll is None:
            poll = self._polls[key] = _Poll(asyncio.create_task(self._ask_again(account, sid)))
        poll.followers += 1
        try:
            yield
        finally:
            poll.followers -= 1
            if poll.followers == 0:
                poll.task.cancel()
                del self._polls[key]

    async def _ask_again(self, account: Account, sid: CallSid) -> None:
        while True:
            seen = await self._store.known(account.sid, sid)
            interval = poll_interval(seen, self._clock(), events_are_on=self._events_are_on)
            await asyncio.sleep(jittered(interval, random.random()))  # noqa: S311 - no secret
            if await self._leases.claim(f"poll:{call_key(account.sid, sid)}", interval * 0.7):
                with suppress(UpstreamError):
                    await self._lookups.refresh(account, sid)


class _Poll:
    def __init__(self, task: "asyncio.Task[None]") -> None:
        self.task = task
        self.followers = 0


def _is_news(latest: Lookup, before: Lookup) -> bool:
    if latest.call is None or before.call is None:
        return latest.call is not None or (before.call is None and latest.status != before.status)
    return latest.call.snapshot.rank[:2] > before.call.snapshot.rank[:2]
