"""The parts of the documentation that the code writes: `python -m tests.write_docs`.

A part stands in its page between `<!-- NAME: … -->` and `<!-- end -->`; all else on the page is
written by hand. `tests/test_docs.py` fails when a part is not what the code says.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType, get_named_type
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from gateway.config.settings_table import table as settings_table
from gateway.insights.catalogue import Entity, Fact, OpenMap, Pii, Vocabulary
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.diagnosis.rules import RULES
from gateway.insights.diagnosis.signaling_words import Q850_CAUSES, SIP_RESPONSES
from gateway.insights.field_decoding import bare
from gateway.insights.filters import FILTERS, Filter
from gateway.insights.statistics import AvgMax
from gateway.insights.summary import Summary
from gateway.insights.windows import ACCEPTED_BOUND
from gateway.schema.operations import build_schema
from gateway.schema.types.derive import fact_behind, field_name
from gateway.server.telemetry.prometheus import Telemetry

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PART = re.compile(
    r"(?P<head><!-- (?P<name>[a-z ]+): .*? -->\n)(?P<body>.*?)(?P<end><!-- end -->)", re.DOTALL
)

EXAMPLES = {
    "From": '"+14155550100"',
    "To": '"client:alice"',
    "FromCarrier": '"T-Mobile USA, Inc."',
    "ToCarrier": '"Verizon Wireless"',
    "FromCountryCode": '"US"',
    "ToCountryCode": '"GB"',
    "BrandedUseCase": '"Appointment reminders"',
    "BrandedCallReason": '"Your delivery"',
    "CallScoreAnnotation": "1",
}
WINDOW = [
    ("startTime", "StartTime", '"7d"'),
    ("endTime", "EndTime", '"2026-11-23T07:30:00Z"'),
]
NO_FILTERS = [
    ("StartTime", "`filter: { startTime }`"),
    ("EndTime", "`filter: { endTime }`"),
    ("SortBy", "`sortBy`"),
    ("PageSize", "`first`, or `last`"),
    ("PageToken", "`after`, or `before`"),
    ("Page", "none: a cursor says it all"),
]
SIDS = {"Subaccount": "AC", "BundleSid": "BU"}


def pages() -> list[Path]:
    """The pages of the documentation, without those of the packages that examples install."""
    return sorted(page for page in DOCS.rglob("*.md") if "node_modules" not in page.parts)


def rewritten(text: str) -> str:
    """A page with each part as the code says it now."""
    return PART.sub(lambda part: f"{part['head']}\n{PARTS[part['name']]()}\n{part['end']}", text)


def settings() -> str:
    """Every setting."""
    rows = (
        (
            f"`{row.name}`",
            row.accepted,
            "not set" if row.default is None else f"`{_default(row.default)}`",
            row.sentence,
        )
        for row in settings_table()
    )
    return _table(("Name", "Accepted", "Default", "What it does"), rows)


def filters() -> str:
    """Every filter, the two of the window first."""
    bounds = build_schema().type_map["CallFilter"].fields  # type: ignore[attr-defined]
    window = (
        (f"`{name}`", f"`{parameter}`", bounds[name].description, ACCEPTED_BOUND, f"`{name}: {at}`")
        for name, parameter, at in WINDOW
    )
    rows = (
        (
            f"`{row.name}`",
            f"`{row.parameter}`",
            row.meaning,
            ("A list of: " if row.many else "") + row.accepted,
            f"`{row.name}: {example(row)}`",
        )
        for row in FILTERS
    )
    titles = ("Argument", "Twilio's parameter", "Lists", "Accepted", "Example")
    return _table(titles, [*window, *rows])


def parameters() -> str:
    """Every parameter of Twilio's list, and the argument that it is here."""
    own = sorted((row.parameter, f"`filter: {{ {row.name} }}`") for row in FILTERS)
    return _table(("Twilio's parameter", "Argument of `calls`"), [*NO_FILTERS, *own])


def example(row: Filter) -> str:
    """A value that a filter accepts, as GraphQL writes it."""
    prefix = next((sid for name, sid in SIDS.items() if row.parameter.endswith(name)), None)
    if row.kind is bool:
        one = "true"
    elif issubclass(row.kind, Vocabulary):
        one = row.accepted.split(", ")[0]
    else:
        one = f'"{prefix}{"0123456789abcdef" * 2}"' if prefix else EXAMPLES[row.parameter]
    return f"[{one}]" if row.many else one


def fields() -> str:
    """Every leaf of a summary: one table for those of the call itself, one for each object."""
    tables: dict[str, list[tuple[str, ...]]] = {}
    for path, *facts in leaves(Summary, "", "", _type("Call"), Fact("")):
        head, _, rest = path.partition(".")
        section = head.removesuffix("[]") if rest else ""
        place, _, half = path.partition(" ")
        tables.setdefault(section, []).append((f"`{place}` {half}".rstrip(), *facts))
    titles = ("Twilio's path", "In the graph", "Type", "Unit", "Available", "Personal data")
    sections = (
        f"## {f'`{name}`' if name else 'The call itself'}\n\n{_table(titles, rows)}"
        for name, rows in sorted(tables.items(), key=lambda section: bool(section[0]))
    )
    return "\n".join(sections)


