"""Limits concurrent queries, and the queue of those that wait."""

import asyncio

from gateway.errors import WarehouseBusy
from gateway.warehouse.failures import late


class Slots:
    """So many queries at once; so many more may wait, for as long as they have."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._room = waiting

    async def take(self, seconds: float) -> None:
        """Wait for a turn. Raises WarehouseBusy when too many wait, DeadlineExceeded in the end."""
        if self._room <= 0:
            raise WarehouseBusy
        self._room -= 1
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
        except TimeoutError:
            raise late() from None
        finally:
            self._room += 1

    def give_back(self) -> None:
        """Let the next one have its turn."""
        self._free.release()
