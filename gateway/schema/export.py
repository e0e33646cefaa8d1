"""Maps a query to a table: a row for each call of its connection, a column for each leaf.

Each page is asked for by a document of its own, made of the client's: the connection alone, with
the size of a page and the cursor as variables. It is priced, admitted and executed as any other.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    parse,
    print_ast,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from msgspec import Struct

from gateway.insights.paging import MAX_SIZE
from gateway.schema.language.fragments import fragments_of, operations_of
from gateway.schema.page_document import AFTER, FIRST, TOTAL, page_document

_CONNECTIONS = {"CallConnection", "CallSearchConnection"}


class NoTable(Exception):
    """A query that is no table; the message says why, and what would do."""


class Column(NamedTuple):
    """A column: the path of its leaf below a node, and the type that it has in the graph.

    A list is `JSON`, whatever it is of.
    """

    path: tuple[str, ...]
    kind: str

    @property
    def name(self) -> str:
        """Its response path: `to.carrier`."""
        return ".".join(self.path)


class Page(NamedTuple):
    """A page of an answer: its calls as they were selected, and the cursor to go on from."""

    nodes: list[dict[str, Any]]
    following: str | None
    total: int | None


class Table(Struct, frozen=True):
    """A query as a table; `text` asks for one page of it.

    `root` is the response key of the connection, `rows` that of its list, and `node` that of the
    call in an item of the list, if the list has edges.
    """

    text: str
    columns: tuple[Column, ...]
    root: str
    rows: str
    node: str | None
    size: int
    after: str | None
    variables: Mapping[str, Any]

    def asked(self, after: str | None) -> dict[str, Any]:
        """The variables for the page after a cursor."""
        return {**self.variables, FIRST: self.size, AFTER: after}

    def page(self, data: Mapping[str, Any]) -> Page:
        """The data of an answer to `text`."""
        connection = data[self.root]
        items, info = connection[self.rows], connection["pageInfo"]
        nodes = items if self.node is None else [item[self.node] for item in items]
        following = info["endCursor"] if info["hasNextPage"] else None
        return Page(nodes, following, connection.get(TOTAL))


def table_of(
    schema: GraphQLSchema,
    text: str,
    name: str | None,
    variables: Mapping[str, Any] | None,
    *,
    counted: bool = False,
) -> Table | None:
    """The table of a document that is valid. Raises NoTable.

    None if the variables do not fit: an ordinary execution says what is wrong with them. `counted`
    asks for the number of rows too, where that can be told.
    """
    return _Reading(schema, text, name).table(dict(variables or {}), counted=counted)


class _Reading:
    """Reads one operation of a document."""

    def __init__(self, schema: GraphQLSchema, text: str, name: str | None) -> None:
        self._schema = schema
        document = parse(text, no_location=True)
        self._fragments = fragments_of(document)
        self._operation = next(
            one
            for one in operations_of(document)
            if name is None or (one.name is not None and one.name.value == name)
        )

    def table(self, variables: dict[str, Any], *, counted: bool) -> Table | None:
        root = self._root()
        query: Any = self._schema.query_type
        field = query.fields[root.name.value]
        declared = self._operation.variable_definitions or ()
        values = get_variable_values(self._schema, declared, variables, hide_suggestions=True)
        if isinstance(values, list):
            return None
        given = get_argument_values(field, root, values)
        for name in ("last", "before"):
            if given.get(name) is not None:
                raise NoTable(f"A table goes forward: leave `{name}` out.")
        collect = self._collector(values)
        connection: Any = get_named_type(field.type)
        rows = _rows_of(collect(connection, [FieldDetails(root, None)]))
        item: Any = get_named_type(connection.fields[rows.name].type)
        node = None if rows.name == "nodes" else _node_of(collect(item, rows.details))
        call: Any = self._schema.type_map["Call"]
        columns = _columns(call, rows.details if node is None else node.details, collect)
        counting = counted and "totalCount" in connection.fields
        document, used = page_document(
            self._operation, root, rows.details, self._fragments, counting=counting
        )
        size: int | None = given.get("first")
        return Table(
            print_ast(document),
            tuple(columns),
            (root.alias or root.name).value,
            rows.key,
            None if node is None else node.key,
            MAX_SIZE if size is None else size,
            given.get("after"),
            {name: value for name, value in variables.items() if name in used},
        )

    def _root(self) -> FieldNode:
        """The one field of the operation, which is a connection of calls."""
        selections = self._operation.selection_set.selections
        root = selections[0]
        is_query = self._operation.operation is OperationType.QUERY
        if not is_query or len(selections) > 1 or not isinstance(root, FieldNode):
            raise NoTable(_ONE)
        query: Any = self._schema.query_type
        field = query.fields.get(root.name.value)
        if field is None or get_named_type(field.type).name not in _CONNECTIONS:
            raise NoTable(_ONE)
        if root.directives or self._operation.directives:
            raise NoTable("The connection of a table has no directives: leave them out.")
        return root

    def _collector(
        self, values: VariableValues
    ) -> Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]:
        fragments = {name: FragmentDetails(one) for name, one in self._fragments.items()}

        def collect(kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
            return collect_subfields(
                self._schema, fragments, values, self._operation, kind, details
            ).grouped_field_set

        return collect


_ONE = (
    "A table is a query with one field, `calls` or `searchCalls`, that selects its `nodes` or its "
    "`edges`: ask for that, or for JSON."
)


class _List(NamedTuple):
    key: str
    name: str
    details: FieldDetailsList


def _rows_of(selected: GroupedFieldSet) -> _List:
    """The list of a connection whose items are rows."""
    lists = _named(selected, {"nodes", "edges"})
    if len(lists) != 1:
        raise NoTable(_ONE)
    return lists[0]


def _node_of(selected: GroupedFieldSet) -> _List:
    nodes = _named(selected, {"node"})
    if len(nodes) != 1:
        raise NoTable(_ONE)
    return nodes[0]


def _named(selected: GroupedFieldSet, names: set[str]) -> list[_List]:
    return [
        _List(key, details[0].node.name.value, details)
        for key, details in selected.items()
        if details[0].node.name.value in names
    ]


def _columns(
    on: GraphQLObjectType,
    details: FieldDetailsList,
    collect: Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet],
) -> Iterator[Column]:
    """The leaves that are selected, in their order."""
    for key, selected in collect(on, details).items():
        name = selected[0].node.name.value
        if name == "__typename":
            yield Column((key,), "String")
            continue
        kind = on.fields[name].type
        inner: GraphQLNamedType = get_named_type(kind)
        if is_list_type(get_nullable_type(kind)):
            yield Column((key,), "JSON")
        elif is_leaf_type(inner) or not isinstance(inner, GraphQLObjectType):
            yield Column((key,), inner.name if is_leaf_type(inner) else "JSON")
        else:
            for path, of in _columns(inner, selected, collect):
                yield Column((key, *path), of)