def own_fields() -> str:
    """The fields of a call that Twilio does not have."""
    places: dict[tuple[str, str], list[str]] = {}
    for path, field in sorted(_own(_type("Call"), "")):
        meaning = (field.description or "").replace("\n", " ")
        places.setdefault((str(field.type), meaning), []).append(f"`{path}`")
    rows = ((", ".join(paths), f"`{kind}`", told) for (kind, told), paths in places.items())
    return _table(("In the graph", "Type", "Meaning"), rows)


def _own(kind: GraphQLObjectType, path: str) -> Iterator[tuple[str, GraphQLField]]:
    """The fields below a type that Twilio does not have."""
    twilios = {field_name(Summary, name) for name in Summary.__struct_encode_fields__ if not path}
    for name, field in kind.fields.items():
        own, inner = fact_behind(field) is None and name not in twilios, get_named_type(field.type)
        if own:
            yield f"{path}{name}", field
        if isinstance(inner, GraphQLObjectType) and (not own or name == "processing"):
            yield from _own(inner, f"{path}{name}.")


def metrics() -> str:
    """Every metric, as `/metrics` explains it."""
    page = asyncio.run(Telemetry().metrics(Request({"type": "http", "headers": []})))
    families = text_string_to_metric_families(bytes(page.body).decode())
    rows = (
        (f"`{family.name}`", family.type, family.documentation)
        for family in families
        if not family.name.endswith("_created")
    )
    return _table(("Name", "Kind", "Measures"), rows)


def rules() -> str:
    """Every rule of a diagnosis, under a heading of its own."""
    return "\n".join(_rule(name) for name in FindingRule)


def _rule(name: FindingRule) -> str:
    row = RULES[name]
    threshold = "" if row.threshold is None else f"{row.side} {row.threshold:g} {row.unit}"
    facts = (row.severity.name, row.basis.name, threshold, f"<{row.source}>")
    table = _table(("Severity", "Basis", "Threshold", "Source"), [facts])
    words = {FindingRule.SIP_RESPONSE: SIP_RESPONSES, FindingRule.Q850_CAUSE: Q850_CAUSES}
    codes = _table(("Code", "In words"), words[name].items()) if name in words else ""
    parts = (f"### `{name.name}`", name.meaning, table.strip(), row.advice, codes.strip())
    return "\n\n".join(filter(None, parts)) + "\n"


def leaves(
    entity: type[Entity], said: str, path: str, kind: GraphQLNamedType, above: Fact
) -> Iterator[tuple[str, ...]]:
    """Each leaf below an entity: Twilio's path, that of the graph, and what the catalogue says."""
    assert isinstance(kind, GraphQLObjectType)
    hints = get_type_hints(entity, include_extras=True)
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    for attribute, name in names:
        fact = _inherited(entity.facts[attribute], above, entity)
        shown = field_name(entity, name)
        field, inner = kind.fields[shown], bare(hints[attribute])
        many = "[]" if get_origin(inner) is tuple else ""
        inner = bare(get_args(inner)[0]) if many else inner
        there, here = f"{said}{name}{many}", f"{path}{shown}"
        nested = get_named_type(field.type)
        if isinstance(inner, type) and issubclass(inner, OpenMap):
            for half, entry in zip(("names", "values"), inner.entry.__struct_fields__, strict=True):
                yield from _entry(f"{there} ({half})", here, nested, entry, inner.entry, fact)
        elif isinstance(inner, type) and issubclass(inner, Entity):
            yield from leaves(inner, f"{there}.", f"{here}.", nested, fact)
        else:
            yield _leaf(there, here, field.type, fact)


def _entry(  # noqa: PLR0913, PLR0917 - one half of an entry of an open map
    there: str, here: str, kind: GraphQLNamedType, attribute: str, entry: type[Entity], above: Fact
) -> Iterator[tuple[str, ...]]:
    assert isinstance(kind, GraphQLObjectType)
    name = field_name(entry, attribute)
    fact = Fact("", entry.facts[attribute].unit, above.on, above.pii)
    yield _leaf(there, f"{here}.{name}", kind.fields[name].type, fact)


def _inherited(fact: Fact, above: Fact, entity: type[Entity]) -> Fact:
    """An average has the unit of what it is of, and is there where that is."""
    return Fact("", above.unit, above.on, above.pii) if issubclass(entity, AvgMax) else fact


def _leaf(said: str, path: str, kind: object, fact: Fact) -> tuple[str, ...]:
    personal = "" if fact.pii is Pii.NONE else fact.pii.value
    return said, f"`{path}`", f"`{kind}`", fact.unit, fact.on, personal


@cache
def _types() -> dict[str, GraphQLNamedType]:
    return build_schema().type_map


def _type(name: str) -> GraphQLObjectType:
    kind = _types()[name]
    assert isinstance(kind, GraphQLObjectType)
    return kind


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in line)} |\n" for line in lines
    )


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "filters": filters,
    "parameters": parameters,
    "fields": fields,
    "own fields": own_fields,
    "metrics": metrics,
    "rules": rules,
}


def main() -> None:
    """Write every page anew."""
    for page in pages():
        text = page.read_text("utf-8")
        if (new := rewritten(text)) != text:
            page.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
