"""Defines a compiled operation, and computes the arguments of its root fields."""

import asyncio
import hashlib
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from graphql import GraphQLField, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values
from msgspec import Struct

from gateway.concurrency.worker_thread import aside
from gateway.lru import LruCache
from gateway.schema.context import Context
from gateway.schema.documents.request import Request
from gateway.schema.execution.compiled.rendering import Rendering
from gateway.schema.execution.compiled.selection import Program
from gateway.schema.language.selected import Compiled, Document, Selected, arguments_of, selected_by
from gateway.schema.types.field_traits import Reads

_SIZE_OF_ARGUMENTS, _SIZE_OF_BYTE = 1500, 15
"""Bytes that arguments take: in any case, and for each byte of the variables that make them."""

_LONG = 256
"""Bytes of variables beyond which their digest stands for them."""

Variables: TypeAlias = Mapping[str, Any]


class Given(NamedTuple):
    """The arguments of a root field; what is selected below it, if its resolver reads that."""

    arguments: dict[str, Any]
    selected: Selected | None


Arguments: TypeAlias = tuple[Given, ...]

Outcome: TypeAlias = tuple[list[bytes] | None, Mapping[str, Any] | None]
"""The JSON of an answer in pieces, if all went well; what each root field came to, if they did."""


class Root(Struct, frozen=True):
    """A field of the root: under which key it is answered, what resolves it, what renders it.

    `key_in_json` is the key as it stands in the answer, `names` are the fields that are selected.
    """

    key: str
    key_in_json: bytes
    details: FieldDetailsList
    field: GraphQLField
    resolver: Callable[..., Any]
    is_async: bool
    takes_info: bool
    program: Program
    names: frozenset[str]


class Operation(Struct, eq=False):
    """An operation that is compiled: for one set of values of its directives, one masking.

    `memory` keeps the arguments that variables make; `way` is the key of the operation there.
    """

    schema: GraphQLSchema
    node: OperationDefinitionNode
    roots: tuple[Root, ...]
    memory: LruCache
    way: Hashable
    fragments: dict[str, FragmentDetails]

    async def arguments(self, request: Request) -> Arguments | None:
        """The arguments of each root field; None when some do not fit.

        Large variables are read aside, and what they make is not cached.
        """
        variables, encoded = request.variables, request.encoded_variables
        if request.has_large_variables:
            return await aside(partial(self._coerced, variables))
        digest = encoded if len(encoded) <= _LONG else hashlib.blake2b(encoded).digest()
        key = "arguments", self.way, digest
        cached: Arguments | None = self.memory.get(key)
        if cached is None and (cached := self._coerced(variables)) is not None:
            self.memory.keep(key, cached, _SIZE_OF_ARGUMENTS + _SIZE_OF_BYTE * len(encoded))
        return cached

    def _coerced(self, variables: Variables | None) -> Arguments | None:
        values = values_of(self.schema, self.node, variables)
        if values is None:
            return None
        try:
            return tuple(self._arguments(root, values) for root in self.roots)
        except Exception:  # noqa: BLE001 - graphql-core tells what is wrong with them
            return None

    def _arguments(self, root: Root, values: VariableValues) -> Given:
        arguments = arguments_of(self.schema, root.field, root.details[0], values)
        if Reads.SELECTION not in root.program.reads:
            return Given(arguments, None)
        document = Document(self.schema, self.fragments, self.node, values)
        return Given(arguments, selected_by(document, root.field.type, root.details))

    async def run(self, arguments: Arguments, context: Context) -> Outcome:
        """The JSON of the answer in pieces, if all goes well; and what each root field came to."""
        rendering = Rendering(context)
        roots = self.roots
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


async def _settle(root: Root, given: Given, rendering: Rendering) -> Any:
    """What a root field comes to: a value, or an exception."""
    try:
        info = Compiled(rendering.context, root.names, given.selected)
        arguments = {**given.arguments, "info": info} if root.takes_info else given.arguments
        value = root.resolver(None, **arguments)
        return await value if root.is_async else value
    except Exception as problem:  # noqa: BLE001 - all there are become an answer
        return problem


def values_of(
    schema: GraphQLSchema, node: OperationDefinitionNode, variables: Variables | None
) -> VariableValues | None:
    """The values of the variables of an operation; None if one does not fit, whatever is wrong."""
    declared, inputs = node.variable_definitions or (), dict(variables or {})
    values = get_variable_values(schema, declared, inputs, max_errors=0, hide_suggestions=True)
    return None if isinstance(values, list) else values
