"""What calls can be filtered, grouped, sorted and measured by: the leaves, and what they give.

A field has one name in three spellings: `CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX` as a value of
`CallField`, the same in lower case as a column, and the path to it in the graph.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from gateway.insights.catalogue import Fact, Vocabulary
from gateway.insights.leaves import LEAVES, Kind, Leaf, constant, ends, graph_path
from gateway.insights.masking import fingerprint
from gateway.insights.media_edges import MediaEdge
from gateway.insights.summary import Summary

EDGES = ("carrier_edge", "sip_edge", "client_edge", "sdk_edge")
"""The media edges of a summary, from the network inwards."""


class Field(Struct, frozen=True):
    """Something of a call that can be asked for; of a list with `many`.

    `names` are the parts of its path, as Twilio spells them. `stand_in` is the field to use
    instead of personal data.
    """

    names: tuple[str, ...]
    kind: Kind
    many: bool
    fact: Fact
    vocabulary: type[Vocabulary] | None = None
    is_personal: bool = False
    stand_in: str = ""

    @property
    def constant(self) -> str:
        """Its name as a value of `CallField`."""
        return constant(self.names)

    @property
    def column(self) -> str:
        """Its column."""
        return self.constant.lower()

    @property
    def path(self) -> tuple[str, ...]:
        """Where it is in the graph."""
        return graph_path(self.names)

    def at(self, edge: str) -> "Field":
        """The field of one edge, of a field that edges have in common."""
        return FIELDS[constant((edge, *self.names))]


class Derived(Struct, frozen=True):
    """A field that the gateway adds; `read` makes it of the summary and the account's hash key."""

    field: Field
    read: Callable[[Summary, bytes], Any]


def _field(leaf: Leaf) -> Field:
    stand_in = f"{constant(leaf.names)}_HASH" if leaf.names[-1] in _PARTIES else ""
    return Field(
        leaf.names,
        leaf.kind,
        leaf.many,
        leaf.fact,
        leaf.vocabulary,
        leaf.is_personal,
        stand_in if leaf.names[0] in {"from", "to"} else "",
    )


_PARTIES = ("caller", "callee")


def _hash_of(attribute: str, name: str) -> Derived:
    end = attribute.rstrip("_")
    fact = Fact(f"A stand-in for `{name}` of `{end}`, the same in all calls of the account.")

    def read(summary: Summary, key: bytes) -> str | None:
        party = getattr(summary, attribute)
        return None if party is None else fingerprint(getattr(party, name), key)

    return Derived(Field((end, f"{name}_hash"), Kind.TEXT, many=False, fact=fact), read)


DERIVED = tuple(_hash_of(party, name) for party in ("from_", "to") for name in _PARTIES)
"""What the gateway adds to a summary."""

FIELDS = {
    field.constant: field
    for field in (*map(_field, LEAVES), *(derived.field for derived in DERIVED))
}
"""All fields, by their names in `CallField`."""

EDGE_FIELDS = {
    field.path: field for field in map(_field, (e for e in ends(MediaEdge) if isinstance(e, Leaf)))
}
"""What all media edges have in common, by its path below an edge."""
