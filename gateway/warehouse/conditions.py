"""Defines conditions on calls: a tree of comparisons, checked when it is built.

A comparison with null is false and `not` negates it, so `ne`, `notIn` and `not` include the calls
whose field is null. A list that is not there is empty.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from msgspec import Struct

from gateway.errors import BadUserInput
from gateway.insights.leaves import Kind
from gateway.warehouse.fields import Field

LONGEST_LIST = 1000
"""Values that one comparison takes."""


class Operator(Enum):
    """How a field is compared; the value is the name in the graph."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "notIn"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    IS_NULL = "isNull"
    STARTS_WITH = "startsWith"
    CONTAINS = "contains"
    HAS = "has"
    HAS_ANY = "hasAny"
    HAS_ALL = "hasAll"
    IS_EMPTY = "isEmpty"

    @property
    def takes_list(self) -> bool:
        """Whether it compares with several values."""
        return self in {Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL}

    @property
    def takes_flag(self) -> bool:
        """Whether it asks about the field itself, yes or no."""
        return self in {Operator.IS_NULL, Operator.IS_EMPTY}


_EQUALITY = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN, Operator.IS_NULL)
_ORDER = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
_LISTS = (Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL, Operator.IS_EMPTY)
_TEXTS = (Operator.STARTS_WITH, Operator.CONTAINS)
_FLAGS = (Operator.EQ, Operator.NE, Operator.IS_NULL)


def operators(field: Field) -> tuple[Operator, ...]:
    """By which a field can be compared; one with personal data by equality alone."""
    if field.many:
        return _LISTS
    if field.is_personal or field.kind is Kind.WORD:
        return _EQUALITY
    if field.kind is Kind.FLAG:
        return _FLAGS
    return _EQUALITY + (_TEXTS if field.kind is Kind.TEXT else _ORDER)


class Comparison(Struct, frozen=True):
    """A field, an operator, and a value or several; made by `compare`."""

    field: Field
    operator: Operator
    value: Any


class All(Struct, frozen=True):
    """All of these; without any, it is true."""

    conditions: tuple["Condition", ...]


class Either(Struct, frozen=True):
    """One of these, or more."""

    conditions: tuple["Condition", ...]


class Not(Struct, frozen=True):
    """The opposite."""

    condition: "Condition"


class SomeEdge(Struct, frozen=True):
    """One media edge of the call has all of it; the fields are those that edges share."""

    condition: "Condition"


Condition: TypeAlias = Comparison | All | Either | Not | SomeEdge

EVERYTHING = All(())
"""The condition that every call meets."""


def compare(field: Field, operator: Operator, value: object, argument: str) -> Comparison:
    """A comparison. Raises BadUserInput, naming `argument`, for what cannot be compared."""
    if operator not in operators(field):
        accepted = ", ".join(f"`{one.value}`" for one in operators(field))
        raise BadUserInput(argument, f"has no `{operator.value}`", accepted)
    if operator.takes_flag:
        return Comparison(field, operator, _one_of(bool, value, argument, "true or false"))
    if not operator.takes_list:
        return Comparison(field, operator, _value(field, value, argument))
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not 1 <= len(values) <= LONGEST_LIST:
        raise BadUserInput(argument, f"has {len(values)} values", f"1 to {LONGEST_LIST:,} values")
    return Comparison(field, operator, tuple(_value(field, one, argument) for one in values))


def several(kind: type[All] | type[Either], conditions: Sequence[Condition], argument: str) -> Any:
    """All or one of the conditions of a list. Raises BadUserInput for an empty one."""
    if not conditions:
        raise BadUserInput(argument, "is an empty list", "one condition or more")
    return kind(tuple(conditions))


def fields_of(condition: Condition) -> Iterator[Field]:
    """The fields that a condition compares."""
    match condition:
        case Comparison(field=field):
            yield field
        case All(conditions=conditions) | Either(conditions=conditions):
            for one in conditions:
                yield from fields_of(one)
        case Not(condition=inner) | SomeEdge(condition=inner):
            yield from fields_of(inner)


_ACCEPTED = {
    Kind.TEXT: (str, "a text"),
    Kind.WHOLE: (int, "a whole number"),
    Kind.COUNTER: (int, "a whole number"),
    Kind.NUMBER: (float, "a number"),
    Kind.FLAG: (bool, "true or false"),
    Kind.MOMENT: (datetime, "a date and time with its offset"),
}


def _value(field: Field, value: object, argument: str) -> object:
    if field.vocabulary is not None:
        return str(
            _one_of(field.vocabulary, value, argument, ", ".join(field.vocabulary.__members__))
        )
    kind, accepted = _ACCEPTED[field.kind]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return _one_of(kind, value, argument, accepted)


def _one_of(kind: type, value: object, argument: str, accepted: str) -> object:
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if fits and isinstance(value, int):
        fits = -(2**63) <= value < 2**63
    if fits and isinstance(value, datetime):
        fits = value.tzinfo is not None
    if not fits:
        problem = (
            "is null, which no comparison holds for" if value is None else "cannot be compared"
        )
        raise BadUserInput(argument, problem, accepted)
    return value
