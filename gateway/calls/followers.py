"""Follows a call until it is complete: its present state, then each new version.

However many follow one call, in however many replicas, Twilio is asked once per interval: the
followers of a process share one poll and what it learns, and the polls of all replicas take
turns. Whatever anybody learns of the call, a lookup, a page or an event of Twilio's, wakes all.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress

from gateway.cache.store import call_key
from gateway.calls.call import Lookup, LookupStatus
from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.calls.lookups import Lookups
from gateway.calls.polling import jittered, poll_interval, shortest
from gateway.concurrency.background import keep_running
from gateway.concurrency.deadlines import OneAsker, Priority, ask_for, asking, now, unhurried
from gateway.concurrency.quotas import Quota, QuotaSpent
from gateway.concurrency.singleflight import SingleFlight
from gateway.config.viewers import Realm
from gateway.errors import TooManyFollowers, UpstreamError
from gateway.insights.catalogue import CallSid
from gateway.instrumentation import FollowersChanged
from gateway.subscription_instrumentation import VersionsDropped

OVER = frozenset({LookupStatus.COMPLETE, LookupStatus.EXPIRED, LookupStatus.INSIGHTS_NOT_ENABLED})
"""Statuses after which nothing new is to be expected."""


class Followed:
    """The newest state of a call. Only that is kept: who is slow does not hold up old ones.

    `turns` counts how often there was a newer one.
    """

    def __init__(self, state: Lookup) -> None:
        self.state = state
        self.turns = 0
        self.followers = 0
        self.tasks: tuple[asyncio.Task[None], ...] = ()
        self._turned = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether the state is the last one."""
        return self.state.status in OVER

    def see(self, state: Lookup) -> None:
        """Wake those who wait, if this is news."""
        if _is_news(state, self.state):
            self.state = state
            self.turns += 1
            turned, self._turned = self._turned, asyncio.Event()
            turned.set()

    async def after(self, state: Lookup) -> Lookup:
        """The newest state, as soon as it is newer than this one."""
        while not _is_news(self.state, state):
            await self._turned.wait()
        return self.state


def _is_news(latest: Lookup, before: Lookup) -> bool:
    if latest.call is None:
        turned = latest.status is not before.status
        return turned and (before.call is None or latest.status in OVER)
    return before.call is None or latest.call.snapshot.version > before.call.snapshot.version


