"""What msgspec picks off a value is what graphql-core would: in every object of a summary."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from msgspec import Struct
from msgspec.structs import force_setattr

from gateway.calls.call import Call, Source
from gateway.config.viewers import Scope
from gateway.insights.catalogue import Entity, graph_name
from gateway.insights.field_decoding import bare
from gateway.insights.snapshot import snapshot_of
from gateway.insights.summary import Summary
from gateway.schema.documents.request import Request
from tests.conftest import NOON
from tests.insights.places import WHOLE, Sort, fields, sort_of
from tests.schema.both_ways import HOW, SCHEMA, agree
from tests.schema.made_calls import WRONG
from tests.schema.queries import SIDS

ALL = frozenset(Scope)


class Spot(Struct, frozen=True):
    """An object of a summary: where it is, by attributes, and its type."""

    path: tuple[str, ...]
    entity: type[Entity]

    @property
    def query(self) -> str:
        """All of its fields, one of them under another key; of objects in it, what they are."""
        kind = SCHEMA.type_map[self.entity.__name__]
        assert isinstance(kind, GraphQLObjectType)
        words = [
            name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ __typename }}"
            for name, field in kind.fields.items()
        ]
        selection = f"{{ other: {' '.join(words)} __typename }}"
        for attribute in reversed(self.path):
            selection = f"{{ {graph_name(attribute.removesuffix('_'))} {selection} }}"
        return f'{{ call(sid: "{SIDS[0]}") {selection} }}'

    def of(self, summary: Summary) -> Entity:
        """The object itself."""
        value: Any = summary
        for attribute in self.path:
            value = getattr(value, attribute)
            value = value[0] if isinstance(value, tuple) else value
        assert isinstance(value, self.entity)
        return value


def spots(entity: type[Entity] = Summary, path: tuple[str, ...] = ()) -> Iterator[Spot]:
    """All objects but the summary, and the annotation, which is asked for anew."""
    for attribute, (_, kind) in zip(entity.__struct_fields__, fields(entity), strict=True):
        inner = bare(get_args(kind)[0]) if sort_of(kind) is Sort.LIST else kind
        inner = kind.entry if sort_of(kind) is Sort.MAP else inner
        if attribute != "annotation" and sort_of(inner) is Sort.OBJECT:
            yield Spot((*path, attribute), inner)
            yield from spots(inner, (*path, attribute))


def whole() -> Call:
    """A call of which everything is known."""
    raw = json.dumps(WHOLE | {"call_sid": SIDS[0]}).encode()
    return Call(snapshot_of(raw, NOON), Source.CACHE, None, NOON + 9, None)


@pytest.mark.parametrize("spot", list(spots()), ids=lambda spot: ".".join(spot.path))
def test_an_object_is_told_as_graphql_core_tells_it(spot: Spot) -> None:
    """With all that it should hold, or with anything else in one of its fields."""
    request = Request(spot.query)
    agree(request, [whole()], frozenset({Scope.CALLS_READ}))
    HOW.clear()
    agree(request, [whole()], ALL)
    assert set(HOW) == {"compiled"}
    for attribute in spot.entity.__struct_fields__:
        for wrong in WRONG:
            call = whole()
            force_setattr(spot.of(call.summary), attribute, wrong)
            agree(request, [call], ALL)


def test_a_field_is_told_under_two_keys() -> None:
    """And an object twice, with other fields of it."""
    jitter = "one: jitter { avg } two: jitter { max } three: jitter { avg }"
    edge = f"carrierEdge {{ a: metrics {{ inbound {{ {jitter} }} }} b: metrics {{ __typename }} }}"
    agree(Request(f'{{ call(sid: "{SIDS[0]}") {{ {edge} }} }}'), [whole()], ALL)
