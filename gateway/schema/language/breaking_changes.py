"""Finds the changes of a schema that break clients, and which clients use what they break."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from graphql import BreakingChangeType, GraphQLSchema, find_breaking_changes

Usage: TypeAlias = Mapping[str, Mapping[str, float]]
"""By schema coordinate: how many operations of each client use it."""

_COORDINATE = re.compile(r"(\w+)(\.\w+)?(\(\w+:\))?")
_OF_A_FIELD = {BreakingChangeType.REQUIRED_ARG_ADDED}
_OF_A_TYPE = {
    BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED,
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.TYPE_CHANGED_KIND,
    BreakingChangeType.TYPE_REMOVED_FROM_UNION,
    BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED,
}


class Broken(NamedTuple):
    """A change that breaks clients, and how many operations of which clients it breaks."""

    description: str
    clients: Mapping[str, float]


def broken(old: GraphQLSchema, new: GraphQLSchema, usage: Usage) -> Iterator[Broken]:
    """The changes from an old schema to a new one that break clients."""
    for change in find_breaking_changes(old, new):
        named = _named(change.description)
        kind, field = named[1], named[1] + (named[2] or "")
        if change.type in _OF_A_TYPE:
            used = [where for where in usage if where.startswith(f"{kind}.")]
        elif change.type in _OF_A_FIELD:
            used = [field]
        else:
            used = [named[0]]
        yield Broken(change.description, _of_all(usage, used))


def _named(description: str) -> re.Match[str]:
    """The coordinate in a description by graphql-core, such as `Field Call.state was removed.`."""
    found = [one for one in _COORDINATE.finditer(description) if one[2]]
    return found[0] if found else _COORDINATE.match(description)  # type: ignore[return-value]


def _of_all(usage: Usage, coordinates: list[str]) -> dict[str, float]:
    clients: dict[str, float] = {}
    for coordinate in coordinates:
        for client, number in usage.get(coordinate, {}).items():
            clients[client] = max(clients.get(client, 0), number)
    return clients
