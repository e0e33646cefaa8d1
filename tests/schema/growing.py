"""Documents and variables of every kind, as large as one likes."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """Something that grows with a number; `size` is where it takes some milliseconds."""

    size: int
    make: Callable[[int], Any]


def _filter(fields: str, before: str = "") -> str:
    return f"{before}{{calls(filter: {{{fields}}}) {{nodes {{sid}}}}}}"


def _many(text: str, times: int) -> str:
    """`text` so many times, with its number in the place of `#`."""
    return " ".join(text.replace("#", str(number)) for number in range(times))


def _nodes(selected: str, after: str = "") -> str:
    return f"{{calls {{nodes {{{selected}}}}}}} {after}"


def _chain(length: int, last: str) -> str:
    links = (f"fragment F{one} on Call {{sid ...F{one + 1}}}" for one in range(length))
    return " ".join([*links, f"fragment F{length} on Call {{{last}}}"])


def _all_to_all(number: int) -> str:
    names = range(number)
    spreads = ("".join(f"...F{other} " for other in names[one + 1 :]) for one in names)
    return "".join(f"fragment F{one} on Call {{sid {more}}}" for one, more in enumerate(spreads))


def _root(of: int) -> int:
    return int(of**0.5)


DOCUMENTS = {
    # values
    "an object with keys that there are not": Kind(100, lambda n: _filter(_many("stat#: 1", n))),
    "an object with a long key": Kind(20_000, lambda n: _filter(f"{'a' * n}: 1")),
    "an object with one key often": Kind(400, lambda n: _filter("hasTag: true " * n)),
    "a list of words of an enum": Kind(500, lambda n: _filter(f"type: [{'SIP ' * n}]")),
    "a list of other words": Kind(500, lambda n: _filter(f"type: [{'FOO ' * n}]")),
    "a list of texts": Kind(500, lambda n: _filter("type: [" + '"SIP" ' * n + "]")),
    "lists in lists": Kind(40, lambda n: _filter(f"type: {'[' * n}{']' * n}")),
    "objects in objects": Kind(40, lambda n: _filter(f"{'a: {' * n}{'}' * n}")),
    "a text": Kind(30_000, lambda n: _filter(f'from: "{"x" * n}"')),
    "a text of escapes": Kind(5_000, lambda n: _filter('from: "' + r"\u0041" * n + '"')),
    "a block of lines": Kind(5_000, lambda n: _filter('from: """' + " \n" * n + '"""')),
    "a block of ever more blanks": Kind(
        10_000,
        lambda n: _filter(
            'from: """' + "".join(" " * one + "x\n" for one in range(_root(n))) + '"""'
        ),
    ),
    "a whole number": Kind(30_000, lambda n: f"{{calls(first: {'9' * n}) {{nodes {{sid}}}}}}"),
    "a number": Kind(30_000, lambda n: f"{{calls(first: 1.{'9' * n}) {{nodes {{sid}}}}}}"),
    "what may be a phone number": Kind(20_000, lambda n: _filter(f'startTime: "{"1 " * n}a"')),
    "what is nearly one": Kind(20_000, lambda n: _filter(f'startTime: "{("1" + "(" * 50) * n}"')),
    # what means nothing
    "a comment": Kind(30_000, lambda n: f"#{'x' * n}\n{{__typename}}"),
    "comments": Kind(20_000, lambda n: "#\n" * n + "{__typename}"),
    "commas": Kind(50_000, lambda n: f"{{__typename{',' * n}}}"),
    "lines": Kind(50_000, lambda n: "{__typename" + "\n" * n + "}"),
    # names, and what is not closed
    "a name": Kind(30_000, lambda n: f"{{{'x' * n}}}"),
    "an alias": Kind(30_000, lambda n: f"{{{'x' * n}: __typename}}"),
    "braces": Kind(1_000, lambda n: "{a" * n),
    "braces that are closed": Kind(1_000, lambda n: "{a" * n + "}" * n),
    "brackets": Kind(1_000, lambda n: "{a(b: " + "[" * n),
    # fields
    "arguments that there are not": Kind(
        300, lambda n: f"{{calls({_many('firs#: 1', n)}) {{nodes {{sid}}}}}}"
    ),
    "one argument often": Kind(300, lambda n: f"{{calls({'first: 1 ' * n}) {{nodes {{sid}}}}}}"),
    "fields that there are not": Kind(300, lambda n: _nodes(_many("si#", n))),
    "one field often": Kind(300, lambda n: _nodes("sid " * n)),
    "one object often": Kind(300, lambda n: _nodes("from {caller} " * n)),
    "one root often": Kind(24, lambda n: f"{{{'calls(first: 1) {nodes {sid}} ' * n}}}"),
    "roots": Kind(24, lambda n: f"{{{_many('a#: calls(first: 1) {nodes {sid}}', n)}}}"),
    "inline fragments": Kind(600, lambda n: _nodes("...{sid} " * n)),
    "inline fragments in each other": Kind(40, lambda n: f"{{{'...{' * n}__typename{'}' * n}}}"),
    "directives": Kind(24, lambda n: f"{{__typename {'@skip(if: false) ' * n}}}"),
    "directives that there are not": Kind(24, lambda n: f"{{__typename {_many('@a#', n)}}}"),
    "introspection": Kind(
        3, lambda n: f"{{__schema {{types {{{'fields {type {' * n}name{'}}' * n}}}}}}}"
    ),
    # fragments; those that are selected side by side are compared within a budget
    "fragments that nothing uses": Kind(
        150, lambda n: "{__typename} " + _many("fragment F# on Call {sid}", n)
    ),
    "fragments": Kind(
        400, lambda n: _nodes(_many("...F#", n), _many("fragment F# on Call {sid}", n))
    ),
    "a chain of fragments": Kind(450, lambda n: _nodes("...F0", _chain(n, "sid"))),
    "a circle of fragments": Kind(450, lambda n: _nodes("...F0", _chain(n, "...F0"))),
    "fragments that spread all others": Kind(400, lambda n: _nodes("...F0", _all_to_all(_root(n)))),
    "one fragment often": Kind(600, lambda n: _nodes("...F " * n, "fragment F on Call {sid}")),
    "fragments that there are not": Kind(300, lambda n: _nodes(_many("...F#", n))),
    "fragments of one name": Kind(150, lambda n: _nodes("...F", "fragment F on Call {sid} " * n)),
    # variables
    "variables": Kind(
        150,
        lambda n: _filter(f"type: [{_many('$v#', n)}]", f"query ({_many('$v#: CallType!', n)}) "),
    ),
    "variables that nothing uses": Kind(
        300, lambda n: f"query ({_many('$v#: Int', n)}) {{__typename}}"
    ),
    "variables that are not declared": Kind(300, lambda n: _filter(f"type: [{_many('$v#', n)}]")),
    "variables of one name": Kind(300, lambda n: f"query ({'$v: Int ' * n}) {{__typename}}"),
    "variables of unknown types": Kind(
        400, lambda n: f"query ({_many('$v#: In#', n)}) {{__typename}}"
    ),
    "one variable often": Kind(
        400, lambda n: _filter(f"type: [{'$v ' * n}]", "query ($v: CallType!) ")
    ),
    "a default that does not fit": Kind(
        400, lambda n: f"query ($v: [CallType!] = [{'FOO ' * n}]) {{__typename}}"
    ),
    "a type of lists": Kind(40, lambda n: f"query ($v: {'[' * n}Int{']' * n}) {{__typename}}"),
    # definitions
    "operations": Kind(12, lambda n: _many("query Q# {calls {nodes {sid}}}", n)),
    "operations that share fragments": Kind(
        12,
        lambda n: _many("query Q# {calls {nodes {...F0}}}", n) + " " + _chain(20, "sid"),
    ),
    "definitions of types": Kind(150, lambda n: "{__typename} " + _many("type T# {a: Int}", n)),
    "descriptions": Kind(1_000, lambda n: '"x" ' * n),
}


def _asked(
    kind: str, arguments: str, field: str = "calls"
) -> Callable[[object], tuple[str, dict[str, object]]]:
    document = f"query ($v: {kind}) {{{field}({arguments}) {{nodes {{sid}}}}}}"
    return lambda value: (document, {"v": value})


_within = _asked("CallFilter", "filter: $v")
_types = _asked("[CallType!]", "filter: {type: $v}")
_where = _asked("CallWhere", "where: $v", "searchCalls")
_first = _asked("Int", "first: $v")
_after = _asked("String", "after: $v")
_since = _asked("TimeBound", "filter: {startTime: $v}")
_from = _asked("String", "filter: {from: $v}")
_scores = _asked("[Int!]", "filter: {callScoreAnnotation: $v}")


def _several(declared: str, selected: str) -> str:
    return f"query ({declared}) {{{selected}}}"


def _nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


def _objects(depth: int) -> object:
    value: object = {}
    for _ in range(depth):
        value = {"a": value}
    return value


VARIABLES = {
    "keys that there are not": Kind(1_000, lambda n: _within({f"stat{k}": 1 for k in range(n)})),
    "a long key": Kind(50_000, lambda n: _within({"a" * n: 1})),
    "what is not declared": Kind(
        2_000, lambda n: ("{__typename}", {f"v{one}": one for one in range(n)})
    ),
    "words of an enum": Kind(2_000, lambda n: _types(["SIP"] * n)),
    "other words": Kind(2_000, lambda n: _types(["FOO"] * n)),
    "a list in the place of a number": Kind(2_000, lambda n: _first([1] * n)),
    "an object in the place of a number": Kind(
        2_000, lambda n: _first({f"k{one}": 1 for one in range(n)})
    ),
    "lists in lists": Kind(100, lambda n: _types(_nested(n))),
    "lists in a list": Kind(100, lambda n: _types([_nested(20)] * n)),
    "objects in objects": Kind(100, lambda n: _within(_objects(n))),
    "a cursor": Kind(50_000, lambda n: _after("A" * n)),
    "digits in the place of a time": Kind(50_000, lambda n: _since("9" * n)),
    "a phone number in the place of a time": Kind(30_000, lambda n: _since("1 " * n)),
    "a time": Kind(50_000, lambda n: _since(f"2026-11-23T07:30:00.{'0' * n}")),
    "a phone number": Kind(50_000, lambda n: _from(f"+{'1' * n}")),
    "a client": Kind(50_000, lambda n: _from(f"client:{'1' * n}")),
    "scores": Kind(2_000, lambda n: _scores([1] * n)),
    "other scores": Kind(2_000, lambda n: _scores([9] * n)),
    "scores of which the last is too large": Kind(2_000, lambda n: _scores([1] * n + [2**40])),
    "values of one comparison": Kind(2_000, lambda n: _where({"duration": {"in": [1] * n}})),
    "comparisons of which none fits": Kind(
        500, lambda n: _where({"or": [{"duration": {"gt": 2**40}}] * n})
    ),
    "a SID": Kind(
        50_000, lambda n: ("query ($v: CallSid!) {call(sid: $v) {sid}}", {"v": f"CA{'a' * n}"})
    ),
    "an id": Kind(50_000, lambda n: ("query ($v: ID!) {node(id: $v) {id}}", {"v": "A" * n})),
    "ids": Kind(2_000, lambda n: ("query ($v: [ID!]!) {nodes(ids: $v) {id}}", {"v": ["A"] * n})),
    "a text in the place of a boolean": Kind(
        50_000, lambda n: ("query ($v: Boolean!) {__typename @skip(if: $v)}", {"v": "x" * n})
    ),
    "several that do not fit": Kind(
        12,
        lambda n: (
            _several(_many("$v#: CallFilter", n), _many("a#: calls(filter: $v#) {nodes {sid}}", n)),
            {f"v{one}": {"stat": one} for one in range(n)},
        ),
    ),
}
