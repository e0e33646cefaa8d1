"""Derives the JSON Schema of a tool's arguments from the variables of its operation."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, cast

from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_required_input_field,
    type_from_ast,
    value_from_ast_untyped,
    visit,
)

from gateway.schema.types.bounds import Bounds, bounds_of
from gateway.schema.types.field_traits import field_traits

JsonSchema: TypeAlias = dict[str, Any]

SCALARS: Mapping[str, JsonSchema] = {
    "Boolean": {"type": "boolean"},
    "Float": {"type": "number"},
    "ID": {"type": "string"},
    "Int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "String": {"type": "string"},
    "CallSid": {"type": "string", "pattern": "^CA[0-9a-fA-F]{32}$"},
    "AccountSid": {"type": "string", "pattern": "^AC[0-9a-fA-F]{32}$"},
    "BigInt": {"type": "integer"},
    "DateTime": {"type": "string", "format": "date-time"},
    "TimeBound": {"type": "string"},
    "URL": {"type": "string", "format": "uri"},
}
"""The scalars of the schema in JSON; one that is not named here may be any value."""

_BOUNDED = {"array": ("minItems", "maxItems")}
"""What bounds are called, where they are not those of a number."""

MOST_FIELDS = 60
"""Fields of an input type, with all types in it, that are written down. A larger one is an object
whose definition is a resource: a list of tools is read again and again, and costs its reader."""

MOST_VALUES, MOST_MEANINGS = 100, 16
"""Values of an enum that are written down, and those that are so with their meanings."""


def input_schema(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> JsonSchema:
    """The arguments that a tool takes: one for each variable of its operation.

    A variable is described by its own description, or else by that of the argument or input field
    that it is first used for; there its bounds come from, too.
    """
    uses = _uses(schema, document)
    writing = _Writing()
    properties, required = {}, []
    for variable in operation.variable_definitions or ():
        name = variable.variable.name.value
        properties[name] = writing.of_variable(schema, variable, uses.get(name))
        if variable.type.kind == "non_null_type" and variable.default_value is None:
            required.append(name)
    written: JsonSchema = {"type": "object", "properties": properties}
    if required:
        written["required"] = required
    if writing.definitions:
        written["$defs"] = writing.definitions
    return {**written, "additionalProperties": False}


class _Writing:
    """Writes types; input types become definitions, for they may hold themselves."""

    def __init__(self) -> None:
        self.definitions: dict[str, JsonSchema] = {}

    def of_variable(
        self, schema: GraphQLSchema, variable: VariableDefinitionNode, use: "_Use | None"
    ) -> JsonSchema:
        written = self.of(cast("GraphQLInputType", type_from_ast(schema, variable.type)))
        stated = variable.description.value if variable.description else None
        described = _described(written, stated or (use.description if use else None))
        if use is not None and use.bounds is not None:
            least, most = _BOUNDED.get(described.get("type", ""), ("minimum", "maximum"))
            described |= {least: use.bounds.least, most: use.bounds.most}
        if variable.default_value is not None:
            described["default"] = value_from_ast_untyped(variable.default_value)
        return described

    def of(self, kind: GraphQLInputType) -> JsonSchema:
        if isinstance(kind, GraphQLNonNull):
            return self.of(kind.of_type)
        if isinstance(kind, GraphQLList):
            return {"type": "array", "items": self.of(kind.of_type)}
        if isinstance(kind, GraphQLEnumType):
            return _enum(kind)
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        return dict(SCALARS.get(kind.name, {}))

    def _object(self, kind: GraphQLInputObjectType) -> JsonSchema:
        if len({*_fields_within(kind, set())}) > MOST_FIELDS:
            return {"type": "object", "description": _elsewhere(kind)}
        if kind.name not in self.definitions:
            self.definitions[kind.name] = {}  # it may hold itself
            self.definitions[kind.name] = self._definition(kind)
        return {"$ref": f"#/$defs/{kind.name}"}

    def _definition(self, kind: GraphQLInputObjectType) -> JsonSchema:
        fields = kind.fields.items()
        written: JsonSchema = {
            "type": "object",
            "properties": {
                name: _described(self.of(field.type), field.description) for name, field in fields
            },
            "additionalProperties": False,
        }
        if required := [name for name, field in fields if is_required_input_field(field)]:
            written["required"] = required
        if kind.is_one_of:
            written |= {"minProperties": 1, "maxProperties": 1}
        return _described(written, kind.description)


def _fields_within(kind: GraphQLInputObjectType, seen: set[str]) -> Iterator[tuple[str, str]]:
    """The fields of an input type and of all types in it, each by its type and name."""
    seen.add(kind.name)
    for name, field in kind.fields.items():
        yield kind.name, name
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType) and inner.name not in seen:
            yield from _fields_within(inner, seen)


def _elsewhere(kind: GraphQLNamedType) -> str:
    """Where a type is written down that is too large for a list of tools."""
    return f"A `{kind.name}`: the resource gateway://schema/{kind.name} defines it."


def _enum(kind: GraphQLEnumType) -> JsonSchema:
    names = [name for name in kind.values if name != "UNRECOGNIZED"]  # no answer to a question
    if len(names) > MOST_VALUES:
        return {"type": "string", "description": _elsewhere(kind)}
    written = {"type": "string", "enum": names}
    if len(names) > MOST_MEANINGS:
        return written
    meanings = (f"`{name}`: {text}" for name in names if (text := kind.values[name].description))
    return _described(written, "\n".join(meanings))


def _described(written: JsonSchema, description: str | None) -> JsonSchema:
    """The same with a description, before one that it has already."""
    text = "\n".join(text for text in (description, written.get("description")) if text)
    return {**written, "description": text} if text else written


class _Use(NamedTuple):
    """What a variable is the value of: an argument, or an input field."""

    description: str | None
    bounds: Bounds | None


def _uses(schema: GraphQLSchema, document: DocumentNode) -> dict[str, _Use]:
    """What each variable is first the value of."""
    types, uses = TypeInfo(schema), dict[str, _Use]()

    class Uses(Visitor):
        def enter_variable(self, node: VariableNode, _: Any, parent: Any, *__: Any) -> None:
            if isinstance(parent, ObjectFieldNode):
                use = _input_field(types, parent.name.value)
            else:
                use = _argument(schema, types, parent)
            if use is not None:
                uses.setdefault(node.name.value, use)

    visit(document, TypeInfoVisitor(types, Uses()))
    return uses


def _input_field(types: TypeInfo, name: str) -> _Use | None:
    holder = get_named_type(types.get_parent_input_type())
    if not isinstance(holder, GraphQLInputObjectType):
        return None
    field = holder.fields[name]
    return _Use(field.description, bounds_of(field))


def _argument(schema: GraphQLSchema, types: TypeInfo, parent: Any) -> _Use | None:
    argument, on, field = types.get_argument(), types.get_parent_type(), types.get_field_def()
    if argument is None or on is None or field is None or not isinstance(parent, ArgumentNode):
        return None  # it decides a directive, or is one of several in a list
    (name,) = (name for name, one in on.fields.items() if one is field)  # type: ignore[union-attr]
    cost = field_traits(schema)[on.name][name].cost
    sized = Bounds(1, cost.most) if parent.name.value in cost.sized_by else None
    return _Use(argument.description, bounds_of(argument) or sized)
