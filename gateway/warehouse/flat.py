"""Reads all leaves of a summary as one flat list, in the order of the catalogue.

An object that is not there gives as many nulls as it has leaves. Each object is read by one call of
msgspec's `astuple`, and only what is nested in it is looked at in Python.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from msgspec.structs import astuple

from gateway.insights.catalogue import Entity
from gateway.insights.leaves import Slot, ends, slots
from gateway.insights.summary import Summary

_Read = Callable[[Any], Sequence[Any]]
"""From a nested value to its flat values."""


def flat(summary: Summary) -> list[Any]:
    """The values of all leaves and maps; of a list of objects, a list for each leaf of these."""
    return list(_reader(Summary)(summary))


@cache
def _reader(entity: type[Entity]) -> _Read:
    nested = list(_nested(entity))[::-1]
    if not nested:
        return astuple

    def read(value: Entity) -> Sequence[Any]:
        values = list(astuple(value))
        for place, read_nested, nothing in nested:
            inner = values[place]
            values[place : place + 1] = nothing if inner is None else read_nested(inner)
        return values

    return read


def _nested(entity: type[Entity]) -> Iterator[tuple[int, _Read, list[Any]]]:
    """Each field that is no scalar: its place, its reader, and what stands for nothing."""
    for place, slot in enumerate(slots(entity)):
        if slot.is_map:
            yield place, _read_map, [{}]
        elif slot.many:
            leaves = len(list(ends(slot.item))) if slot.is_object else 1
            yield place, _list_reader(slot, leaves), [[]] * leaves
        elif slot.is_object:
            yield place, _reader(slot.item), _nothing(slot.item)


def _nothing(entity: type[Entity]) -> list[Any]:
    values: list[Any] = [None] * len(entity.__struct_fields__)
    for place, _, nothing in list(_nested(entity))[::-1]:
        values[place : place + 1] = nothing
    return values


def _read_map(entries: Any) -> list[Any]:
    return [dict(map(astuple, entries))]


def _list_reader(slot: Slot, leaves: int) -> _Read:
    if not slot.is_object:
        return lambda items: [list(items)]
    nothing: list[Any] = [[]] * leaves
    read = _reader(slot.item)
    return lambda items: [*map(list, zip(*map(read, items), strict=True))] or nothing
