"""Finds the places in an input value that do not fit their type."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    VariableNode,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from graphql.type import is_required_input_field
from graphql.utilities import validate_input_literal, validate_input_value

Path: TypeAlias = tuple[str | int, ...]
"""The way from a value into it: names of fields, and places in lists."""


def misplaced(value: object, kind: GraphQLInputType) -> Iterator[Path]:
    """The places in a value, or in a literal, that do not fit; an object before what is in it.

    graphql-core is asked for leaves alone: of an object it writes down the whole for each of its
    fields that there is not.
    """
    waiting: list[tuple[Path, Any, Any]] = [((), value, kind)]
    while waiting:
        steps, value, kind = waiting.pop()
        if is_non_null_type(kind):
            kind = kind.of_type
            if _is_nothing(value):
                yield steps
        if _is_nothing(value) or isinstance(value, VariableNode):
            continue
        if is_list_type(kind):
            waiting += _items(steps, value, kind.of_type)
        elif is_input_object_type(kind):
            fields = _fields_in(value)
            if fields is None or not _has_right_fields(fields, kind):
                yield steps
            waiting += _declared_fields(steps, fields or {}, kind)
        elif not _fits(value, kind):
            yield steps


def lacking(fields: Mapping[str, Any], kind: GraphQLInputObjectType) -> list[str]:
    """The fields that an object must have, and has not."""
    needed = (name for name, field in kind.fields.items() if is_required_input_field(field))
    return [name for name in needed if name not in fields]


def _is_nothing(value: object) -> bool:
    return value is None or value is Undefined or isinstance(value, NullValueNode)


def _items(steps: Path, value: Any, kind: GraphQLInputType) -> list[tuple[Path, Any, Any]]:
    """What is in a list, the last first; one value alone stands for a list of it."""
    items = value.values if isinstance(value, ListValueNode) else value
    if not isinstance(items, list | tuple):
        return [(steps, value, kind)]
    return [((*steps, place), item, kind) for place, item in enumerate(items)][::-1]


def _fields_in(value: object) -> dict[str, Any] | None:
    if isinstance(value, ObjectValueNode):
        return {field.name.value: field.value for field in value.fields}
    return value if isinstance(value, dict) else None


def _declared_fields(
    steps: Path, fields: dict[str, Any], kind: GraphQLInputObjectType
) -> list[tuple[Path, Any, Any]]:
    names = [name for name in kind.fields if name in fields]
    return [((*steps, name), fields[name], kind.fields[name].type) for name in reversed(names)]


def _has_right_fields(fields: dict[str, Any], kind: GraphQLInputObjectType) -> bool:
    """Whether there is all that must be there, and nothing else."""
    if kind.is_one_of and (len(fields) != 1 or _is_nothing(next(iter(fields.values())))):
        return False
    return fields.keys() <= kind.fields.keys() and not lacking(fields, kind)


def _fits(value: Any, kind: GraphQLInputType) -> bool:
    faults: list[GraphQLError] = []
    check: Any = validate_input_literal if isinstance(value, Node) else validate_input_value
    check(value, kind, lambda fault, _: faults.append(fault), hide_suggestions=True)
    return not faults
