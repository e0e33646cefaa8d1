"""Attacks that go on without end; each comes back when its connection has ended."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from tests.server.conftest import Address
from tests.server.raw import Stranger, stranger

AWAY = 2.0
"""Seconds after which each comes back: 1,500 strangers make 750 connections a second at most."""

Attack: TypeAlias = Callable[[Stranger], Awaitable[object]]

Attacks: TypeAlias = Mapping[str, tuple[int, Attack]]
"""What is done, and on how many connections at once."""


async def go_on(address: Address, attacks: Attacks, sources: Callable[[str], str | None]) -> None:
    """Make all of them, from an address for each; print a line when each was made once."""
    unmade = set(attacks)

    async def again_and_again(name: str, attack: Attack) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                async with stranger(address, sources(name)) as one:
                    if name in unmade:
                        unmade.remove(name)
                        if not unmade:
                            print("each was made", flush=True)  # noqa: T201 - for who started it
                    await attack(one)
            await asyncio.sleep(AWAY)

    async with asyncio.TaskGroup() as group:
        for name, (number, attack) in attacks.items():
            for _ in range(number):
                group.create_task(again_and_again(name, attack))
