"""Arguments of tools: JSON Schema 2020-12, as the protocol has it, from GraphQL's variables."""

from typing import Any

import jsonschema
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, is_scalar_type, parse

from gateway.schema.operations import build_schema as ours
from gateway.server.mcp.input_schema import SCALARS, input_schema
from gateway.server.mcp.output_schema import output_schema

OWN = build_schema(
    """
    enum Kind { "The first." A "The second." B UNRECOGNIZED }
    "A tree."
    input Where { "Any of these." or: [Where!] kind: Kind = A text: String! }
    input One @oneOf { a: Int b: Where }
    type Query { "Things." things(where: Where, one: One, ids: [ID!]!): [String!] }
    """
)


def arguments(text: str, schema: GraphQLSchema = OWN) -> dict[str, Any]:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    written = input_schema(schema, document, operation)
    jsonschema.Draft202012Validator.check_schema(written)
    return written


def test_required_and_default_values_are_as_in_graphql() -> None:
    """A variable must be sent when it cannot be null and has no default (GraphQL §6.1.2)."""
    written = arguments(
        'query Q($a: [ID!]!, $b: ID! = "x") { things(ids: $a) b: things(ids: [$b]) }'
    )

    assert written["required"] == ["a"]
    assert written["properties"]["b"]["default"] == "x"
    assert written["additionalProperties"] is False


def test_an_input_type_that_holds_itself_is_a_definition() -> None:
    """JSON Schema refers to it by `$ref`; enum values bring their meanings, and defaults stay."""
    written = arguments("query Q($where: Where, $ids: [ID!]!) { things(where: $where, ids: $ids) }")

    assert written["properties"]["where"]["$ref"] == "#/$defs/Where"
    tree = written["$defs"]["Where"]
    assert tree["required"] == ["text"]
    assert tree["properties"]["or"]["items"] == {"$ref": "#/$defs/Where"}
    assert tree["properties"]["kind"]["enum"] == ["A", "B"]
    assert "`B`: The second." in tree["properties"]["kind"]["description"]


def test_one_of_means_exactly_one() -> None:
    """GraphQL's `@oneOf` has exactly one field that is not null."""
    written = arguments("query Q($one: One, $ids: [ID!]!) { things(one: $one, ids: $ids) }")
    validator = jsonschema.Draft202012Validator(written)

    assert validator.is_valid({"one": {"a": 1}, "ids": []})
    assert not validator.is_valid({"one": {"a": 1, "b": {"text": ""}}, "ids": []})
    assert not validator.is_valid({"one": {}, "ids": []})


def test_bounds_and_words_come_from_where_a_variable_is_used() -> None:
    """They stand beside the argument; a variable's own description comes before the argument's."""
    written = arguments(
        'query Q("Mine." $first: Int, $seconds: Int, $sid: CallSid!, $ids: [ID!]!) {'
        " calls(first: $first) { nodes { sid } } nodes(ids: $ids) { id }"
        " callLookup(sid: $sid, timeoutSeconds: $seconds) { status } }",
        ours(),
    )["properties"]

    assert written["first"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "Mine.",
    }
    assert (written["seconds"]["minimum"], written["seconds"]["maximum"]) == (1, 60)
    assert (written["ids"]["minItems"], written["ids"]["maxItems"]) == (1, 100)
    assert written["sid"]["pattern"] == "^CA[0-9a-fA-F]{32}$"


def test_every_scalar_is_written_down_but_any_json() -> None:
    """A new scalar would else be any value, and a model would have to guess."""
    scalars = {name for name, kind in ours().type_map.items() if is_scalar_type(kind)}

    assert scalars - SCALARS.keys() == {"JSON"}


def test_an_answer_fits_what_its_tool_announced() -> None:
    """Fragments of one type, directives and aliases: what is not certain is not required."""
    document = parse(
        "query Q($sid: CallSid!, $all: Boolean!) { found: call(sid: $sid) {"
        " sid url @include(if: $all) edges { __typename ... on SdkEdge { metrics { inbound {"
        " mos { avg } } } } ... on CarrierEdge { metrics { inbound { codec } } } } } }"
    )
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    written = output_schema(ours(), document, operation)
    validator = jsonschema.Draft202012Validator(written)
    sdk = {"__typename": "SdkEdge", "metrics": {"inbound": {"mos": None}}}
    carrier = {"__typename": "CarrierEdge", "metrics": {"inbound": {"codec": 8}}}

    assert validator.is_valid({"found": None})
    assert validator.is_valid({"found": {"sid": "CA1", "edges": [sdk, carrier]}})
    assert not validator.is_valid({"found": {"sid": 1, "edges": []}})
    assert not validator.is_valid({"found": {"edges": []}})
