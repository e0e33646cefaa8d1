"""Writes errors for invalid arguments and variables: name, value, and what is accepted.

graphql-core finds them. Its own words repeat whole objects, phone numbers included, and say neither
which argument it was nor what an enum takes; ours are those of every other BadUserInput.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec
from graphql import (
    ArgumentNode,
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    Undefined,
    ValidationContext,
    ValidationRule,
    ValueNode,
    VariableDefinitionNode,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_input_type,
    type_from_ast,
)
from graphql.pyutils import suggestion_list

from gateway.errors import BadUserInput
from gateway.schema.language.input_values import Path, lacking, misplaced
from gateway.schema.language.warehouse_hints import searched_by

MAX_ERRORS = 20
"""How many mistakes are told of one argument or variable; the rest would say no more."""

MAX_ERRORS_IN_ALL = 100
"""And of all variables of a request; graphql-core stops at as many in a document."""

MAX_SUGGESTIONS = 5
"""How many mistakes of a request name fields that are alike: finding those takes long."""

_MAX_SHOWN = 64

_TEXT = ("String", "ID")
"""Their values are never repeated: they may be phone numbers."""

_SHAPES: Mapping[type, str] = {
    type(Undefined): "is missing",
    type(None): "is null",
    dict: "is an object",
    list: "is a list",
}

_NUMBERS = ("Int", "Float")
"""Their values are repeated where they are numbers."""

_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d(?:[ ().-]*\d){6,}(?![0-9A-Za-z])", re.ASCII)
"""What may be a phone number, in a text; the digits of a SID are none."""

_ACCEPTED = {
    "Boolean": "true or false",
    "Float": "a number",
    "ID": "text",
    "Int": "a whole number within 32 bits",
    "String": "text",
}


class ValuesFitRule(ValidationRule):
    """Literals fit their arguments; takes the place of graphql-core's ValuesOfCorrectTypeRule."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._found = 0

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Check the value of an argument, of a field or of a directive."""
        self._check(node.name.value, node.value)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Check the default of a variable."""
        if node.default_value is not None:
            self._check(f"${node.variable.name.value}", node.default_value)

    def _check(self, argument: str, literal: ValueNode) -> None:
        kind = self.context.get_input_type()
        if kind is None:
            return
        for steps in islice(misplaced(literal, kind), MAX_ERRORS):
            node = _node_at(literal, steps)
            hint = not self.context.hide_suggestions and self._found < MAX_SUGGESTIONS
            mistake = _mistake(argument, kind, steps, _plain(node), hint=hint)
            self._found += 1
            self.report_error(_located(mistake, node))


def misfits(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    *,
    hint: bool,
) -> tuple[GraphQLError, ...]:
    """The mistakes in the values of an operation's variables; `hint` lets them name fields."""
    found = list[GraphQLError]()
    for definition in operation.variable_definitions or ():
        name, kind = definition.variable.name.value, type_from_ast(schema, definition.type)
        if not is_input_type(kind) or (definition.default_value and name not in variables):
            continue
        value = variables.get(name, Undefined)
        for steps in islice(misplaced(value, kind), MAX_ERRORS):
            hint = hint and len(found) < MAX_SUGGESTIONS
            mistake = _mistake(f"${name}", kind, steps, _value_at(value, steps), hint=hint)
            found.append(_located(mistake, definition))
        if len(found) >= MAX_ERRORS_IN_ALL:
            break
    return tuple(found)


class _AsWritten(str):
    """A number or a word of an enum, as the document has it."""

    __slots__ = ()


def _mistake(
    argument: str, kind: GraphQLInputType, steps: Path, value: object, *, hint: bool
) -> BadUserInput:
    named: Any = get_named_type(kind)
    for step in steps:
        if isinstance(step, str):
            argument, named = f"{argument}.{step}", get_named_type(named.fields[step].type)
        else:
            argument = f"{argument}[{step}]"
    if is_input_object_type(named) and isinstance(value, dict):
        return _wrong_fields(argument, named, value, hint=hint)
    return BadUserInput(argument, _problem(value, named), _accepted(named))


def _wrong_fields(
    argument: str, kind: GraphQLInputObjectType, value: dict[str, Any], *, hint: bool
) -> BadUserInput:
    unknown = next((name for name in value if name not in kind.fields), None)
    if unknown is None and kind.is_one_of:
        problem = "has null" if len(value) == 1 else f"has {len(value)} fields"
        return BadUserInput(argument, problem, f"one field of `{kind.name}`, and it is not null")
    if unknown is None:
        names = ", ".join(f"`{name}`" for name in lacking(value, kind))
        return BadUserInput(argument, f"lacks {names}", f"all that `{kind.name}` requires")
    alike = suggestion_list(unknown, list(kind.fields))[:3] if hint else []
    if hint and kind.name == "CallFilter" and (search := searched_by(unknown)) is not None:
        alike = [search]
    accepted = " or ".join([*(f"`{name}`" for name in alike), f"another field of `{kind.name}`"])
    return BadUserInput(argument, f"has no field `{unknown:.{_MAX_SHOWN}}`", accepted)


def _problem(value: object, kind: GraphQLNamedType) -> str:
    """The value after its argument's name; never more of it than one number or short text."""
    if (shape := _SHAPES.get(type(value))) is not None:
        return shape
    if kind.name in _TEXT or is_input_object_type(kind):
        return "is no text" if kind.name in _TEXT else "is no object"
    shown = value if isinstance(value, _AsWritten) else msgspec.json.encode(value).decode()
    if shown.startswith('"') and _NUMBER.search(shown):
        return "is a text, perhaps a phone number"
    if kind.name not in _NUMBERS and _NUMBER.search(shown):
        return "is a number"
    return f"is {shown:.{_MAX_SHOWN}}"


def _accepted(kind: GraphQLNamedType) -> str:
    """What a type takes, in words; of a scalar of ours, the first sentence of its description."""
    if is_enum_type(kind):
        return ", ".join(name for name in kind.values if name != "UNRECOGNIZED")
    if is_input_object_type(kind):
        return f"an object, `{kind.name}`"
    if kind.name in _ACCEPTED:
        return _ACCEPTED[kind.name]
    meaning, _, form = (kind.description or "").split(". ")[0].rstrip(".").partition(": ")
    return form or meaning or f"a {kind.name}"


def _located(mistake: BadUserInput, node: Node) -> GraphQLError:
    return GraphQLError(str(mistake), node, original_error=mistake)


def _value_at(value: Any, steps: Path) -> object:
    for step in steps:
        value = value[step]
    found: object = value
    return found


def _node_at(node: ValueNode, steps: Path) -> ValueNode:
    for step in steps:
        if isinstance(node, ListValueNode) and isinstance(step, int):
            node = node.values[step]
        elif isinstance(node, ObjectValueNode):
            node = {field.name.value: field.value for field in node.fields}[str(step)]
    return node


def _plain(node: ValueNode) -> object:
    """A literal as JSON has it, as far as it is ever told."""
    match node:
        case ObjectValueNode():
            return {field.name.value: None for field in node.fields}
        case ListValueNode():
            return []
        case StringValueNode() | BooleanValueNode():
            return node.value
        case IntValueNode() | FloatValueNode() | EnumValueNode():
            return _AsWritten(node.value)
        case _:
            return None
