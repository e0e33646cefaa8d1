"""Projects selections of plain attributes to types that msgspec encodes.

To pick, to check and to write is then no work of Python's. A projection has the fields of a
selection in their order, each under its key and of the type that it has in the graph: a value that
does not fit is a ValidationError. A nested object is known by its attributes, not by its class.
"""

import enum
import hashlib
import sys
from functools import cache, lru_cache, partial
from typing import Annotated, Any, Literal, NamedTuple, Self

import msgspec
from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from msgspec import Struct

from gateway.insights.catalogue import Entity, Int32
from gateway.schema.execution.compiled.reading import Collect, class_of, enum_of, once_for, read_of

project = partial(msgspec.convert, from_attributes=True)
"""The projection of a value: takes the value, and the type. Raises ValidationError."""

_FINITE = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
_LEAFS = {"String": str, "ID": str, "Boolean": bool, "Int": Int32, "Float": _FINITE}
"""Types of the graph that msgspec checks and writes as graphql-core would."""


class _Row(NamedTuple):
    attribute: str
    key: str
    type: Any


class Projector:
    """Makes the projections of the selections that `collect` gives."""

    def __init__(self, collect: Collect, *, masked: bool) -> None:
        self._collect = collect
        self._masked = masked

    def of(self, kind: GraphQLObjectType, nodes: FieldDetailsList) -> type[Struct] | None:
        """The projection that these nodes select on a type; None if they select more than that.

        Those that do the same have the same name. Raises Uncompilable.
        """
        if not issubclass(class_of(kind), Entity):
            return None
        what = ("projection", kind.name, self._masked)
        return once_for(nodes, what, lambda: self._projection(kind, nodes))

    def _projection(self, kind: GraphQLObjectType, nodes: FieldDetailsList) -> type[Struct] | None:
        rows = [self._row(kind, key, of) for key, of in self._collect(kind, nodes).items()]
        picked = tuple(row for row in rows if row is not None)
        if len({row.attribute for row in picked}) < len(rows):
            return None
        return _defined(kind.name, picked)

    def _row(self, kind: GraphQLObjectType, key: str, nodes: FieldDetailsList) -> _Row | None:
        """A field, if it is an attribute."""
        name = nodes[0].node.name.value
        if name == "__typename":
            return _Row("typename", key, Literal[kind.name])
        read = read_of(kind.fields[name], masked=self._masked)
        of = self._type(kind.fields[name].type, nodes)
        if read.resolver is not None or read.masked_as is not None or of is None:
            return None
        return _Row(read.attribute, key, of)

    def _type(self, kind: Any, nodes: FieldDetailsList) -> Any:
        """A type of the graph as these nodes select it; None if that takes more than attributes."""
        if is_non_null_type(kind):
            return self._there(kind.of_type, nodes)
        there = self._there(kind, nodes)
        return None if there is None else there | None

    def _there(self, kind: Any, nodes: FieldDetailsList) -> Any:
        """The same of what is not null."""
        if is_list_type(kind):
            item: Any = self._type(kind.of_type, nodes)
            return None if item is None else list[item]
        if isinstance(kind, GraphQLEnumType):
            return _names_of(enum_of(kind))
        if is_leaf_type(kind):
            serialize = kind.coerce_output_value
            return serialize if serialize in {str, int} else _LEAFS.get(kind.name)
        return self.of(kind, nodes) if is_object_type(kind) else None


class _Name(enum.StrEnum):
    """A word of Twilio's that is written as its name in the graph."""

    def __new__(cls, word: str, name: str) -> Self:
        member = str.__new__(cls, name)
        member._value_ = word
        return member


@cache
def _names_of(vocabulary: Any) -> Any:
    names: Any = {one.name: (one.value, one.name) for one in vocabulary}
    return _Name(vocabulary.__name__, names)


@lru_cache(maxsize=512)
def _defined(name: str, rows: tuple[_Row, ...]) -> type[Struct]:
    """A projection, defined once: that takes longer than anything else here."""
    digest = hashlib.blake2b(repr(rows).encode(), digest_size=10).hexdigest()
    keys = {row.attribute: row.key for row in rows}
    fields = [(row.attribute, row.type) for row in rows]
    return msgspec.defstruct(f"{name}_{digest}", fields, rename=keys, frozen=True, gc=False)
