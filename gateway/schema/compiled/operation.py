"""Operations, compiled once for each document, and each way that its directives can go."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from gateway.schema.aside import aside
from gateway.schema.compiled.reading import Uncompilable, resolver_of
from gateway.schema.compiled.rendering import Rendering
from gateway.schema.compiled.selection import Program, Writer
from gateway.schema.context import Context
from gateway.schema.documents import Document
from gateway.turns import next_turn

_MAX_WAYS = 64
"""So many combinations of the variables that decide what is selected are compiled."""

_UNSAID = "unsaid"
"""In place of the value of a variable that is left to its default."""

_MAX_ASKED = 1024
"""So many sets of variables are remembered with the arguments that they make."""

_LONG = 256
"""Bytes of variables beyond which their digest stands for them."""

_LARGE = 16 * 1024
"""Bytes of variables that take a millisecond or more to read."""

Variables = Mapping[str, Any]


class Root(Struct, frozen=True):
    """A field of the root: under which key it is answered, what resolves it, what renders it.

    `key_in_json` is the key as it stands in the answer.
    """

    key: str
    key_in_json: bytes
    details: FieldDetails
    field: GraphQLField
    resolver: Callable[..., Any]
    is_async: bool
    takes_info: bool
    program: Program


class Operation:
    """An operation that is compiled: for one set of values of its directives, one masking."""

    def __init__(
        self, schema: GraphQLSchema, node: OperationDefinitionNode, roots: tuple[Root, ...]
    ) -> None:
        self._schema = schema
        self._node = node
        self._roots = roots
        self._asked: OrderedDict[bytes, tuple[dict[str, Any], ...]] = OrderedDict()

    async def arguments(self, variables: Variables | None) -> tuple[dict[str, Any], ...] | None:
        """The arguments of each root field; None when some do not fit."""
        key = msgspec.json.encode(variables)
        if (size := len(key)) > _LONG:
            key = hashlib.blake2b(key).digest()
        if (known := self._asked.get(key)) is not None:
            self._asked.move_to_end(key)
            return known
        if size > _LARGE:
            await next_turn()
        values = _values(self._schema, self._node, variables)
        if values is None:
            return None
        try:
            made = tuple(self._arguments(root, values) for root in self._roots)
        except Exception:  # noqa: BLE001 - graphql-core tells what is wrong with them
            return None
        self._asked[key] = made
        if len(self._asked) > _MAX_ASKED:
            self._asked.popitem(last=False)
        return made

    def _arguments(self, root: Root, values: VariableValues) -> dict[str, Any]:
        given = get_argument_values(root.field, root.details.node, values)
        strawberry: Any = getattr(self._schema, "_strawberry_schema")  # noqa: B009 - untyped
        declared: StrawberryField = root.field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        registry = strawberry.schema_converter.scalar_registry
        return convert_arguments(given, declared.arguments, registry, strawberry.config)

    async def run(
        self, arguments: tuple[dict[str, Any], ...], context: Context
    ) -> tuple[list[bytes] | None, dict[str, Any]]:
        """The JSON of the answer in pieces, if all goes well; and what each root field came to."""
        rendering = Rendering(context)
        roots = self._roots
        if len(roots) == 1:
            outcomes = [await _settle(roots[0], arguments[0], rendering)]
        else:
            settling = (
                _settle(root, one, rendering) for root, one in zip(roots, arguments, strict=True)
            )
            outcomes = await asyncio.gather(*settling)
        settled = {root.key: outcome for root, outcome in zip(roots, outcomes, strict=True)}
        if any(isinstance(outcome, Exception) for outcome in outcomes):
            return None, settled
        programs = [
            (root.key_in_json, root.program, outcome)
            for root, outcome in zip(roots, outcomes, strict=True)
        ]
        try:
            return await rendering.render(programs), settled
        except Exception:  # noqa: BLE001 - graphql-core tells what is wrong, from what is settled
            return None, settled


async def _settle(root: Root, arguments: dict[str, Any], rendering: Rendering) -> Any:
    """What a root field comes to: a value, or an exception."""
    try:
        given = {**arguments, "info": rendering} if root.takes_info else arguments
        value = root.resolver(None, **given)
        return await value if root.is_async else value
    except Exception as problem:  # noqa: BLE001 - all there are become an answer
        return problem


class Compiler:
    """Compiles the operations of documents against `schema`, when they are asked for."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    async def operation(
        self,
        document: Document,
        node: OperationDefinitionNode,
        variables: Variables | None,
        *,
        masked: bool,
    ) -> Operation | None:
        """An operation of a document, compiled; None if it cannot be."""
        ways, parsed = document.ways, document.parsed
        if parsed is None or node.operation is not OperationType.QUERY:
            return None
        said = variables or {}
        decisions = [said.get(name, _UNSAID) for name in document.deciders]
        if any(not isinstance(one, bool) and one is not _UNSAID for one in decisions):
            return None
        way = (id(node), masked, *decisions)
        if way in ways:
            known: Operation | None = ways[way]
            return known
        if node.directives or len(ways) > _MAX_WAYS:
            return None
        await next_turn()
        values = _values(self._schema, node, said)
        if values is None:
            return None
        compile_it = partial(self._compiled, parsed, node, values, masked=masked)
        compiled: Operation | None = await aside(compile_it, partial(ways.get, way))
        ways[way] = compiled
        return compiled

    def prepare(self, document: Document) -> None:
        """Compile a document before it is asked, as far as that does not depend on variables."""
        if document.parsed is None or document.deciders:
            return
        nothing: Any = get_variable_values(self._schema, (), {})
        for node in document.operations:
            if node.operation is OperationType.QUERY and not node.directives:
                for masked in (False, True):
                    document.ways[id(node), masked] = self._compiled(
                        document.parsed, node, nothing, masked=masked
                    )

    def _compiled(
        self,
        document: DocumentNode,
        node: OperationDefinitionNode,
        values: VariableValues,
        *,
        masked: bool,
    ) -> Operation | None:
        """Compile an operation for these values of its variables."""
        fragments = {
            one.name.value: FragmentDetails(one)
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }

        def collect(kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
            return collect_subfields(
                self._schema, fragments, values, node, kind, details
            ).grouped_field_set

        query: Any = self._schema.query_type
        grouped = collect_fields(self._schema, fragments, values, query, node).grouped_field_set
        try:
            roots = tuple(
                _root(query, key, one, Writer(self._schema, collect, masked=masked))
                for key, one in grouped.items()
            )
        except Uncompilable:
            return None
        return Operation(self._schema, node, roots)


def _values(
    schema: GraphQLSchema, node: OperationDefinitionNode, variables: Variables | None
) -> VariableValues | None:
    """The values of the variables of an operation; None if one does not fit, whatever is wrong."""
    declared, said = node.variable_definitions or (), dict(variables or {})
    values = get_variable_values(schema, declared, said, max_errors=0, hide_suggestions=True)
    return None if isinstance(values, list) else values


def _root(query: GraphQLObjectType, key: str, details: FieldDetailsList, writer: Writer) -> Root:
    name = details[0].node.name.value
    field = query.fields.get(name)
    if field is None:
        raise Uncompilable(name)
    declared: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if declared is None or declared.base_resolver is None:
        raise Uncompilable(name)  # it is graphql-core's own, or that of a federation
    resolver, takes_info = resolver_of(declared)
    program = writer.program(field.type, details)
    key_in_json = msgspec.json.encode(key) + b":"
    return Root(
        key, key_in_json, details[0], field, resolver, declared.is_async, takes_info, program
    )
