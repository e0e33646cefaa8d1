"""A value that does not fit is told by its name, what it is and what would do."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)

from gateway.schema.language.value_errors import (
    MAX_ERRORS,
    MAX_ERRORS_IN_ALL,
    MAX_SUGGESTIONS,
    ValuesFitRule,
    misfits,
)
from gateway.schema.operations import build_schema as build_schema_of_calls
from gateway.warehouse.fields import FIELDS
from tests.conftest import Gateway

SCHEMA = build_schema_of_calls()
SID = "CA" + "0" * 32
PHONE = "+14155550123"
CALL_TYPES = "CARRIER, SIP, TRUNKING, CLIENT, WHATSAPP"
CALL_SID = "`CA` and 32 hexadecimal digits"
WHOLE = "a whole number within 32 bits"


def calls(arguments: str) -> str:
    return f"{{calls({arguments}) {{nodes {{sid}}}}}}"


def searching(where: str) -> str:
    """What has a filter that Twilio lacks: the warehouse."""
    return f"searchCalls(where: {{ {where} }})"


@pytest.mark.parametrize(
    ("query", "argument", "problem", "accepted", "column"),
    [
        ('{call(sid: "CA../../x") {sid}}', "sid", 'is "CA../../x"', CALL_SID, 12),
        ("{call(sid: 5) {sid}}", "sid", "is 5", CALL_SID, 12),
        ("{call(sid: null) {sid}}", "sid", "is null", CALL_SID, 12),
        ("{call(sid: [1]) {sid}}", "sid", "is a list", CALL_SID, 12),
        (calls('first: "x"'), "first", 'is "x"', WHOLE, 15),
        (calls("first: 1.5"), "first", "is 1.5", WHOLE, 15),
        (calls("first: true"), "first", "is true", WHOLE, 15),
        (calls("first: 2147483648"), "first", "is 2147483648", WHOLE, 15),
        (calls(f"first: {'9' * 5000}"), "first", f"is {'9' * 64}", WHOLE, 15),
        (calls("sortBy: NOPE"), "sortBy", "is NOPE", "START_TIME, END_TIME", 16),
        (calls("filter: {type: [FOO]}"), "filter.type[0]", "is FOO", CALL_TYPES, 24),
        (calls("filter: {type: FOO}"), "filter.type", "is FOO", CALL_TYPES, 23),
        (calls('filter: {type: [SIP, "SIP"]}'), "filter.type[1]", 'is "SIP"', CALL_TYPES, 29),
        (calls("filter: {hasTag: 1}"), "filter.hasTag", "is 1", "true or false", 25),
        (calls("filter: 5"), "filter", "is no object", "an object, `CallFilter`", 16),
        (calls("filter: {from: 14155550123}"), "filter.from", "is no text", "text", 23),
        (
            calls(f'filter: {{form: "{PHONE}", type: SIP}}'),
            "filter",
            "has no field `form`",
            "`from` or another field of `CallFilter`",
            16,
        ),
        (
            calls("filter: {carrierEdge: {}}"),
            "filter",
            "has no field `carrierEdge`",
            "`searchCalls(where: { carrierEdge: … })` or another field of `CallFilter`",
            16,
        ),
        (
            calls('filter: {sdkVersion: "2"}'),
            "filter",
            "has no field `sdkVersion`",
            f"`{searching('from: { sdk: { version: … } }')}` or another field of `CallFilter`",
            16,
        ),
        (calls('filter: {type: SIP, hasTag: "x"}'), "filter.hasTag", 'is "x"', "true or false", 36),
        ('{__typename @include(if: "x")}', "if", 'is "x"', "true or false", 26),
        ('query($n: Int = "x") {calls(first: $n) {nodes {sid}}}', "$n", 'is "x"', WHOLE, 17),
    ],
)
async def test_a_literal_that_does_not_fit_is_named(  # noqa: PLR0913, PLR0917
    gateway: Gateway, query: str, argument: str, problem: str, accepted: str, column: int
) -> None:
    """By the path of its argument, the value as it was written, and where it stands."""
    assert await gateway.fail(query) == {
        "message": f"`{argument}` {problem}. Accepted: {accepted}.",
        "locations": [{"line": 1, "column": column}],
        "extensions": {"code": "BAD_USER_INPUT", "argument": argument, "accepted": accepted},
    }


@pytest.mark.parametrize(
    ("kind", "value", "argument", "problem", "accepted"),
    [
        ("Int", "x", "$v", 'is "x"', WHOLE),
        ("Int", 2**31, "$v", "is 2147483648", WHOLE),
        ("Int", PHONE, "$v", "is a text, perhaps a phone number", WHOLE),
        ("Int", {"a": PHONE}, "$v", "is an object", WHOLE),
        ("Int!", None, "$v", "is null", WHOLE),
        ("CallFilter", PHONE, "$v", "is no object", "an object, `CallFilter`"),
        ("CallFilter", [{}], "$v", "is a list", "an object, `CallFilter`"),
        ("CallFilter", {"type": ["FOO"], "from": PHONE}, "$v.type[0]", 'is "FOO"', CALL_TYPES),
        ("CallFilter", {"from": 14155550123}, "$v.from", "is no text", "text"),
        ("CallFilter", {"to": [PHONE]}, "$v.to", "is a list", "text"),
        (
            "CallFilter",
            {"from": PHONE, "nope": PHONE},
            "$v",
            "has no field `nope`",
            "`type` or another field of `CallFilter`",
        ),
    ],
)
async def test_a_variable_that_does_not_fit_is_named(  # noqa: PLR0913, PLR0917
    gateway: Gateway, kind: str, value: Any, argument: str, problem: str, accepted: str
) -> None:
    """By its own name and the path into it; phone numbers beside the mistake are not repeated."""
    name = "filter" if kind == "CallFilter" else "first"
    query = f"query($v: {kind}) {{calls({name}: $v) {{nodes {{sid}}}}}}"
    assert await gateway.fail(query, v=value) == {
        "message": f"`{argument}` {problem}. Accepted: {accepted}.",
        "locations": [{"line": 1, "column": 7}],
        "extensions": {"code": "BAD_USER_INPUT", "argument": argument, "accepted": accepted},
    }


async def test_a_variable_that_is_missing_is_named(gateway: Gateway) -> None:
    """A required variable without value says so."""
    error = await gateway.fail("query($sid: CallSid!) {call(sid: $sid) {sid}}")
    assert error["message"] == f"`$sid` is missing. Accepted: {CALL_SID}."


@pytest.mark.parametrize(
    ("kind", "selected"),
    [
        ("Boolean = true", "__typename @include(if: $v)"),
        ("Boolean = true", "calls {nodes {sid @skip(if: $v)}}"),
        ("Boolean = true", "calls {... @include(if: $v) {nodes {sid}}}"),
        ('CallSid = "x"', "call(sid: $v) {sid}"),
        ('ID = "x"', "nodes(ids: [$v]) {id}"),
        ("CallType = SIP", "calls(filter: {type: [$v]}) {nodes {sid}}"),
    ],
)
async def test_a_variable_that_is_null_where_a_default_was_meant_is_named(
    gateway: Gateway, kind: str, selected: str
) -> None:
    """GraphQL, "Allowing Optional Variables When Default Values Exist": null is no default.

    Python's name for it is not for clients.
    """
    error = await gateway.fail(
        f"query($v: {kind}) {{{selected}}}".replace('"x"', f'"{SID}"'), v=None
    )
    accepted = "a value, or none at all, for the default"
    assert error["message"] == f"`$v` is null. Accepted: {accepted}."
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "argument": "$v",
        "accepted": accepted,
    }
    assert error["locations"]


async def test_only_the_variable_that_is_wrong_is_named(gateway: Gateway) -> None:
    """Defaults and good values beside it are not spoken of."""
    query = "query($n: Int! = 1, $t: [CallType!], $s: CallSort) {calls(first: $n, sortBy: $s, "
    error = await gateway.fail(f"{query}filter: {{type: $t}}) {{nodes {{sid}}}}}}", t=["SIP"], s=1)
    assert error["extensions"]["argument"] == "$s"


def test_an_object_without_what_it_needs_says_what_is_missing() -> None:
    """All that is lacking at once; `nested` and lists lead to the place."""
    schema = build_schema(
        "input Note {sid: ID! text: String! mark: Int! = 1 nested: [Note!]} "
        "type Query {add(note: Note!): Int}"
    )
    told = "`{}.nested[1]` lacks `sid`, `text`. Accepted: all that `Note` requires."
    note = '{sid: 1, text: "a", nested: [{sid: 2, text: "b"}, {mark: 3}]}'
    (error,) = validate(schema, parse(f"{{add(note: {note})}}"), [ValuesFitRule])
    assert error.message == told.format("note")
    operation = parse("query($n: Note!) {add(note: $n)}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    value = {"sid": "1", "text": "a", "nested": [{"sid": "2", "text": "b"}, {"mark": 3}]}
    (error,) = misfits(schema, operation, {"n": value}, hint=True)
    assert error.message == told.format("$n")


@pytest.mark.parametrize("bound", ["yesterday", "4 h", "2026-02-30", "", "9" * 100])
async def test_a_bound_that_is_none_says_what_is_one(gateway: Gateway, bound: str) -> None:
    """The accepted forms are those of the schema's own description, literal or variable."""
    literal = await gateway.fail(calls(f'filter: {{startTime: "{bound}"}}'))
    variable = await gateway.fail(
        "query($t: TimeBound) {calls(filter: {startTime: $t}) {nodes {sid}}}", t=bound
    )
    accepted = literal["extensions"]["accepted"]
    assert accepted.startswith("an ISO 8601 time with offset (")
    assert accepted.endswith("`1w`)")
    assert variable["extensions"]["accepted"] == accepted
    assert variable["extensions"]["argument"] == "$t"
    assert literal["extensions"]["argument"] == "filter.startTime"


