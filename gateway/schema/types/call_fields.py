"""Defines `CallField`: the enum of fields by which calls are sorted, grouped and measured."""

from typing import Any

from gateway.insights.catalogue import Vocabulary
from gateway.schema.types.derive import name_enums
from gateway.warehouse.fields import FIELDS, Field


def _described(field: Field) -> str:
    path = f"`{' '.join(field.path)}`: {field.fact.description}"
    if not field.is_personal:
        return path
    instead = f" Without it, use `{field.stand_in}`." if field.stand_in else ""
    return f"{path} Needs the scope `pii:read`, and has no order.{instead}"


_VALUES: Any = {name: (name, _described(field)) for name, field in FIELDS.items()}

CallField: Any = Vocabulary("CallField", _VALUES)
CallField.__doc__ = "A field of a call, by its path: `carrierEdge { metrics … }` is CARRIER_EDGE_…"

name_enums()


def field_of(value: Any) -> Field:
    """The field that a value of the enum names."""
    return FIELDS[value.name]
