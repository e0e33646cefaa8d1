"""A call that is followed: its newest state, for all who follow it in this process."""

import asyncio

from gateway.calls.call import Lookup, LookupStatus

OVER = frozenset({LookupStatus.COMPLETE, LookupStatus.EXPIRED, LookupStatus.INSIGHTS_NOT_ENABLED})
"""Statuses after which nothing new is to be expected."""


class Followed:
    """The newest state of a call. Only that is kept: who is slow does not hold up old ones."""

    def __init__(self, state: Lookup) -> None:
        self.state = state
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
    return before.call is None or latest.call.snapshot.rank[:2] > before.call.snapshot.rank[:2]
