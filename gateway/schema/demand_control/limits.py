"""Refuses documents that are too large once their fragments are expanded, and long variables."""

from collections.abc import Mapping
from typing import Any, Self

from msgspec import Struct

from gateway.config.settings import Settings
from gateway.errors import TooComplex
from gateway.schema.demand_control.analysis import CEILING, Analysis

MAX_FIELDS = 2_500
"""With fragments unfolded; a call has about 450."""

MAX_DIRECTIVES = 100
MAX_ROOT_FIELDS = 100
MAX_OPERATIONS = 50

MAX_VALUES = 10_000
"""Values in the variables of one request: graphql-core coerces them on the event loop."""

_USUAL = Settings()


class Limits(Struct, frozen=True):
    """How large a document may be, and how much one request may cost."""

    cost: int = _USUAL.gateway_max_cost
    depth: int = _USUAL.gateway_max_depth
    aliases: int = _USUAL.gateway_max_aliases
    tokens: int = _USUAL.gateway_max_tokens

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read them from the settings."""
        return cls(
            settings.gateway_max_cost,
            settings.gateway_max_depth,
            settings.gateway_max_aliases,
            settings.gateway_max_tokens,
        )


def check_size(analysis: Analysis, limits: Limits) -> None:
    """See that no operation of a document is too large. Raises TooComplex."""
    _check("operations", len(analysis.operations), MAX_OPERATIONS, "send those that you run")
    several = "ask in several requests"
    many = f"ask for many calls at once with `nodes`, or {several}"
    for one in analysis.operations:
        _check("levels", one.depth, limits.depth, "ask for what is deeper by its `id`")
        _check("aliases", one.aliases, limits.aliases, many)
        _check("root fields", one.roots, MAX_ROOT_FIELDS, many)
        _check("fields with its fragments unfolded", one.fields, MAX_FIELDS, several)
        _check("directives", one.directives, MAX_DIRECTIVES, "leave out those without effect")


def check_variables(variables: Mapping[str, Any] | None) -> None:
    """See that variables hold no more than `MAX_VALUES`, in lists and objects too.

    Raises TooComplex. Nothing is counted beyond the limit.
    """
    waiting: list[Any] = [variables or {}]
    found = 0
    while waiting:
        value = waiting.pop()
        inner = value.values() if isinstance(value, dict) else value
        found += len(inner)
        if found > MAX_VALUES:
            cure = "ask with fewer, in several requests"
            raise TooComplex("values or more in its variables", found, MAX_VALUES, cure)
        waiting += [one for one in inner if isinstance(one, dict | list)]


def _check(what: str, number: int, limit: int, cure: str) -> None:
    if number > limit:
        raise TooComplex(what, min(number, CEILING), limit, cure)
