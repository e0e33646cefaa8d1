"""Suggests the field of `CallWhere` if `CallFilter` has none of that name."""

from collections.abc import Iterator
from functools import cache

from gateway.warehouse.fields import FIELDS


def searched_by(name: str) -> str | None:
    """`carrierEdge` → `searchCalls(where: { carrierEdge: … })`; None if nothing has the name.

    `codecName` or `sdkVersion` is found below the object that has it.
    """
    path = _paths().get(name)
    if path is None:
        return None
    inner = "…"
    for part in reversed(path):
        inner = f"{{ {part}: {inner} }}"
    return f"searchCalls(where: {inner})"


@cache
def _paths() -> dict[str, tuple[str, ...]]:
    """The path for each name that a field may be given: the shortest one of each."""
    found: dict[str, tuple[str, ...]] = {}
    for name, path in sorted(_named(), key=lambda one: len(one[1])):
        found.setdefault(name, path)
    return found


def _named() -> Iterator[tuple[str, tuple[str, ...]]]:
    for field in FIELDS.values():
        yield field.path[0], field.path[:1]
        for start in range(len(field.path)):
            first, *others = field.path[start:]
            yield first + "".join(one[:1].upper() + one[1:] for one in others), field.path