async def test_a_phone_number_that_is_none_is_not_repeated(gateway: Gateway) -> None:
    """A number that almost is one is personal all the same, wherever it was written."""
    for error in (
        await gateway.fail(calls('filter: {from: "4155550123"}')),
        await gateway.fail(
            "query($f: String) {calls(filter: {to: $f}) {nodes {sid}}}", f=4155550123
        ),
        await gateway.fail(
            "query($f: String = 4155550123) {calls(filter: {to: $f}) {nodes {sid}}}"
        ),
    ):
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "5550123" not in str(error)


@pytest.mark.parametrize("number", [PHONE, "(415) 555-0142", "call 14155550123"])
async def test_a_number_in_the_place_of_something_else_is_not_repeated(
    gateway: Gateway, number: str
) -> None:
    """Of whatever type it should have been."""
    for query in (
        "query($v: CallSid!) { call(sid: $v) { sid } }",
        "query($v: TimeBound!) { calls(filter: { startTime: $v }) { nodes { sid } } }",
    ):
        error = await gateway.fail(query, v=number)
        assert error["message"].startswith("`$v` is a text, perhaps a phone number. Accepted: ")
        assert "555" not in str(error)
    error = await gateway.fail("query($v: CallSid!) { call(sid: $v) { sid } }", v=14155550123)
    assert error["message"].startswith("`$v` is a number. Accepted: ")
    assert "555" not in str(error)


