"""Compiles operations, once for each document and combination of `@skip` and `@include`."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple

import msgspec
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from gateway.concurrency.worker_thread import aside
from gateway.config.viewers import Scope
from gateway.lru import LruCache
from gateway.schema.documents.document import SHORT, Document
from gateway.schema.execution.compiled.operation import (
    Operation,
    Outcome,
    Root,
    values_of,
)
from gateway.schema.execution.compiled.reading import Collect, Uncompilable, resolver_of
from gateway.schema.execution.compiled.selection import Writer
from gateway.schema.execution.compiled.statistics import STATISTICS
from gateway.schema.execution.execution import Execution
from gateway.schema.language.fragments import fragments_of
from gateway.schema.types.field_traits import Reads, read_by

_MAX_WAYS = 64
"""So many combinations of the variables that decide what is selected are compiled."""

_DEFAULT = "default"
"""In place of the value of a variable that is left to its default."""

_SIZE = 3000
"""Bytes that a compiled operation takes, beside as much as its document does alone."""


class _Way(NamedTuple):
    """An operation as it was compiled; None if it cannot be."""

    operation: Operation | None


class Compiler:
    """Compiles the operations of documents against `schema`, when they are asked for.

    `memory` keeps them.
    """

    def __init__(self, schema: GraphQLSchema, memory: LruCache) -> None:
        self._schema = schema
        self._memory = memory

    async def run(self, execution: Execution) -> Outcome:
        """The JSON of an answer in pieces; None with what the root fields came to, if they did."""
        masked = not execution.context.viewer.may(Scope.PII_READ)
        operation = await self._operation(execution, masked=masked)
        arguments = None if operation is None else await operation.arguments(execution.request)
        if operation is None or arguments is None:
            return None, None
        return await operation.run(arguments, execution.context)

    async def _operation(self, execution: Execution, *, masked: bool) -> Operation | None:
        """The operation of an execution, compiled; None if it cannot be."""
        document, node = execution.document, execution.operation
        if document.parsed is None or node.operation is not OperationType.QUERY:
            return None
        variables = execution.request.variables or {}
        decisions = tuple(variables.get(name, _DEFAULT) for name in document.deciders)
        if any(not isinstance(one, bool) and one is not _DEFAULT for one in decisions):
            return None
        key = _key(document, node, decisions, masked=masked)
        way: _Way | None = self._memory.get(key)
        if way is None:
            way = await self._new(execution, key, masked=masked)
        return way.operation

    async def _new(self, execution: Execution, key: Hashable, *, masked: bool) -> "_Way":
        """An operation that is not cached; those with ever other directives are not compiled."""
        document, node, request = execution.document, execution.operation, execution.request
        if node.directives or (key not in document.ways and len(document.ways) >= _MAX_WAYS):
            return _Way(None)
        reading = partial(values_of, self._schema, node, request.variables)
        values = await aside(reading, long=request.has_large_variables)
        if values is None:
            return _Way(None)
        compiling = partial(self._compiled, document, node, values, key, masked=masked)
        cached: Callable[[], _Way | None] = partial(self._memory.get, key)
        way = await aside(compiling, cached, long=len(document.text) > SHORT)
        self._keep(document, key, way)
        return way

    def _keep(self, document: Document, key: Hashable, way: _Way) -> None:
        document.ways.add(key)
        self._memory.keep(key, way, _SIZE + document.own_size)

    def prepare(self, document: Document) -> None:
        """Compile a document before it is asked, as far as that does not depend on variables."""
        if document.parsed is None or document.deciders:
            return
        nothing: Any = get_variable_values(self._schema, (), {})
        for node in document.operations:
            if node.operation is OperationType.QUERY and not node.directives:
                for masked in (False, True):
                    key = _key(document, node, (), masked=masked)
                    way = self._compiled(document, node, nothing, key, masked=masked)
                    self._keep(document, key, way)

    def _compiled(
        self,
        document: Document,
        node: OperationDefinitionNode,
        values: VariableValues,
        way: Hashable,
        *,
        masked: bool,
    ) -> _Way:
        """Compile an operation for these values of its variables."""
        assert document.parsed is not None  # noqa: S101 - it is right
        found = fragments_of(document.parsed).items()
        fragments = {name: FragmentDetails(one) for name, one in found}

        def collect(kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
            return collect_subfields(
                self._schema, fragments, values, node, kind, details
            ).grouped_field_set

        query: Any = self._schema.query_type
        grouped = collect_fields(self._schema, fragments, values, query, node).grouped_field_set
        try:
            roots = tuple(
                _root(query, key, one, self._writer(collect, masked=masked), collect)
                for key, one in grouped.items()
            )
        except Uncompilable:
            return _Way(None)
        return _Way(Operation(self._schema, node, roots, self._memory, way, fragments))

    def _writer(self, collect: Collect, *, masked: bool) -> Writer:
        return Writer(self._schema, collect, self._memory, masked=masked)


def _key(
    document: Document, node: OperationDefinitionNode, decisions: Hashable, *, masked: bool
) -> Hashable:
    name = None if node.name is None else node.name.value
    return "way", document.text, name, masked, decisions


def _root(
    query: GraphQLObjectType,
    key: str,
    details: FieldDetailsList,
    writer: Writer,
    collect: Collect,
) -> Root:
    name = details[0].node.name.value
    field = query.fields.get(name)
    if field is None:
        raise Uncompilable(name)
    declared: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if declared is None or declared.base_resolver is None:
        raise Uncompilable(name)  # it is graphql-core's own, or that of a federation
    resolver, takes_info = resolver_of(declared)
    reads_selection = read_by(declared) is Reads.SELECTION
    program = STATISTICS if reads_selection else writer.program(field.type, details)
    key_in_json = msgspec.json.encode(key) + b":"
    names = _names_below(get_named_type(field.type), details, collect)
    return Root(
        key,
        key_in_json,
        details,
        field,
        resolver,
        declared.is_async,
        takes_info,
        program,
        names,
    )


def _names_below(kind: object, details: FieldDetailsList, collect: Collect) -> frozenset[str]:
    if not isinstance(kind, GraphQLObjectType):
        return frozenset()
    return frozenset(one[0].node.name.value for one in collect(kind, details).values())
