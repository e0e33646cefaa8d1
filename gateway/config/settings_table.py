"""Lists the settings as rows: name, accepted values, default and description."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Meta

from gateway.config.settings import Settings


class Setting(NamedTuple):
    """One row of the table, as documentation shows it."""

    name: str
    accepted: str
    default: object
    sentence: str
    hint: Any


def table() -> Iterator[Setting]:
    """All settings, in the order of the table."""
    hints = get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    for attribute in Settings.__struct_fields__:
        hint, *metas, sentence = get_args(hints[attribute])
        if metas:
            hint = Annotated[(hint, *metas)]
        yield Setting(
            attribute.upper(), accepted(hint), getattr(defaults, attribute), sentence, _kind(hint)
        )


def accepted(hint: Any) -> str:
    """What a setting of this type may be, in words."""
    kind = _kind(hint)
    if get_origin(kind) is Annotated:
        return next(str(meta.title) for meta in kind.__metadata__ if isinstance(meta, Meta))
    if get_origin(kind) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(kind))
    return "`true` or `false`" if kind is bool else getattr(kind, "accepted", "a text")


def _kind(hint: Any) -> Any:
    """The type of what is set, whether or not it must be."""
    arms = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    return next(arm for arm in arms if arm is not type(None))
