"""Writes conditions as SQL.

SQL knows a third truth value, and a condition here does not. Negations are pushed down to the
comparisons: there `NOT ifNull(…, 0)` takes what is null for false. Above them are only `AND` and
`OR`, for which null and false are the same, so a comparison that is not negated stands as it is,
and the engine finds the parts of the table that it rules out.
"""

from typing import Any

from gateway.warehouse.conditions import (
    All,
    Comparison,
    Condition,
    Either,
    Not,
    Operator,
    SomeEdge,
)
from gateway.warehouse.fields import EDGES, Field
from gateway.warehouse.parameters import Parameters

_TEMPLATES = {
    Operator.EQ: "{} = {}",
    Operator.LT: "{} < {}",
    Operator.LTE: "{} <= {}",
    Operator.GT: "{} > {}",
    Operator.GTE: "{} >= {}",
    Operator.IN: "{} IN {}",
    Operator.STARTS_WITH: "startsWith({}, {})",
    Operator.CONTAINS: "position({}, {}) > 0",
    Operator.HAS: "has({}, {})",
    Operator.HAS_ANY: "hasAny({}, {})",
    Operator.HAS_ALL: "hasAll({}, {})",
}
_FLAGS = {
    (Operator.IS_NULL, True): "isNull",
    (Operator.IS_NULL, False): "isNotNull",
    (Operator.IS_EMPTY, True): "empty",
    (Operator.IS_EMPTY, False): "notEmpty",
}
_NEGATED = {Operator.NE: Operator.EQ, Operator.NOT_IN: Operator.IN}
_TRUE, _FALSE = "1", "0"


def where(condition: Condition, parameters: Parameters) -> str:
    """The condition as an expression for `WHERE` and `countIf`; its values become parameters."""
    return _sql(condition, parameters, negated=False, edge="")


def _sql(condition: Condition, parameters: Parameters, *, negated: bool, edge: str) -> str:
    def inner(one: Condition) -> str:
        return _sql(one, parameters, negated=negated, edge=edge)

    match condition:
        case Comparison():
            return _comparison(condition, parameters, negated=negated, edge=edge)
        case Not(condition=opposite):
            return _sql(opposite, parameters, negated=not negated, edge=edge)
        case All(conditions=conditions):
            return _joined("OR" if negated else "AND", [inner(one) for one in conditions])
        case Either(conditions=conditions):
            return _joined("AND" if negated else "OR", [inner(one) for one in conditions])
        case SomeEdge(condition=shared):
            return _some_edge(shared, parameters, negated=negated)


def _some_edge(shared: Condition, parameters: Parameters, *, negated: bool) -> str:
    found = []
    for edge in EDGES:
        held = _sql(shared, parameters, negated=negated, edge=edge)
        found.append(f"(NOT {edge} OR {held})" if negated else f"({edge} AND {held})")
    return _joined("AND" if negated else "OR", found)


def _joined(word: str, parts: list[str]) -> str:
    if not parts:
        return _TRUE if word == "AND" else _FALSE
    return f"({f' {word} '.join(parts)})"


def _comparison(comparison: Comparison, parameters: Parameters, *, negated: bool, edge: str) -> str:
    operator = comparison.operator
    if operator in _NEGATED:
        operator, negated = _NEGATED[operator], not negated
    field = comparison.field.at(edge) if edge else comparison.field
    held = _held(field, operator, comparison.value, parameters)
    return f"NOT ifNull({held}, 0)" if negated else held


def _held(field: Field, operator: Operator, value: Any, parameters: Parameters) -> str:
    """The comparison as SQL has it: null where the field is."""
    if operator.takes_flag:
        return f"{_FLAGS[operator, value]}({field.column})"
    if operator is Operator.EQ and field.is_personal:
        operator, value = Operator.IN, [value]
    put = parameters.list_of if operator.takes_list else parameters.of
    return _TEMPLATES[operator].format(field.column, put(field, value))
