"""Holds an entry of the memory cache, with the values that were derived from it.

To read a value takes time: bytes become a summary, a summary the JSON of some selection. What
depends on the value alone is kept beside it, and thrown away with it. It is found by the very
object that it was made of, so that nothing made of an older value is ever taken for a newer one's.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

Derived: TypeAlias = Sequence[tuple[Hashable, Any, int]]
"""What was made of an object: in which way, what, and its size in bytes."""

_EACH = 400
"""Bytes that keeping a thing takes beside what it takes itself: a slot, its name, the headers."""

_OFTEN = 1.0
"""Seconds after which entries that are held together are said to be of use again."""


class EntryOwner(Protocol):
    """Keeps entries; they report that they grow, or are used."""

    def grown(self, entry: "Entry", size: int) -> None:
        """An entry takes so many bytes more, for what was made of its value."""
        ...

    def forget_derived(self, entry: "Entry") -> None:
        """What was made of an entry's value is of no use any more."""
        ...

    def use(self, entry: "Entry") -> None:
        """An entry was of use: let it be the last one to make room."""
        ...


class Entry(Struct, eq=False, gc=False):
    """A value under its key, and what was made of it. Without an owner it is no part of a cache.

    `expires` is on the clock of the cache, `size_of_derived` in bytes. The collector of garbage
    does not look through entries: with a hundred thousand of them, that would hold up everybody for
    a fifth of a second. What is made of one may refer to it, so it is forgotten before the owner
    drops the entry.
    """

    key: str
    value: bytes
    expires: float = math.inf
    owner: EntryOwner | None = None
    size_of_derived: int = 0
    _derived: dict[Hashable, tuple[Any, Any, int]] = field(default_factory=dict)
    _place: "Place | None" = None

    @property
    def place(self) -> "Place":
        """Where it is, as long as it is kept: to know of it without keeping it.

        One without an owner is nowhere.
        """
        if self._place is None:
            self._place = Place(self if self.owner is not None else None)
        return self._place

    def leave(self) -> None:
        """Be no part of a cache any more; what was made of it is forgotten before."""
        self.owner = None
        if self._place is not None:
            self._place.entry = None
            self._place = None

    def derived(self, how: Hashable, of: object) -> Any:
        """What was made in this way of this very object; None if nothing was, or not any more."""
        found = self._derived.get(how)
        return found[1] if found is not None and found[0] is of else None

    def all_derived(self, of: object) -> Derived:
        """All that was made of this very object."""
        return [
            (how, thing, size)
            for how, (source, thing, size) in self._derived.items()
            if source is of
        ]

    def keep(self, how: Hashable, of: object, thing: object, size: int) -> None:
        """Keep what was made in this way, in place of what it was before; `size` is in bytes."""
        if self.owner is not None:
            before = self._derived.get(how)
            self._derived[how] = (of, thing, size)
            self.owner.grown(self, size - before[2] if before else size + _EACH)

    def once(self, how: Hashable, of: object, make: Callable[[], tuple[T, int]]) -> T:
        """What was made in this way of this very object; or what `make` makes, with its size."""
        cached: T | None = self.derived(how, of)
        if cached is not None:
            return cached
        thing, size = make()
        self.keep(how, of, thing, size)
        return thing

    def forget_derived(self) -> None:
        """Keep the value alone."""
        self._derived.clear()
        self.size_of_derived = 0


class Place(Struct, eq=False, gc=False):
    """Where an entry is; None once it has left its owner."""

    entry: Entry | None


class EntryGroup:
    """Entries that something was made of: it holds until a moment, and while all of them are kept.

    They are not kept by this. Moments are on the clock of the cache.
    """

    __slots__ = ("_places", "_until", "_used")

    def __init__(self, entries: Sequence[Entry], until: float) -> None:
        self._places = tuple(entry.place for entry in entries)
        self._until = min([until, *(entry.expires for entry in entries)])
        self._used = -math.inf

    @property
    def until(self) -> float:
        """When it ceases to hold, at the latest."""
        return self._until

    def hold(self, now: float) -> bool:
        """Whether it still holds: then its entries were of use, by whatever name."""
        if now >= self._until:
            return False
        entries = [place.entry for place in self._places]
        if None in entries:
            return False
        if now >= self._used + _OFTEN:
            self._used = now
            for entry in entries:
                if entry is not None and entry.owner is not None:
                    entry.owner.use(entry)
        return True
