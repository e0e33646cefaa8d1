"""A document is analysed in one pass, and what it comes to does not depend on how it is read."""

from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_leaf_type,
    parse,
    visit,
)
from hypothesis import HealthCheck, given, settings

from gateway.insights.catalogue import Pii
from gateway.insights.filters import FILTERS
from gateway.lru import LruCache
from gateway.schema.demand_control.analysis import Analysis
from gateway.schema.demand_control.estimate import Pricing
from gateway.schema.language.shared_selections import Shared
from gateway.schema.operations import build_schema
from gateway.schema.types.derive import fact_behind
from gateway.schema.types.field_traits import Trait, field_traits
from tests.schema.queries import queries

SCHEMA = build_schema()
SHARED = Shared(LruCache())
PRICING = Pricing(SCHEMA)
MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class _Walk(Visitor):
    """Finds what `Analysis` finds, node by node, as graphql-core goes through a document."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.traits = Trait.NONE
        self.deciders = set[str]()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, field = self._types.get_parent_type(), self._types.get_field_def()
        if parent is None or field is None or node.name.value == "__typename":
            return
        fact, leaf = fact_behind(field), is_leaf_type(get_named_type(field.type))
        if node.name.value == "raw" or (fact and leaf and fact.pii is not Pii.NONE):
            self.traits |= Trait.PERSONAL
        self.traits |= field_traits(SCHEMA)[parent.name][node.name.value].trait & ~Trait.PERSONAL

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        values = [argument.value for argument in node.arguments or ()]
        self.deciders |= {one.name.value for one in values if isinstance(one, VariableNode)}

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        harmless = {row.name for row in FILTERS if row.pii is Pii.NONE}
        if node.name.value not in harmless and not isinstance(node.value, VariableNode):
            self._quote()

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        if node.default_value is not None:
            self._quote()

    def _quote(self) -> None:
        kind = get_named_type(self._types.get_input_type())
        if kind is not None and kind.name == "String":
            self.traits |= Trait.QUOTING


def walked(document: DocumentNode) -> _Walk:
    types = TypeInfo(SCHEMA)
    walk = _Walk(types)
    visit(document, TypeInfoVisitor(types, walk))
    return walk


@given(queries(SCHEMA))
@MANY
def test_a_document_that_shares_selections_comes_to_what_it_does_alone(text: str) -> None:
    """Ours: size, price, traits and deciders are those of the text, whoever read it before."""
    alone, shared = parse(text), SHARED.parse(text, 10_000).document
    one, other = Analysis(alone, SCHEMA), Analysis(shared, SCHEMA)

    assert one.operations == other.operations
    assert one.trait == other.trait == walked(alone).traits
    assert one.deciders == other.deciders
    assert set(one.deciders) == walked(alone).deciders
    assert PRICING.prices(alone, one) == PRICING.prices(shared, other)


@given(queries(SCHEMA))
@MANY
def test_only_annotations_cost_what_the_settings_say(text: str) -> None:
    """Ours: where they may be older than the call that they come with, each is a request."""
    document = parse(text)
    fresh, anew = (Analysis(document, SCHEMA, annotation) for annotation in (0, 1))
    (less,), (more,) = PRICING.prices(document, fresh), PRICING.prices(document, anew)

    assert less.total({}) <= more.total({})
    if "annotation" not in text:
        assert less == more
