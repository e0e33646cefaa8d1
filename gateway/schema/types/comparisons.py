"""Defines one input type of comparison operators for each kind of field."""

from datetime import datetime
from functools import cache
from typing import Any

from gateway.insights.catalogue import BigInt
from gateway.insights.leaves import Kind
from gateway.schema.types.derive import input_type, name_enums
from gateway.schema.types.scalars import Bound
from gateway.warehouse.conditions import LONGEST_LIST, Operator, operators
from gateway.warehouse.fields import Field

name_enums()

SINCE, UNTIL = "since", "until"
"""Bounds of a moment that may be ages: beside the operators, where a field is a moment."""

_SCALARS: dict[Kind, tuple[str, Any]] = {
    Kind.TEXT: ("String", str),
    Kind.WHOLE: ("Int", int),
    Kind.COUNTER: ("BigInt", BigInt),
    Kind.NUMBER: ("Float", float),
    Kind.FLAG: ("Boolean", bool),
    Kind.MOMENT: ("DateTime", datetime),
}

_MEANINGS = {
    Operator.EQ: "The field has this value.",
    Operator.NE: "The field has another value, or none.",
    Operator.IN: f"The field has one of these values, 1 to {LONGEST_LIST:,}.",
    Operator.NOT_IN: f"The field has none of these values, 1 to {LONGEST_LIST:,}, or is null.",
    Operator.LT: "The field is below this value; of a time, earlier.",
    Operator.LTE: "The field is this value or below; of a time, earlier.",
    Operator.GT: "The field is above this value; of a time, later.",
    Operator.GTE: "The field is this value or above; of a time, later.",
    Operator.IS_NULL: "`true`: the field is null. `false`: the field has a value.",
    Operator.STARTS_WITH: "The text begins with this one; case counts.",
    Operator.CONTAINS: "The text has this one in it; case counts.",
    Operator.HAS: "The list has this value.",
    Operator.HAS_ANY: f"The list has one of these values, 1 to {LONGEST_LIST:,}, or more of them.",
    Operator.HAS_ALL: f"The list has all of these values, 1 to {LONGEST_LIST:,}.",
    Operator.IS_EMPTY: "`true`: the list is empty. `false`: the list has a value.",
}

_TAKEN = {"ProcessingStateFilter": "CallProcessingStateFilter"}
"""Names that are those of other types of the graph."""

_TAKEN = {"ProcessingStateFilter": "CallProcessingStateFilter"}
"""Names that are those of other types of the graph."""

_AGES = (
    (SINCE, SINCE, Bound, "The field is this moment or later: a time, or an age such as `7d`."),
    (UNTIL, UNTIL, Bound, "The field is before this moment: a time, or an age such as `1d`."),
)


def comparison_type(field: Field) -> Any:
    """The input type that compares a field."""
    if field.vocabulary is not None:
        name, kind = field.vocabulary.__name__, field.vocabulary
    else:
        name, kind = _SCALARS[field.kind]
    if field.is_personal:
        name = f"Personal{name}"
    filtering = f"{name}ListFilter" if field.many else f"{name}Filter"
    return _filter(_TAKEN.get(filtering, filtering), kind, field)


_filters: dict[str, Any] = {}


def _filter(name: str, kind: Any, field: Field) -> Any:
    """The type with this name; fields of one kind share it."""
    if name not in _filters:
        rows = [_row(operator, kind) for operator in operators(field)]
        ages = _AGES if field.kind is Kind.MOMENT else ()
        _filters[name] = input_type(name, _described(field), (*rows, *ages))
    return _filters[name]


def _row(operator: Operator, kind: Any) -> tuple[str, str, Any, str]:
    if operator.takes_flag:
        value: Any = bool
    else:
        value = _listed(kind) if operator.takes_list else kind
    return operator.name.lower() + "_", operator.value, value, _MEANINGS[operator]


@cache
def _listed(kind: Any) -> Any:
    return list[kind]


def _described(field: Field) -> str:
    """What a comparison is about; all that is said holds."""
    what = "A list" if field.many else "A field"
    if field.is_personal:
        return (
            f"{what} of personal data, compared by equality alone. This needs the scope "
            "`pii:read`. All operators that are given hold."
        )
    return (
        f"{what}, compared. All operators that are given hold. A comparison with null is false, "
        "so `ne`, `notIn` and `not` include calls where the field is null."
    )
