"""Adds the fields of Apollo Federation 2: `Call` is an entity with the key `sid`.

Other subgraphs refer to a call by its `sid` alone; the router asks for the rest here, for all calls
of a request at once, as `nodes` would: the same access, masking, bound and price.
"""

import re
from functools import cache
from typing import Annotated, Any, cast

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema, lexicographic_sort_schema, print_schema

from gateway.errors import BadUserInput
from gateway.insights.catalogue import CallSid
from gateway.insights.sids import call_sid
from gateway.schema.context import Info
from gateway.schema.demand_control.cost import LOOKUP
from gateway.schema.operations import Query, build_schema, look_up_each
from gateway.schema.types.call import Call
from gateway.schema.types.field_traits import costs, dated
from gateway.schema.types.inputs import MAX_IDS
from gateway.schema.types.scalars import Representation

_LINK = """\
extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.3"
  import: ["@key", "@shareable"]
)

"""

_DIRECTIVES = {"Call": '@key(fields: "sid")', "PageInfo": "@shareable"}

_OF_ANOTHER = {"node", "nodes", "viewer"}
"""Questions that every graph has: in a supergraph, they are for one that knows all subgraphs."""

_Entity = Annotated[
    Call, strawberry.union("_Entity", description="What other subgraphs may refer to.")
]


@strawberry.type(name="_Service", description="This subgraph.")
class Service:
    """The answer to `_service`."""

    sdl: str = strawberry.field(description="What it adds to a supergraph, for its composition.")


@strawberry.type(name="Query", description="Questions.")
class SubgraphQuery(Query):
    """The root of all questions, with those of a router."""

    @strawberry.field(
        name="_service",
        description="This subgraph, as the composition of a supergraph reads it.",
        metadata=costs(),
    )
    def service(self) -> Service:
        """For `rover subgraph introspect` and its like."""
        return Service(sdl=subgraph_sdl())

    @strawberry.field(
        name="_entities",
        description=(
            "Entities that other subgraphs refer to, in the same order, null where there is none, "
            "or an error in its place. Up to 100."
        ),
        graphql_type=list[_Entity | None],
        metadata=costs(LOOKUP, sized_by=("representations",), most=MAX_IDS) | dated(),
    )
    async def entities(
        self,
        info: Info,
        representations: Annotated[
            list[Representation], strawberry.argument(description="What stands for them.")
        ],
    ) -> list[Call | None]:
        """Looked up at the same time, each call once."""
        return await look_up_each(info, "representations", representations, _sid_of)


def build_subgraph() -> GraphQLSchema:
    """The schema, with what a router asks."""
    return build_schema(SubgraphQuery)


@cache
def subgraph_sdl() -> str:
    """What the gateway adds to a supergraph: its schema, but for what is another's."""
    schema = build_schema()
    query = cast("GraphQLObjectType", schema.query_type)
    fields = {name: field for name, field in query.fields.items() if name not in _OF_ANOTHER}
    shared = GraphQLSchema(
        query=GraphQLObjectType(query.name, fields, description=query.description),
        mutation=schema.mutation_type,
        subscription=schema.subscription_type,
    )
    return _LINK + re.sub(
        rf"^type ({'|'.join(_DIRECTIVES)})\b[^{{]*",
        lambda found: f"{found[0]}{_DIRECTIVES[found[1]]} ",
        print_schema(lexicographic_sort_schema(shared)) + "\n",
        flags=re.MULTILINE,
    )


def _sid_of(representation: Any) -> CallSid:
    """The call that is meant. Raises BadUserInput."""
    fields = representation if isinstance(representation, dict) else {}
    if fields.get("__typename") != "Call":
        raise BadUserInput("representations", "holds what is no `Call`", '`__typename: "Call"`')
    try:
        return call_sid(str(fields.get("sid")))
    except ValueError:
        raise BadUserInput(
            "representations", "holds a `sid` of no call", "`CA` and 32 hexadecimal digits"
        ) from None
