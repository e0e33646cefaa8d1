"""Queries of Prometheus, taken apart: which metrics and labels they need."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import promql_parser as promql

from tests.test_dockerfile import ROOT

GIVEN_BY_PROMETHEUS = {"job", "instance"}
SOURCES = "".join(
    (ROOT / "gateway" / name).read_text("utf-8")
    for name in ("instrumentation.py", "errors.py", "schema/results/error_policy.py")
)


class Selected(NamedTuple):
    """A metric in a query, with what is asked of its labels."""

    metric: str
    matched: dict[str, str]
    needed: set[str]


def selected(query: str) -> Iterator[Selected]:
    """Each metric of a query, with the labels by which it is chosen and grouped."""
    yield from _selected(promql.parse(query), set())


def _selected(expr: Any, needed: set[str]) -> Iterator[Selected]:
    match expr:
        case promql.VectorSelector():
            matched = {one.name: one.value for one in expr.matchers.matchers}
            yield Selected(expr.name or "", matched, needed | matched.keys())
        case promql.AggregateExpr():
            grouped = set(expr.modifier.labels) if expr.modifier else set[str]()
            yield from _selected(expr.expr, needed | grouped)
        case promql.Call():
            for argument in expr.args:
                yield from _selected(argument, needed)
        case promql.BinaryExpr():
            yield from _selected(expr.lhs, needed)
            yield from _selected(expr.rhs, needed)
        case promql.MatrixSelector():
            yield from _selected(expr.vector_selector, needed)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from _selected(expr.expr, needed)
        case _:
            assert isinstance(expr, promql.NumberLiteral | promql.StringLiteral)


def check(query: str, exported: dict[str, set[str]], told: set[str]) -> None:
    """See that a query can have an answer, and that this has the labels that are told of it."""
    for one in selected(query):
        assert one.metric in exported, query
        assert one.needed <= exported[one.metric] | GIVEN_BY_PROMETHEUS, query
        for label, value in one.matched.items():
            known = value.isdecimal() or value == "gateway" or f'"{value}"' in SOURCES
            assert known, f"{label} is never {value}: {query}"
        if isinstance(promql.parse(query), promql.AggregateExpr | promql.BinaryExpr | promql.Call):
            assert told <= one.needed | GIVEN_BY_PROMETHEUS, query
        else:
            assert told <= exported[one.metric] | GIVEN_BY_PROMETHEUS, query
