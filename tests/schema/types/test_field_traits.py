"""What a field costs and how long its value holds is stated beside the field."""

import pytest
import strawberry
from graphql import GraphQLSchema

from gateway.schema.demand_control.cost import Cost
from gateway.schema.federation import build_subgraph
from gateway.schema.operations import Query, build_schema
from gateway.schema.types.field_traits import Trait, UnstatedCost, costs, field_traits


async def _later() -> int:
    return 1


def _now() -> int:
    return 1


@strawberry.type
class Free(Query):
    free: int = strawberry.field(resolver=_now, description="Nobody knows what it costs.")


@strawberry.type
class Below:
    free: int = strawberry.field(resolver=_later, description="It may ask Twilio.")


def _below() -> Below:
    return Below()


@strawberry.type
class AskingBelow(Query):
    below: Below = strawberry.field(
        resolver=_below, description="What is below it costs something.", metadata=costs()
    )


@strawberry.type
class Stated(Query):
    stated: int = strawberry.field(resolver=_now, description="It costs nothing.", metadata=costs())


@pytest.mark.parametrize(
    ("query", "named"), [(Free, "Free.free"), (AskingBelow, "Below.free")], ids=["root", "below"]
)
def test_a_schema_with_a_field_of_no_cost_is_not_built(query: type, named: str) -> None:
    """Ours: what nobody priced would be free, so the gateway does not start with it.

    A field of the root may always ask Twilio, any other may if its resolver is asynchronous.
    """
    with pytest.raises(UnstatedCost, match=rf"`{named}` states no cost: give it `metadata=costs"):
        build_schema(query)


@pytest.mark.parametrize("schema", [build_schema(), build_subgraph()], ids=["alone", "subgraph"])
def test_each_field_of_the_root_states_its_cost(schema: GraphQLSchema) -> None:
    """Queries, mutations, subscriptions and those of a router: the schema was built, so all do."""
    table = field_traits(schema)
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    asking = {
        f"{root.name}.{name}"
        for root in roots
        if root is not None
        for name, field in table[root.name].items()
        if field.cost.own.requests or field.cost.own.queries or field.cost.paged
    }
    free = {"Query.viewer", "Query._service", "Query.__typename", "Query.__schema", "Query.__type"}
    free |= {"Mutation.__typename", "Subscription.__typename"}
    every = {f"{root.name}.{name}" for root in roots if root for name in table[root.name]}

    assert every - asking == free & every


def test_a_field_of_the_root_is_undated_unless_it_says_otherwise() -> None:
    """Ours: an answer is cached only if its resolver tells how long its value holds."""
    table = field_traits(build_schema(Stated))

    assert table["Stated"]["stated"].trait is Trait.UNDATED
    assert table["Stated"]["call"].trait is Trait.NONE
    assert table["Stated"]["calls"].trait is Trait.CHANGING


def test_what_is_asked_for_anew_when_it_is_old_costs_that() -> None:
    """The settings say whether an annotation may be older than the call that it comes with."""
    schema = build_schema()

    assert field_traits(schema, 0)["Call"]["annotation"].cost.own == Cost(0, 0)
    assert field_traits(schema, 1)["Call"]["annotation"].cost.own == Cost(1, 0)