async def test_every_mistake_is_told_up_to_a_number(gateway: Gateway) -> None:
    """Two mistakes are mended at once; 9,000 are told no more than twenty times."""
    query = "query($t: [CallType!], $n: Int) {calls(filter: {type: $t}, first: $n) {nodes {sid}}}"
    body = await gateway.send(query, t=[1] * 9_000, n="x")
    assert len(body["errors"]) == MAX_ERRORS + 1
    assert body["errors"][-1]["extensions"]["argument"] == "$n"
    body = await gateway.send(calls(f"filter: {{type: [{'FOO ' * 9000}]}}"))
    assert len(body["errors"]) == MAX_ERRORS


def test_all_mistakes_of_a_request_are_bounded() -> None:
    """Ours: the first few name what is alike, which takes long to find; the others do not."""
    query, some = "query({}) {{{}}}", range(MAX_ERRORS_IN_ALL + 10)
    declared = " ".join(f"$v{one}: CallFilter" for one in some)
    used = " ".join(f"calls(filter: $v{one}) {{nodes {{sid}}}}" for one in some)
    document = parse(query.format(declared, used))
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    values = {f"v{one}": {"form": PHONE} for one in some}
    told = [error.message for error in misfits(SCHEMA, operation, values, hint=True)]
    assert len(told) == MAX_ERRORS_IN_ALL
    assert sum("`from` or" in message for message in told) == MAX_SUGGESTIONS
    literals = " ".join(f"a{one}: calls(filter: {{form: 1}}) {{nodes {{sid}}}}" for one in some)
    told = [one.message for one in validate(SCHEMA, parse(f"{{{literals}}}"), [ValuesFitRule])]
    assert sum("`from` or" in message for message in told) == MAX_SUGGESTIONS