class Followers(CallOperations):
    """Follows calls and waits for them, for as many at once as `quota` has places.

    `events_are_on` says that Twilio pushes what is new.
    """

    def __init__(
        self, dependencies: Dependencies, lookups: Lookups, quota: Quota, *, events_are_on: bool
    ) -> None:
        self._lookups = lookups
        self._quota = quota
        super().__init__(dependencies)
        self._leases = dependencies.leases
        self._events_are_on = events_are_on
        self._followed: dict[str, Followed] = {}
        self._beginnings: SingleFlight[Lookup] = SingleFlight()
        self._waiting: set[asyncio.Timeout] = set()

    def expect(self, *, events_are_on: bool) -> None:
        """Go on where Twilio pushes what is new, or does not."""
        self._events_are_on = events_are_on

    async def follow(self, realm: Realm, sid: CallSid) -> AsyncGenerator[Lookup, None]:
        """The state now, each newer one, up to the last. One who is slow gets the newest alone.

        Raises TooManyFollowers, and UpstreamError when there is not even a first state.
        """
        with self._counted():
            state = await self._beginning(realm, sid)
            yield state
            if state.status in OVER:
                return
            with self._joined(realm, sid, state) as followed:
                turns = followed.turns
                while state.status not in OVER:
                    state = await followed.after(state)
                    if (dropped := followed.turns - turns - 1) > 0:
                        self._hook(VersionsDropped(dropped))
                    turns = followed.turns
                    yield state

    async def wait(
        self, realm: Realm, sid: CallSid, enough: frozenset[LookupStatus], seconds: float
    ) -> Lookup:
        """The state as soon as it is enough, or what there is after so many seconds."""
        until = now() + seconds
        async with aclosing(self.follow(realm, sid)) as states:
            state = await anext(states)
            with unhurried(), suppress(TimeoutError):
                async with self._patience(until):
                    while state.status not in enough | OVER:
                        state = await anext(states)
        if state.status in enough | OVER:
            return state
        return await self._lookups.cached(realm, sid) or state

    def stop_waiting(self) -> None:
        """Answer all who wait with what there is now: the server stops."""
        for patience in self._waiting:
            if not patience.expired():
                patience.reschedule(now())

    @asynccontextmanager
    async def _patience(self, until: float) -> AsyncIterator[None]:
        async with asyncio.timeout_at(until) as patience:
            self._waiting.add(patience)
            try:
                yield
            finally:
                self._waiting.discard(patience)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            place = self._quota.enter(asking().viewer)
        except QuotaSpent as spent:
            raise TooManyFollowers(str(spent)) from None
        with place:
            self._hook(FollowersChanged(1))
            try:
                yield
            finally:
                self._hook(FollowersChanged(-1))

    async def _beginning(self, realm: Realm, sid: CallSid) -> Lookup:
        """The state to begin with: what the others have who follow the call, or a new one."""
        key = call_key(realm.key, sid)
        if (followed := self._followed.get(key)) is not None:
            return followed.state
        return await self._beginnings.do(key, lambda: self._first(realm, sid))

    async def _first(self, realm: Realm, sid: CallSid) -> Lookup:
        """Ask Twilio, unless another replica did so just now, or Twilio pushes what is new."""
        cached = await self._lookups.cached(realm, sid)
        my_turn = await self._claim(realm, sid, self._interval(cached))
        if cached is not None and cached.call is None and self._clock() >= cached.fresh_until:
            cached = None
        if cached is None or (my_turn and not (self._events_are_on and cached.call is not None)):
            return await self._lookups.look_up(realm, sid)
        return cached

    @contextmanager
    def _joined(self, realm: Realm, sid: CallSid, state: Lookup) -> Iterator[Followed]:
        """Have the call asked for in intervals, and listened for, while somebody follows it."""
        key = call_key(realm.key, sid)
        followed = self._followed.get(key)
        if followed is None:
            followed = self._followed[key] = Followed(state)
            followed.tasks = (
                self._run("watching of a call", lambda: self._listen(realm, sid, followed)),
                self._run("polling of a call", lambda: self._ask_again(realm, sid, followed)),
            )
        followed.see(state)
        followed.followers += 1
        try:
            yield followed
        finally:
            followed.followers -= 1
            if followed.followers == 0:
                del self._followed[key]
                for task in followed.tasks:
                    task.cancel()

    def _run(self, name: str, work: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
        return asyncio.create_task(keep_running(name, work, self._hook))

    async def _listen(self, realm: Realm, sid: CallSid, followed: Followed) -> None:
        with self._store.watch(realm.key, sid) as changed:
            while True:
                latest = await self._lookups.cached(realm, sid)
                if latest is not None:
                    followed.see(latest)
                await changed.wait()
                changed.clear()

    async def _ask_again(self, realm: Realm, sid: CallSid, followed: Followed) -> None:
        ask_for(OneAsker(asking().viewer, Priority.BACKGROUND))
        at_least = 0.0
        while not followed.is_over:
            interval = self._interval(followed.state)
            pause = jittered(interval, random.random())  # noqa: S311 - no secret
            await asyncio.sleep(max(pause, at_least))
            at_least = 0.0
            if await self._claim(realm, sid, interval):
                try:
                    await self._lookups.refresh(realm, sid)
                except UpstreamError as error:
                    at_least = error.retry_after or 0.0

    def _interval(self, state: Lookup | None) -> float:
        return poll_interval(state, self._clock(), events_are_on=self._events_are_on)

    async def _claim(self, realm: Realm, sid: CallSid, interval: float) -> bool:
        """Whether no replica asks in this interval; then this one does."""
        return await self._leases.claim(f"poll:{call_key(realm.key, sid)}", shortest(interval))
