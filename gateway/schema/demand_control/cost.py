"""Computes an upper bound of the cost of an operation before it is executed.

Of each request only the sizes of its lists are put into a price that is worked out already: they
stand at the root of an operation alone, so that takes a few microseconds.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

PER_REQUEST = 10
"""What a request to Twilio costs."""

PER_QUERY = 10
"""What a query of the warehouse costs."""

VALUES_PER_UNIT = 100
"""So many values of an answer cost 1."""

LOOKUP = 2
"""Requests of a lookup: for the complete summary, then for the partial one."""

_CURSORS = ("after", "before")
"""Arguments from which a list goes on."""

_TO_THE_END = 11
"""Requests of `last` without `before`: it walks to the end of the window, and a page back."""

_SMALLEST_PAGE = 25


def pages_of(size: int, *, goes_on: bool, forward: bool) -> int:
    """Pages of Twilio's that the price of a list holds; of one that goes on, its first as well."""
    if goes_on:
        return 1 + math.ceil(size / _SMALLEST_PAGE)
    return 1 if forward else _TO_THE_END


class Cost(NamedTuple):
    """Requests to Twilio, values in the answer, and queries of the warehouse."""

    requests: int = 0
    values: int = 0
    queries: int = 0

    def plus(self, other: "Cost", times: int = 1) -> "Cost":
        """This, and so many times the other."""
        return Cost(
            self.requests + times * other.requests,
            self.values + times * other.values,
            self.queries + times * other.queries,
        )

    @property
    def total(self) -> int:
        """All as one number."""
        asked = PER_REQUEST * self.requests + PER_QUERY * self.queries
        return asked + math.ceil(self.values / VALUES_PER_UNIT)


NOTHING = Cost()


class Given(NamedTuple):
    """An argument: a variable, or the value itself; a list is told by its length."""

    variable: str | None = None
    otherwise: int | None = None

    def size(self, variables: Mapping[str, Any]) -> int | None:
        """Its number, or its length; None when it is not said."""
        if self.variable is None or self.variable not in variables:
            return self.otherwise
        value = variables[self.variable]
        if isinstance(value, list):
            return len(value)
        if isinstance(value, str | dict):  # GraphQL takes one in the place of a list
            return 1
        if isinstance(value, float):  # and 25.0 in the place of 25
            return int(value) if value.is_integer() else None
        return value if isinstance(value, int) else None


class FieldCost(Struct, frozen=True):
    """What a field costs by itself, as it is stated beside the field (`types/field_traits.py`).

    `own` counts once, or for each item of a list. How many items there are, the first of the
    arguments `sized_by` that is given says, up to `most`; without any it is `otherwise`. A
    connection gives its size to those of its lists whose cost is `per_item`. `paged` adds the pages
    of Twilio's that the items come from.
    """

    own: Cost = NOTHING
    sized_by: tuple[str, ...] = ()
    most: int = 1
    otherwise: int = 0
    paged: bool = False
    per_item: bool = False


class Root(Struct, frozen=True):
    """A field of the root: its response key, its own cost, whether it is a list, its arguments.

    What is selected below it costs `once`, and `each` for each item of a connection.
    """

    key: str
    field: FieldCost
    many: bool
    given: Mapping[str, Given]
    once: Cost
    each: Cost

    @property
    def varies(self) -> bool:
        """Whether a variable may change what it costs."""
        counting = {*self.field.sized_by, *_CURSORS}
        return any(
            name in counting and given.variable is not None for name, given in self.given.items()
        )

    def size(self, variables: Mapping[str, Any]) -> int:
        """How many items it returns at most."""
        if not self.field.sized_by:
            return 1
        for name in self.field.sized_by:
            if (size := self._argument(name, variables)) is not None:
                return min(max(size, 0 if self.many else 1), self.field.most)
        return self.field.otherwise

    def cost(self, variables: Mapping[str, Any]) -> Cost:
        """What it costs with these variables."""
        size, once = self.size(variables), self.field.own.plus(self.once)
        if self.many:
            return NOTHING.plus(once, size)
        pages = self._pages(size, variables) if self.field.paged else 0
        return once.plus(self.each, size).plus(Cost(pages))

    def beside(self, other: "Root") -> "Root":
        """The same field, that was selected twice: it is asked for once, with all that is below."""
        return replace(self, once=self.once.plus(other.once), each=self.each.plus(other.each))

    def _pages(self, size: int, variables: Mapping[str, Any]) -> int:
        goes_on = any(self._argument(name, variables) is not None for name in _CURSORS)
        return pages_of(size, goes_on=goes_on, forward=self._argument("last", variables) is None)

    def _argument(self, name: str, variables: Mapping[str, Any]) -> int | None:
        given = self.given.get(name)
        return None if given is None else given.size(variables)

    def fitting(self, variables: Mapping[str, Any], excess: int) -> int:
        """How many items there may be for it to cost so much less; 0 if that does not help."""
        each = self.field.own.plus(self.once) if self.many else self.each
        per_item = PER_REQUEST * each.requests + each.values / VALUES_PER_UNIT
        size = self.size(variables)
        return max(0, size - math.ceil((excess + 1) / per_item)) if per_item else 0

    def asking_for(self, size: int) -> str:
        """How so many items are asked for."""
        named = next((name for name in self.field.sized_by if name in self.given), None)
        name = named or self.field.sized_by[0]
        return f"{size} `{name}`" if self.many else f"`{name}: {size}`"


class Price(Struct, frozen=True):
    """What an operation costs, once the sizes of its lists are known."""

    roots: tuple[Root, ...] = ()
    always: int | None = None

    @classmethod
    def of(cls, roots: tuple[Root, ...]) -> Self:
        """The price of an operation with these fields; where no variable counts, it is known."""
        price = cls(roots)
        if any(root.varies for root in roots):
            return price
        return cls(roots, price.cost(None).total)

    def total(self, variables: Mapping[str, Any] | None) -> int:
        """An upper bound for a request with these variables, as one number."""
        return self.cost(variables).total if self.always is None else self.always

    def cost(self, variables: Mapping[str, Any] | None) -> Cost:
        """An upper bound for a request with these variables."""
        total = NOTHING
        for root in self.roots:
            total = total.plus(root.cost(variables or {}))
        return total

    def by_field(self, variables: Mapping[str, Any] | None) -> dict[str, int]:
        """An upper bound of what each root field costs, by response key; rounded up one by one."""
        return {root.key: root.cost(variables or {}).total for root in self.roots}

    def cure(self, variables: Mapping[str, Any] | None, limit: int) -> str:
        """What to ask instead of what costs more than `limit`."""
        variables = variables or {}
        excess = self.cost(variables).total - limit
        lists = [root for root in self.roots if root.field.sized_by]
        largest = max(lists, key=lambda root: root.cost(variables).total, default=None)
        if largest is not None and (size := largest.fitting(variables, excess)) > 0:
            return f"ask for {largest.asking_for(size)} at most, or for fewer fields"
        return "ask for fewer fields, or in several requests"
