"""Charges walks through lists for the pages of Twilio's that their price does not hold.

A price counts the pages that a list takes if calls stand close together. If Twilio's pages hold
few calls, or none, a walk takes more: each is charged when it is asked for.
"""

from typing import Protocol

from msgspec import Struct

from gateway.errors import TooExpensive
from gateway.insights.paging import Cursors
from gateway.schema.demand_control.budgets import Expenses
from gateway.schema.demand_control.cost import PER_REQUEST


class Spender(Protocol):
    """What a request carries that may cost more than its price."""

    @property
    def expenses(self) -> Expenses:
        """What it has cost."""
        ...

    @property
    def cursors(self) -> Cursors:
        """How it writes cursors."""
        ...


class PageCharge:
    """Charges a walk through a list for each page that its price does not hold, of `included`."""

    def __init__(
        self, spender: Spender, question: Struct, included: int, *, forward: bool = True
    ) -> None:
        self._spender = spender
        self._question = question
        self._left = included
        self._name = "endCursor" if forward else "startCursor"

    async def __call__(self, position: Struct) -> None:
        """Raises TooExpensive, with a cursor to go on from."""
        self._left -= 1
        if self._left >= 0:
            return
        try:
            await self._spender.expenses.add(PER_REQUEST)
        except TooExpensive as problem:
            problem.cursors = self.cursors(position)
            raise

    def cursors(self, position: Struct) -> dict[str, str]:
        """The cursor of a position, by the name that `pageInfo` has for it."""
        return {self._name: self._spender.cursors.encode(position, self._question)}
