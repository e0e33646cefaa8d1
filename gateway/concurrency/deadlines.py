"""Keeps viewer, priority and deadline of the current work in a context variable.

It goes along with the work in a context variable. Work that several wait for is asked for by all
of them together: it is of use as long as it is to one of them, and as pressing as to the most
pressed. So nothing is cut short for one while another still waits.
"""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import TypeAlias, TypeVar

from msgspec import Struct

from gateway.errors import DeadlineExceeded

T = TypeVar("T")


class Priority(IntEnum):
    """Whose turn comes first."""

    QUESTION = 0
    """Somebody waits for the answer."""

    BACKGROUND = 1
    """Nobody does: polling, and renewing what is known."""


class OneAsker(Struct, eq=False):
    """A viewer that asks, and the moment of `now` after which it is too late."""

    viewer: str = ""
    priority: Priority = Priority.QUESTION
    until: float = math.inf

    def watch(self, changed: Callable[[], None]) -> None:
        """Its priority stays as it is."""


class Askers:
    """Several askers as one, while they come and go; the last one stays."""

    __slots__ = ("_askers", "_watching")

    def __init__(self) -> None:
        self._askers: list[Asker] = []
        self._watching: list[Callable[[], None]] = []

    @property
    def viewer(self) -> str:
        """That of the most pressed."""
        return min(self._askers, key=_priority).viewer

    @property
    def priority(self) -> Priority:
        """That of the most pressed."""
        return min(map(_priority, self._askers))

    @property
    def until(self) -> float:
        """When it is too late for all."""
        return max(asker.until for asker in self._askers)

    def watch(self, changed: Callable[[], None]) -> None:
        """Have `changed` called when somebody joins or leaves."""
        self._watching.append(changed)

    @contextmanager
    def joined_by(self, asker: "Asker") -> Iterator[None]:
        """Let somebody ask too, inside the `with` block."""
        self._askers.append(asker)
        asker.watch(self._changed)
        self._changed()
        try:
            yield
        finally:
            if len(self._askers) > 1:
                self._askers.remove(asker)
                self._changed()

    def _changed(self) -> None:
        for changed in self._watching:
            changed()


Asker: TypeAlias = OneAsker | Askers
"""Somebody who asks, or several as one."""


def _priority(asker: Asker) -> Priority:
    return asker.priority


_asking: ContextVar[Asker | None] = ContextVar("asking", default=None)


def asking() -> Asker:
    """For whom the present work is done; what nobody in particular asks has all the time."""
    return _asking.get() or OneAsker()


def ask_for(asker: Asker) -> None:
    """Do the rest of the present task for somebody."""
    _asking.set(asker)


@contextmanager
def asked_by(asker: Asker) -> Iterator[None]:
    """Do what is inside the `with` block for somebody."""
    token = _asking.set(asker)
    try:
        yield
    finally:
        _asking.reset(token)


@contextmanager
def unhurried() -> Iterator[None]:
    """Not count the time inside the `with` block, which the asker wishes to wait."""
    asker, began = asking(), now()
    left = asker.until - began
    try:
        yield
    finally:
        if isinstance(asker, OneAsker):
            asker.until = max(asker.until, now() + left)


def now() -> float:
    """The time of the event loop, in seconds."""
    return asyncio.get_running_loop().time()


async def in_time(asker: Asker, work: "asyncio.Future[T]") -> T:
    """What the work gives, unless it is too late for the asker before: DeadlineExceeded.

    The work itself goes on, whatever becomes of the asker.
    """
    while True:
        until = asker.until
        try:
            async with asyncio.timeout_at(None if until == math.inf else until) as bound:
                return await asyncio.shield(work)
        except TimeoutError:
            if not bound.expired():
                raise
            if asker.until <= until:
                raise DeadlineExceeded from None
