"""Bounds the size of a result: shortens its longest lists, then its texts, and reports the cuts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

_encode = msgspec.json.Encoder().encode

MOST_SHOWN = 10
"""So many places are named where something was left out."""

LONGEST_TEXT = 200
"""Characters that are left of a text, if lists alone do not do."""


class LeftOut(NamedTuple):
    """A list or text in an answer: where it stands, and how much of it is left."""

    path: str
    kept: int
    of: int


class _Sized(NamedTuple):
    """A list in an answer, or a text in it: where it stands, and its bytes as JSON."""

    size: int
    path: str
    holder: Any
    key: Any


def shortened(data: Any, most: int) -> tuple[Any, list[LeftOut]]:
    """The same data in `most` bytes of JSON, and what was left out; None if even that is too much.

    It shortens in place. A list keeps its beginning, and at least one of its items.
    """
    holder = {"": data}
    lengths: dict[str, LeftOut] = {}
    while (size := len(_encode(holder[""]))) > most:
        longest = max(_lists(holder), default=None, key=lambda one: one.size)
        if longest is None:
            longest = max(_texts(holder), default=None, key=lambda one: one.size)
        if longest is None:
            return None, []
        whole = longest.holder[longest.key]
        kept = _kept(whole, longest.size - (size - most), longest.size)
        before = lengths.get(longest.path)
        lengths[longest.path] = LeftOut(longest.path, kept, before.of if before else len(whole))
        longest.holder[longest.key] = whole[:kept] + ("…" if isinstance(whole, str) else [])
    return holder[""], [*lengths.values()]


def _kept(whole: Any, bytes_left: int, size: int) -> int:
    """How much of a list or text to keep; less than all of it."""
    if isinstance(whole, str):
        return LONGEST_TEXT
    fitting = int(len(whole) * max(0, bytes_left) / size)
    return max(1, min(fitting, len(whole) - 1))


def _lists(holder: Any) -> Iterator[_Sized]:
    """All lists that can be shortened."""
    for path, where, key, value in _values("", holder):
        if isinstance(value, list) and len(value) > 1:
            yield _Sized(len(_encode(value)), path, where, key)


def _texts(holder: Any) -> Iterator[_Sized]:
    """All texts that can be shortened."""
    for path, where, key, value in _values("", holder):
        if isinstance(value, str) and len(value) > LONGEST_TEXT + 1:
            yield _Sized(len(_encode(value)), path, where, key)


def _values(path: str, holder: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """All values in a list or object: path, holder, key and value."""
    pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in pairs:
        here = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".strip(".")
        yield here, holder, key, value
        if isinstance(value, dict | list):
            yield from _values(here, value)
