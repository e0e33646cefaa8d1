"""Charges for each page of Twilio's that a list fetches beyond its estimate.

A price counts the pages that a list takes if calls stand close together. If Twilio's pages hold
few calls, or none, a walk takes more: each is charged when it is asked for.
"""

from msgspec import Struct

from gateway.errors import TooExpensive
from gateway.schema.context import Context
from gateway.schema.demand_control.cost import PER_REQUEST


class PageCharge:
    """Charges a walk through a list for each page that its price does not hold, of `included`."""

    def __init__(
        self, context: Context, question: Struct, included: int, *, forward: bool = True
    ) -> None:
        self._context = context
        self._question = question
        self._left = included
        self._name = "endCursor" if forward else "startCursor"

    async def __call__(self, position: Struct) -> None:
        """Raises TooExpensive, with a cursor to go on from."""
        self._left -= 1
        if self._left >= 0:
            return
        try:
            await self._context.expenses.add(PER_REQUEST)
        except TooExpensive as problem:
            problem.cursors = self.cursors(position)
            raise

    def cursors(self, position: Struct) -> dict[str, str]:
        """The cursor of a position, by the name that `pageInfo` has for it."""
        return {self._name: self._context.cursors.encode(position, self._question)}
