"""Defines the events of instrumentation of the warehouse, beside `instrumentation.py`."""

from typing import Literal, TypeAlias

from msgspec import Struct


class WarehouseAsked(Struct, frozen=True):
    """The warehouse answered a query or failed, after `seconds`, and read so many rows for it."""

    outcome: Literal["answered", "failed"]
    seconds: float
    rows_read: int = 0


class WarehouseRequested(Struct, frozen=True):
    """Twilio was sent one more request to keep the warehouse up to date."""


class WarehouseMeasured(Struct, frozen=True):
    """Rows and bytes of the warehouse, and seconds since its oldest synchronisation."""

    rows: int
    size: int
    lag: float


WarehouseHappening: TypeAlias = WarehouseAsked | WarehouseRequested | WarehouseMeasured
