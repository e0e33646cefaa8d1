"""Reads a summary as the values of its columns, in the order of the catalogue.

For each object of the catalogue one Python function is written down and compiled, once: it reads
the object's fields, and calls that of a nested object where there is one. Names in the source are
attributes of the catalogue's classes, and nothing else. Walking the fields takes twice the time.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from msgspec.structs import astuple

from gateway.insights.catalogue import Entity, Pii
from gateway.insights.leaves import Kind, Slot, constant, ends, kind_of, slots
from gateway.insights.summary import Summary
from gateway.warehouse.columns import EARLIEST, LATEST

Encrypt: TypeAlias = Callable[[str, Any], str]
"""Encrypts a value of a column."""

_Read: TypeAlias = Callable[[Any, Encrypt], list[Any]]


def flat(summary: Summary, encrypt: Encrypt) -> list[Any]:
    """The values of all leaves and maps; of a list of objects, a list for each leaf of these.

    Words are Twilio's, personal values encrypted, and moments out of range are null.
    """
    return _reader(Summary, ())(summary, encrypt)


_EMPTY: dict[str, Any] = {"no_map": {}, "no_list": []}
"""What stands for nothing in all rows: new ones for each would keep the garbage collector busy."""


@cache
def _reader(entity: type[Entity], place: tuple[str, ...]) -> _Read:
    """The function that reads an object at a path."""
    namespace: dict[str, Any] = {"astuple": astuple, "moment": _moment, **_EMPTY}
    terms = [_term(slot, (*place, slot.name), namespace) for slot in slots(entity)]
    source = f"lambda x, encrypt: [{', '.join(terms)}]"
    return eval(source, namespace)  # type: ignore[no-any-return]  # noqa: S307 - see the first line


def _term(slot: Slot, place: tuple[str, ...], namespace: dict[str, Any]) -> str:
    """The value of a field in the source, or several of them."""
    value = f"x.{slot.attribute}"
    if slot.is_map:
        return f"dict(map(astuple, {value})) if {value} else no_map"
    if slot.is_object:
        name = slot.attribute
        namespace[f"read_{name}"] = _table(slot, place) if slot.many else _reader(slot.item, place)
        namespace[f"no_{name}"] = _nothing_of(slot)
        return f"*(no_{name} if {value} is None else read_{name}({value}, encrypt))"
    kind = kind_of(slot.item)
    if slot.many:
        each = "one._value_ for one in " if kind is Kind.WORD else "*"
        return f"[{each}{value}] if {value} else no_list"
    return _scalar(kind, value, constant(place).lower() if slot.fact.pii is not Pii.NONE else "")


def _scalar(kind: Kind, value: str, personal: str) -> str:
    """A single value; `personal` is the column of one that is encrypted."""
    if personal:
        return f"None if {value} is None else encrypt({personal!r}, {value})"
    if kind is Kind.WORD:
        return f"None if {value} is None else {value}._value_"
    return f"moment({value})" if kind is Kind.MOMENT else value


def _moment(moment: datetime | None) -> datetime | None:
    return moment if moment is None or EARLIEST <= moment < LATEST else None


def _table(slot: Slot, place: tuple[str, ...]) -> _Read:
    """Reads a list of objects, column by column."""
    read, nothing = _reader(slot.item, place), _nothing_of(slot)

    def read_all(items: Any, encrypt: Encrypt) -> list[Any]:
        rows = (read(item, encrypt) for item in items)
        return [*map(list, zip(*rows, strict=True))] or nothing

    return read_all


def _nothing_of(slot: Slot) -> list[Any]:
    """What stands for an object that is not there."""
    if slot.many:
        return [_EMPTY["no_list"] for _ in ends(slot.item)]
    return list(_nothing(slot.item))


def _nothing(entity: type[Entity]) -> Iterator[Any]:
    for slot in slots(entity):
        if slot.is_map:
            yield _EMPTY["no_map"]
        elif slot.is_object:
            yield from _nothing_of(slot)
        else:
            yield _EMPTY["no_list"] if slot.many else None