def test_of_alternatives_there_must_be_one() -> None:
    """GraphQL, "OneOf Input Objects": exactly one field, and it is not null."""
    schema = build_schema(
        "input By @oneOf {field: String time: Int} type Query {group(by: [By!]): Int}"
    )
    operation = parse("query($b: [By!]) {group(by: $b)}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    values = {"b": [{"time": 1}, {}, {"field": "a", "time": 1}, {"time": None}]}
    literal = '{group(by: [{time: 1}, {}, {field: "a", time: 1}, {time: null}])}'
    for name, errors in (
        ("$b", misfits(schema, operation, values, hint=True)),
        ("by", validate(schema, parse(literal), [ValuesFitRule])),
    ):
        assert [error.message for error in errors] == [
            f"`{name}[{place}]` {problem}. Accepted: one field of `By`, and it is not null."
            for place, problem in [(1, "has 0 fields"), (2, "has 2 fields"), (3, "has null")]
        ]


async def test_good_values_pass(gateway: Gateway) -> None:
    """Enums, lists of one, nulls, defaults and objects in variables all reach the upstream."""
    query = (
        "query($f: CallFilter, $n: Int = 1, $t: TimeBound) {"
        'a: calls(filter: $f, first: $n) {nodes {sid}} b: calls(filter: {startTime: "7d", '
        "type: SIP, hasTag: null, endTime: $t}, sortBy: START_TIME, first: 1) {nodes {sid}}}"
    )
    data = await gateway.ask(query, f={"type": ["CARRIER"], "from": None, "startTime": "7d"})
    assert len(data["a"]["nodes"]) == 1


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_filter_that_twilio_lacks_is_named_as_the_warehouse_has_it(field: str) -> None:
    """Of each field, by its whole path in camelCase: what is named can be asked for as it stands.

    Not of those that `CallFilter` has by that name itself.
    """
    path = FIELDS[field].path
    name = path[0] + "".join(part[:1].upper() + part[1:] for part in path[1:])
    kind = SCHEMA.type_map["CallFilter"]
    assert isinstance(kind, GraphQLInputObjectType)
    if name in kind.fields:
        return
    (error,) = validate(SCHEMA, parse(calls(f"filter: {{{name}: 1}}")), [ValuesFitRule])
    named = re.search(r"searchCalls\(where: (\{.*\})\)", error.message)

    assert named, error.message
    asked = f"{{ searchCalls(where: {named[1].replace('…', '{}')}) {{ totalCount }} }}"
    assert not validate(SCHEMA, parse(asked), [ValuesFitRule])
