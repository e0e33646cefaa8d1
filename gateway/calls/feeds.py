"""Streams calls as they become complete, each once, from all replicas.

The warehouse is looked at whenever something was written or synchronised, and now and then. While
it is away, a feed waits; then it goes on where it was, so nothing is missed.
"""

import asyncio
from collections.abc import AsyncGenerator, Hashable

from gateway.calls.call import Call, Source, answer
from gateway.calls.dependencies import Dependencies
from gateway.concurrency.deadlines import asking
from gateway.concurrency.quotas import Quota, QuotaSpent
from gateway.errors import TooManyFollowers, WarehouseDisabled, WarehouseError
from gateway.warehouse.engine import USUAL
from gateway.warehouse.pages import Place, Question

OFTEN = 1.0
"""Seconds between two looks at whether something was written."""

SELDOM = 15.0
"""Seconds after which the calls are looked at in any case: another replica may have written."""

_PAGE = 100


class Feeds:
    """Follows, for as many at once as `quota` has places."""

    def __init__(self, dependencies: Dependencies, quota: Quota) -> None:
        self._dependencies = dependencies
        self._quota = quota

    @property
    def now(self) -> Place:
        """The place of a feed that begins now. Raises WarehouseDisabled."""
        if self._dependencies.warehouse is None:
            raise WarehouseDisabled
        return Place((int(self._dependencies.warehouse.settled_until * 1000),), "")

    async def follow(
        self, question: Question, after: Place
    ) -> AsyncGenerator[tuple[Place, Call], None]:
        """Calls that meet a condition after a place, as they become complete.

        Raises TooManyFollowers.
        """
        try:
            place = self._quota.enter(asking().viewer)
        except QuotaSpent as spent:
            raise TooManyFollowers(str(spent)) from None
        with place:
            while True:
                before = await self._version(question)
                found = await self._page(question, after)
                for at, call in found:
                    yield at, call
                    after = at
                if len(found) < _PAGE:
                    await self._change(question, before)

    async def _page(self, question: Question, after: Place) -> list[tuple[Place, Call]]:
        warehouse = self._dependencies.warehouse
        if warehouse is None:
            raise WarehouseDisabled
        until = int(warehouse.settled_until * 1000)
        try:
            found = await warehouse.feed.page(question, after, until, _PAGE, USUAL)
        except WarehouseError:
            return []
        freshness = self._dependencies.freshness
        return [(at, answer(one, Source.WAREHOUSE, freshness)) for at, one in found]

    async def _version(self, question: Question) -> Hashable:
        """Changes whenever something was written; None while the warehouse is away."""
        warehouse = self._dependencies.warehouse
        try:
            return await warehouse.version(question.realm.account.sid) if warehouse else None
        except WarehouseError:
            return None

    async def _change(self, question: Question, before: Hashable) -> None:
        """Return when there may be something new."""
        waited = 0.0
        while waited < SELDOM:
            await asyncio.sleep(OFTEN)
            waited += OFTEN
            if await self._version(question) != before:
                return
