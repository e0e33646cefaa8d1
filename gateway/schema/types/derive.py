"""Derives GraphQL types from the catalogue.

An entity becomes an object type, a shared shape an interface, a vocabulary an enum; a field keeps
its attribute, takes its name by the naming rule and its description from its `Fact`. Types with
fields that the upstream does not have are written as classes and extended (see `types/call.py`).
"""

import inspect
import types
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from graphql import GraphQLField, GraphQLObjectType
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gateway.config.viewers import Scope
from gateway.insights.catalogue import (
    SHARED_SHAPES,
    Entity,
    Fact,
    OpenMap,
    Pii,
    Vocabulary,
    graph_name,
)
from gateway.insights.field_decoding import bare
from gateway.insights.masking import mask
from gateway.insights.summary import Summary
from gateway.schema.context import Info

T = TypeVar("T")

_EXTENDED: dict[type[Entity], type] = {}

_ENTITIES: dict[type, type[Entity]] = {}

_FACT = "fact"
"""Under this name a field of a type remembers its `Fact`."""


@cache
def object_type(entity: type[Entity]) -> Any:
    """The object type or interface that an entity is in the graph."""
    if entity in _EXTENDED:
        return _EXTENDED[entity]
    shapes = tuple(object_type(base) for base in entity.__mro__[1:] if base in SHARED_SHAPES)
    cls = type(entity.__name__, shapes, {"__doc__": entity.__doc__})
    return _finish(cls, entity)


def extends(entity: type[Entity]) -> Callable[[type[T]], type[T]]:
    """Make a class, with the fields it resolves itself, the type of `entity` in the graph."""

    def decorate(cls: type[T]) -> type[T]:
        _EXTENDED[entity] = _finish(cls, entity)
        return cls

    return decorate


def name_enums() -> None:
    """Make every vocabulary that there is an enum of the graph, described word by word."""
    for vocabulary in Vocabulary.__subclasses__():
        if hasattr(vocabulary, "__strawberry_definition__"):
            continue
        strawberry.enum(vocabulary, description=inspect.cleandoc(vocabulary.__doc__ or ""))
        for value in vocabulary.__strawberry_definition__.values:  # type: ignore[attr-defined]
            value.description = vocabulary[value.name].meaning


def input_type(name: str, description: str, fields: Iterable[tuple[str, str, Any, str]]) -> Any:
    """An input type from rows of (attribute, name, type, description), all of them optional."""
    rows = list(fields)
    namespace: dict[str, Any] = {
        attribute: strawberry.field(name=named, description=meaning, default=strawberry.UNSET)
        for attribute, named, _, meaning in rows
    }
    namespace["__annotations__"] = {attribute: kind | None for attribute, _, kind, _ in rows}
    return strawberry.input(type(name, (), namespace), description=description)


def fact_behind(field: GraphQLField) -> Fact | None:
    """The `Fact` that a field of the graph was derived from; None for one of the gateway's own."""
    declared = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return None if declared is None else declared.metadata.get(_FACT)


def class_behind(kind: GraphQLObjectType) -> type:
    """The class of the values of an object type: an entity, or the class that declares it."""
    declared: type = kind.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
    return _ENTITIES.get(declared, declared)


def field_name(entity: type[Entity], upstream_name: str) -> str:
    """The name of a field in the graph; the resource itself drops its own `call_`."""
    return graph_name(upstream_name.removeprefix("call_") if entity is Summary else upstream_name)


def _finish(cls: type[T], entity: type[Entity]) -> type[T]:
    name_enums()  # one that a type meets without a name loses its descriptions
    hints = get_type_hints(entity, include_extras=True)
    own = inspect.get_annotations(cls)
    annotations: dict[str, Any] = {}
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    for attribute, upstream_name in names:
        if attribute in cls.__dict__:
            continue
        hint = hints[attribute]
        annotations[attribute] = _annotation(hint)
        name, fact = field_name(entity, upstream_name), entity.facts[attribute]
        options: dict[str, Any] = {"name": name, "description": fact.description}
        options["deprecation_reason"] = fact.deprecated
        if fact.pii is not Pii.NONE and not _is_object(hint):
            options["resolver"] = _masking(attribute, fact.pii)
            options["graphql_type"] = annotations[attribute]
        setattr(cls, attribute, strawberry.field(metadata={_FACT: fact}, **options))
    cls.__annotations__ = {**annotations, **own}
    if entity not in SHARED_SHAPES and "is_type_of" not in cls.__dict__:
        cls.is_type_of = staticmethod(  # type: ignore[attr-defined]
            lambda value, _info: isinstance(value, entity)
        )
    make: Any = strawberry.interface if entity in SHARED_SHAPES else strawberry.type
    finished: type[T] = make(cls, description=inspect.cleandoc(cls.__doc__ or ""))
    _ENTITIES[finished] = entity
    return finished


def _masking(attribute: str, pii: Pii) -> Any:
    """A resolver of a field with personal data: as it is for those who may see it."""

    def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        value = getattr(root, attribute)
        return value if info.context.viewer.may(Scope.PII_READ) else mask(value, pii)

    return resolve


def _is_object(hint: Any) -> bool:
    kind = bare(hint)
    return isinstance(kind, type) and issubclass(kind, Entity)


def _annotation(hint: Any) -> Any:
    """`tuple[X, ...] | None` → `list[X] | None`, X being a type of the graph."""
    optional = get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)
    kind = _graph_kind(bare(hint))
    return kind | None if optional else kind


def _graph_kind(kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return list[_graph_kind(bare(get_args(kind)[0]))]  # type: ignore[misc]
    if hasattr(kind, "__metadata__"):  # a number or text with its bounds
        return kind.__origin__
    if isinstance(kind, type):
        if issubclass(kind, OpenMap):
            return list[object_type(kind.entry)]  # type: ignore[misc]
        if issubclass(kind, Entity):
            return object_type(kind)
    return kind
