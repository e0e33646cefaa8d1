"""Reads literals of a document: sizes of lists, and texts with possible personal data."""

from graphql import (
    GraphQLInputObjectType,
    GraphQLNamedType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from gateway.insights.catalogue import Pii
from gateway.insights.filters import FILTERS
from gateway.insights.paging import MAX_SIZE

_DIGITS = 10
"""Of an `Int`; what has more is refused when it is executed."""

_HARMLESS = {row.name for row in FILTERS if row.pii is Pii.NONE}


def quotes(literal: ValueNode, kind: GraphQLNamedType | None) -> bool:
    """Whether a field of an object in a literal of this type is a text that may be personal."""
    waiting = [(literal, kind)]
    while waiting:
        value, kind = waiting.pop()
        if isinstance(value, ListValueNode):
            waiting += [(one, kind) for one in value.values]
        if not isinstance(value, ObjectValueNode) or not isinstance(kind, GraphQLInputObjectType):
            continue
        for field in value.fields:
            name, declared = field.name.value, kind.fields.get(field.name.value)
            if declared is None:
                continue
            of, harmless = get_named_type(declared.type), kind.name == "CallFilter"
            harmless = harmless and name in _HARMLESS
            if of.name == "String" and not harmless and not isinstance(field.value, VariableNode):
                return True
            waiting.append((field.value, of))
    return False


def size_of(value: ValueNode | None) -> int | None:
    """The size that a number or a list stands for; None for null."""
    if isinstance(value, IntValueNode):
        return int(value.value) if len(value.value) <= _DIGITS else MAX_SIZE
    if isinstance(value, ListValueNode):
        return len(value.values)
    return None if value is None or isinstance(value, NullValueNode) else 1
