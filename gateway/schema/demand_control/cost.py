"""What an operation costs, before it is executed: an upper bound.

Of each request only the sizes of its lists are put into a price that is worked out already: they
stand at the root of an operation alone, so that takes a few microseconds.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from msgspec import Struct

from gateway.insights.paging import MAX_SIZE
from gateway.schema.types.inputs import DEFAULT_FIRST, MAX_IDS

PER_REQUEST = 10
"""What a request to Twilio costs."""

VALUES_PER_UNIT = 100
"""So many values of an answer cost 1."""

LOOKUP = 2
"""Requests of a lookup: for the complete summary, then for the partial one."""

_NAMED_BY = {"nodes": "ids", "_entities": "representations"}
"""Lists of calls that are named one by one, and the argument that names them."""

_TO_THE_END = 11
"""Requests of `last` without `before`: it walks to the end of the window, and a page back."""

_SMALLEST_PAGE = 25


def pages_of(size: int, *, goes_on: bool, forward: bool) -> int:
    """Pages of Twilio's that the price of a list holds; of one that goes on, its first as well."""
    if goes_on:
        return 1 + math.ceil(size / _SMALLEST_PAGE)
    return 1 if forward else _TO_THE_END


class Cost(NamedTuple):
    """Requests to Twilio, and values in the answer."""

    requests: int = 0
    values: int = 0

    def plus(self, other: "Cost", times: int = 1) -> "Cost":
        """This, and so many times the other."""
        return Cost(self.requests + times * other.requests, self.values + times * other.values)

    @property
    def total(self) -> int:
        """Both as one number."""
        return PER_REQUEST * self.requests + math.ceil(self.values / VALUES_PER_UNIT)


class Selected(NamedTuple):
    """What a selection costs: once, and for each call of the connection it is on."""

    once: Cost = Cost()
    each: Cost = Cost()

    def beside(self, other: "Selected") -> "Selected":
        """Both together."""
        return Selected(self.once.plus(other.once), self.each.plus(other.each))


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


class Root(Struct, frozen=True):
    """A field of the root: what it is, its arguments, and what it costs."""

    name: str
    given: Mapping[str, Given]
    selected: Selected

    @property
    def varies(self) -> bool:
        """Whether a variable may change what it costs."""
        counting = {"first", "last", "after", "before", _NAMED_BY.get(self.name, "")}
        return any(
            name in counting and given.variable is not None for name, given in self.given.items()
        )

    def size(self, variables: Mapping[str, Any]) -> int:
        """How many calls it gives at most."""
        if self.name == "calls":
            for name in ("first", "last"):
                if (size := self._said(name, variables)) is not None:
                    return min(max(size, 1), MAX_SIZE)
            return DEFAULT_FIRST
        if (argument := _NAMED_BY.get(self.name)) is not None:
            return min(self._said(argument, variables) or 0, MAX_IDS)
        return 1

    def cost(self, variables: Mapping[str, Any]) -> Cost:
        """What it costs with these variables."""
        size, (once, each) = self.size(variables), self.selected
        if self.name in _NAMED_BY:
            return Cost().plus(once, size).plus(Cost(LOOKUP), size)
        if self.name == "calls":
            return once.plus(each, size).plus(Cost(self._pages(size, variables)))
        return once

    def _pages(self, size: int, variables: Mapping[str, Any]) -> int:
        goes_on = any(self._said(name, variables) is not None for name in ("after", "before"))
        return pages_of(size, goes_on=goes_on, forward=self._said("last", variables) is None)

    def _said(self, name: str, variables: Mapping[str, Any]) -> int | None:
        given = self.given.get(name)
        return None if given is None else given.size(variables)

    def fitting(self, variables: Mapping[str, Any], excess: int) -> int:
        """How many calls there may be for it to cost so much less; 0 if that does not help."""
        each = self.selected.each if self.name == "calls" else self.selected.once
        requests = each.requests + (LOOKUP if self.name in _NAMED_BY else 0)
        per_call = PER_REQUEST * requests + each.values / VALUES_PER_UNIT
        fewer = math.ceil((excess + 1) / per_call) if per_call else MAX_SIZE
        return max(0, self.size(variables) - fewer)


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
        total = Cost()
        for root in self.roots:
            total = total.plus(root.cost(variables or {}))
        return total

    def cure(self, variables: Mapping[str, Any] | None, limit: int) -> str:
        """What to ask instead of what costs more than `limit`."""
        excess = self.cost(variables).total - limit
        lists = [root for root in self.roots if root.name == "calls" or root.name in _NAMED_BY]
        largest = max(lists, key=lambda root: root.cost(variables or {}).total, default=None)
        if largest is not None and (size := largest.fitting(variables or {}, excess)) > 0:
            if (argument := _NAMED_BY.get(largest.name)) is not None:
                return f"ask for {size} `{argument}` at most, or for fewer fields"
            name = "last" if "last" in largest.given else "first"
            return f"ask for `{name}: {size}` at most, or for fewer fields"
        return "ask for fewer fields, or in several requests"
