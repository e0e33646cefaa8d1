"""Generates the Python code of a selection.

Each object type of a selection becomes a function that reads its fields once, off an instance of
the one class that stands for it. `i` is the rendering that the function is run by; to the
resolvers it is their `info`.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import CodeType
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_union_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from msgspec import Struct

from gateway.insights.catalogue import OpenMap
from gateway.insights.masking import mask
from gateway.lru import LruCache
from gateway.schema.execution.compiled.projection import Projector, project
from gateway.schema.execution.compiled.reading import (
    Collect,
    Uncompilable,
    class_of,
    enum_of,
    once_for,
    read_of,
)
from gateway.schema.types.field_traits import Reads

_CHECKS = {
    "String": "{v}.__class__ is str",
    "ID": "{v}.__class__ is str",
    "Boolean": "{v}.__class__ is bool",
    "Int": "{v}.__class__ is int and -2147483648 <= {v} <= 2147483647",
    "Float": "{v}.__class__ is float and {v} - {v} == 0.0",
    "DateTime": "{v}.__class__ is datetime and {v}.tzinfo is UTC",
}
"""Values of these types that msgspec writes as graphql-core would; the rest is for that one."""


def _code(text: str, memory: LruCache) -> CodeType:
    """Code of Python; documents that are new have most of their selections in common with others.

    It takes the larger part of the time to compile a document.
    """
    key = "code", text
    code: CodeType | None = memory.get(key)
    if code is None:
        code = compile(text, "<selection>", "exec")
        memory.keep(key, code, _SIZE_OF_CODE + _SIZE_OF_CHARACTER * len(text))
    return code


_SIZE_OF_CODE, _SIZE_OF_CHARACTER = 1000, 6
"""Bytes that code takes: in any case, and for each character of its text."""


class Misfit(Exception):
    """A value that does not fit the schema."""


class Program(Struct, frozen=True):
    """A compiled selection: `run` makes of a value, and the rendering, what can be encoded.

    `key` is the same for programs that do the same. `reads` is what its resolvers read, and `inner`
    are the programs of the calls in the value.
    """

    run: Callable[[Any, Any], Any]
    key: bytes
    reads: frozenset[Reads]
    inner: tuple["Program", ...] = ()


class _Piece(Struct, frozen=True):
    """A function by its name, with all that it needs: functions, globals, what resolvers read."""

    name: str
    functions: Mapping[str, str]
    globals: Mapping[str, Any]
    reads: frozenset[Reads]


class Writer:
    """Writes a program for the fields that `collect` gives, and those for the calls in them.

    `memory` keeps the code.
    """

    def __init__(
        self, schema: GraphQLSchema, collect: Collect, memory: LruCache, *, masked: bool
    ) -> None:
        self._schema = schema
        self._collect = collect
        self._memory = memory
        self._masked = masked
        self._projector = Projector(collect, masked=masked)
        self._functions: dict[str, str] = {}
        self._names = 0
        self._reads: set[Reads] = set()
        self._globals: dict[str, Any] = {
            "mask": mask,
            "bad": _bad,
            "project": project,
            "datetime": datetime,
            "UTC": UTC,
            "lists": {tuple, list, *OpenMap.__subclasses__()},
        }

    def program(self, kind: GraphQLOutputType, nodes: FieldDetailsList) -> Program:
        """The program of a field of the root: of its type, as these nodes select it."""
        return self._program(self._completed(kind, "o", nodes))

    def _program(self, expression: str) -> Program:
        texts = [*self._functions.values(), f"def run(o, i):\n    return {expression}\n"]
        for text in texts:
            exec(_code(text, self._memory), self._globals)  # noqa: S102 - invariant 4
        inner = tuple(one for one in self._globals.values() if isinstance(one, Program))
        keys = b"".join(program.key for program in inner)
        masked = b"masked" if self._masked else b""
        key = hashlib.blake2b("".join(texts).encode() + keys + masked, digest_size=16).digest()
        return Program(self._globals["run"], key, frozenset(self._reads), inner)

    def _call(self, nodes: FieldDetailsList) -> str:
        """The name of the program of a call: a program of its own, to be remembered alone."""
        writer = Writer(self._schema, self._collect, self._memory, masked=self._masked)
        kind: Any = self._schema.type_map["Call"]
        program = writer._program(f"{writer._object(kind, nodes)}(o, i)")
        if program.inner:
            raise Uncompilable  # a call in a call has to be looked up
        self._reads |= program.reads
        return self._global(f"P{program.key.hex()}", program)

    def _object(self, kind: GraphQLObjectType, nodes: FieldDetailsList) -> str:
        """The name of the function for an object type."""

        def write() -> _Piece:
            writer = Writer(self._schema, self._collect, self._memory, masked=self._masked)
            return writer._written(kind, nodes)

        piece = once_for(nodes, ("piece", kind.name, self._masked), write)
        self._functions |= piece.functions
        self._globals |= piece.globals
        self._reads |= piece.reads
        return piece.name

    def _written(self, kind: GraphQLObjectType, nodes: FieldDetailsList) -> _Piece:
        """The same as a piece, which is not a part of this program."""
        cls = self._global(f"C_{kind.name}", class_of(kind))
        text = f"(o, i):\n    if o.__class__ is not {cls}: bad()\n"
        projection = self._projector.of(kind, nodes)
        if projection is not None:
            text += f"    return project(o, {self._global(projection.__name__, projection)})\n"
        else:
            text += "    s = o.snapshot.summary\n" if kind.name == "Call" else ""
            fields = [
                f"        {key!r}: {self._field(kind, details)},\n"
                for key, details in self._collect(kind, nodes).items()
            ]
            text += "    return {\n" + "".join(fields) + "    }\n"
        name = self._function("f", "def {}", text)
        return _Piece(name, self._functions, self._globals, frozenset(self._reads))

    def _function(self, letter: str, defining: str, text: str) -> str:
        """The name of some code, which is the same in whatever document it is needed."""
        name = letter + hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
        self._functions[name] = defining.format(name) + text
        return name

    def _field(self, parent: GraphQLObjectType, nodes: FieldDetailsList) -> str:
        name = nodes[0].node.name.value
        if name == "__typename":
            return repr(parent.name)
        field = parent.fields[name]
        return self._completed(field.type, self._read(parent, name, field), nodes)

    def _read(self, parent: GraphQLObjectType, name: str, field: GraphQLField) -> str:
        """The value of a field, as its resolver would give it."""
        read = read_of(field, masked=self._masked)
        self._reads |= set() if read.reads is None else {read.reads}
        if read.reads is Reads.AGED:
            return "i.annotation(o)"
        if read.resolver is not None:
            call = self._global(f"R_{parent.name}_{name}", read.resolver)
            return f"{call}(o, i)" if read.takes_info else f"{call}(o)"
        plain = f"{'s' if parent.name == 'Call' else 'o'}.{read.attribute}"
        if read.masked_as is None:
            return plain
        return f"mask({plain}, {self._global(f'Pii_{read.masked_as.name}', read.masked_as)})"

    def _completed(self, kind: GraphQLOutputType, value: str, nodes: FieldDetailsList) -> str:
        """An expression that completes the value of an expression, as the specification says."""
        name = self._name()
        if is_non_null_type(kind):
            done = self._there(kind.of_type, name, nodes)
            return f"({done} if ({name} := {value}) is not None else bad())"
        return f"(None if ({name} := {value}) is None else {self._there(kind, name, nodes)})"

    def _there(self, kind: Any, value: str, nodes: FieldDetailsList) -> str:
        """The same for the name of a value that is not null."""
        if is_list_type(kind):
            item = self._name()
            done = self._completed(kind.of_type, item, nodes)
            return f"([{done} for {item} in {value}] if {value}.__class__ in lists else bad())"
        if is_leaf_type(kind):
            return self._leaf(kind, value)
        if kind.name in {"Call", "Node"}:
            return f"i.call({self._call(nodes)}, {value})"
        if is_union_type(kind):
            raise Uncompilable(kind.name)
        if is_abstract_type(kind):
            return f"{self._dispatch(kind, nodes)}[{value}.__class__]({value}, i)"
        return f"{self._object(kind, nodes)}({value}, i)"

    def _dispatch(self, kind: GraphQLAbstractType, nodes: FieldDetailsList) -> str:
        """The name of a table: the function for each class that a value may be of."""
        rows = [
            f"{self._global(f'C_{one.name}', class_of(one))}: {self._object(one, nodes)}"
            for one in self._schema.get_possible_types(kind)
        ]
        return self._function("t", "{} = ", f"{{{', '.join(rows)}}}\n")

    def _leaf(self, kind: GraphQLLeafType, value: str) -> str:
        if isinstance(kind, GraphQLEnumType):
            cls = self._global(f"E_{kind.name}", enum_of(kind))
            return f"({value}._name_ if {value}.__class__ is {cls} else bad())"
        serialize = kind.coerce_output_value
        check = _CHECKS.get(kind.name)
        if serialize in {str, int}:
            check = f"{{v}}.__class__ is {serialize.__name__}"
        if check is not None:
            return f"({value} if {check.format(v=value)} else bad())"
        done, call = self._name(), self._global(f"S_{kind.name}", serialize)
        return f"({done} if ({done} := {call}({value})) is not None else bad())"

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _global(self, name: str, value: Any) -> str:
        self._globals[name] = value
        return name


def _bad() -> None:
    raise Misfit
