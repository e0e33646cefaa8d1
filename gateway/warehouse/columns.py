"""Declares the columns of the table of calls: name, type, and how a value is encoded.

Leaves and derived fields have typed columns. Lists are arrays, open maps are maps, and a list of
objects is one array for each leaf of its objects. Personal data is text, encrypted. The columns
that begin with `gateway_` say which call a row is, which version, and keep the summary itself.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from gateway.insights.leaves import ENDS, Kind, Leaf, Map, Table, constant
from gateway.insights.open_maps import PacketDelays
from gateway.warehouse.fields import DERIVED, EDGES, Field

CALLS = "calls"
"""The table."""

_TYPES = {
    Kind.TEXT: "String",
    Kind.WORD: "String",
    Kind.WHOLE: "Int32",
    Kind.COUNTER: "Int64",
    Kind.NUMBER: "Float64",
    Kind.FLAG: "Bool",
    Kind.MOMENT: "DateTime64(6, 'UTC')",
}
_MANY_VALUES = frozenset({"sid", "parent_call_sid", "url", "session_id", "sip_call_id"})
"""Texts that differ from call to call; of others there are few, and each is kept once."""

EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
"""Between these, a moment has a place in a column; the summary itself keeps any other."""


_ONCE = re.compile(r"LowCardinality\((Nullable\(String\)|String)\)")


class Column(Struct, frozen=True):
    """A column of the table; `codec` compresses it."""

    name: str
    type: str
    codec: str = "LZ4"

    @property
    def definition(self) -> str:
        """The column as `CREATE TABLE` has it."""
        return f"`{self.name}` {self.type} CODEC({self.codec})"

    @property
    def sent_as(self) -> str:
        """The type that values are sent as: the engine finds what comes again, and faster."""
        return _ONCE.sub(r"\1", self.type)


def _of_leaf(leaf: Leaf, names: tuple[str, ...], *, inside: bool = False) -> Column:
    """The column of a leaf; of one inside a list of objects, an array."""
    name, plain = constant(names).lower(), _TYPES[leaf.kind]
    few = leaf.kind in {Kind.TEXT, Kind.WORD} and not leaf.is_personal
    if leaf.is_personal or leaf.names[-1] in _MANY_VALUES:
        few, plain = False, "String"
    codec = "ZSTD(1)" if plain == "String" and not few else "LZ4"
    if leaf.many:
        return Column(name, f"Array({_once(plain) if few else plain})", codec)
    if name == "sid":
        return Column(name, plain, codec)
    optional = f"Nullable({plain})"
    whole = _once(optional) if few else optional
    return Column(name, f"Array({whole})" if inside else whole, codec)


def _of_field(field: Field) -> Column:
    if field.many:
        return Column(field.column, f"Array({_once('String')})")
    plain = _TYPES[field.kind]
    return Column(field.column, f"Nullable({plain})", "ZSTD(1)" if plain == "String" else "LZ4")


def _once(kind: str) -> str:
    return f"LowCardinality({kind})"


def _of_end(end: Leaf | Map | Table) -> Iterator[Column]:
    if isinstance(end, Leaf):
        yield _of_leaf(end, end.names)
    elif isinstance(end, Map):
        key = "UInt32" if end.kind is PacketDelays else _once("String")
        yield Column(constant(end.names).lower(), f"Map({key}, Int64)")
    else:
        for leaf in end.leaves:
            yield _of_leaf(leaf, (*end.names, *leaf.names), inside=True)


OF_SUMMARY = tuple(column for end in ENDS for column in _of_end(end))
"""What Twilio says, in the order of the catalogue."""

OF_GATEWAY = (
    *map(_of_field, DERIVED),
    *(Column(edge, "Bool") for edge in EDGES),
)
"""What the gateway makes of it: derived fields, and which media edges there are."""

OF_ROW = (
    Column("gateway_account", _once("String")),
    Column("gateway_filed", "DateTime64(3, 'UTC')", "Delta, LZ4"),
    Column("gateway_rank", "UInt64"),
    Column("gateway_complete", "Bool"),
    Column("gateway_completed", "DateTime64(3, 'UTC')", "Delta, LZ4"),
    Column("gateway_digest", "UInt64", "NONE"),
    Column("gateway_form", "UInt64"),
    Column("gateway_summary", "String", "NONE"),
)
"""Which call and version a row is, where it stands, how it was made, and the summary, sealed."""

COLUMNS = (*OF_SUMMARY, *OF_GATEWAY, *OF_ROW)
