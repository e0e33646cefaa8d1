"""Parses the parameters of a list request."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.sandbox.errors import bad_parameter, forbidden
from gateway.sandbox.filters import FILTERS, ROWS

PAGING = ("PageSize", "Page", "PageToken")
SORTS = ("start_time", "end_time")
PAGE_SIZE, LARGEST_PAGE = 50, 1000

Clause = tuple[str, Callable[[Any, Any], bool], Any]


def parameters(pairs: Iterable[tuple[str, str]], accepted: Iterable[str]) -> dict[str, str]:
    """The parameters by name, in the order asked; raises the 400 for an unknown or repeated one."""
    names = frozenset(accepted)
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in names:
            raise bad_parameter(name, "there is no such parameter")
        if name in given:
            raise bad_parameter(name, "given more than once")
        given[name] = value
    return given


def whole_number(given: Mapping[str, str], name: str, default: int, largest: int) -> int:
    """A parameter that counts; raises the 400 unless it is a number up to `largest`."""
    raw = given.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", raw) or int(raw) > largest:
        raise bad_parameter(name, f"not a whole number up to {largest}")
    return int(raw)


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, fixed to the moment it was asked at.

    `since` and `until` are the StartTime and EndTime bounds (epoch seconds), `asked` the parameters
    that filter and sort, as they were written.
    """

    account_sid: str
    sort: str
    since: float
    until: float
    clauses: tuple[Clause, ...]
    asked: Mapping[str, str]

    @classmethod
    def of(cls, given: Mapping[str, str], now: float, account_sid: str) -> "Query":
        """Read the parameters of a list of `account_sid`'s calls; raises the 400 for a bad one."""
        sort = given.get("SortBy", "end_time")
        if sort not in SORTS:
            raise bad_parameter("SortBy", f"not one of {', '.join(SORTS)}")
        wanted: dict[str, Any] = {}
        for row in FILTERS:
            raw = given.get(row.name, row.default)
            if raw is not None:
                try:
                    wanted[row.name] = row.read(raw, now)
                except (ValueError, OverflowError) as wrong:
                    raise bad_parameter(row.name, str(wrong)) from None
        clauses = tuple((name, ROWS[name].agrees, value) for name, value in wanted.items())
        asked = {name: value for name, value in given.items() if name not in PAGING}
        since, until = wanted["StartTime"], wanted["EndTime"]
        return cls(account_sid, sort, since, until, clauses, asked)

    def admits(self, facts: Mapping[str, Any]) -> bool:
        """Every clause agrees with the facts of a summary."""
        return all(agrees(facts[name], wanted) for name, agrees, wanted in self.clauses)


NAMES = (*ROWS, "SortBy", "Subaccount", *PAGING)


def fingerprint(asker: str, given: Mapping[str, str]) -> str:
    """The same for two requests of one account that differ in nothing but paging."""
    filters = sorted((name, value) for name, value in given.items() if name not in PAGING)
    return hashlib.sha256(repr((asker, filters)).encode()).hexdigest()[:12]


def listed_account(given: Mapping[str, str], asker: str, visible: Iterable[str]) -> str:
    """Whose calls are asked for; raises the 403 for an account that the asker may not see."""
    wanted = given.get("Subaccount", asker)
    if wanted != asker and wanted not in visible:
        raise forbidden()
    return wanted


def page_size(given: Mapping[str, str]) -> int:
    """How many calls a page is to hold, 1 to 1000."""
    size = whole_number(given, "PageSize", PAGE_SIZE, LARGEST_PAGE)
    if not size:
        raise bad_parameter("PageSize", "not at least 1")
    return size
