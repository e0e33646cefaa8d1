"""Defines the events of instrumentation of the warehouse, beside `instrumentation.py`."""

from typing import Literal

from gateway.instrumentation import Happening


class WarehouseAsked(Happening, frozen=True):
    """The warehouse answered a query or failed, after `seconds`, and read so many rows for it."""

    outcome: Literal["answered", "failed"]
    seconds: float
    rows_read: int = 0


class WarehouseRequested(Happening, frozen=True):
    """Twilio was sent one more request to keep the warehouse up to date."""


class WarehouseMeasured(Happening, frozen=True):
    """Rows and bytes of the warehouse, and seconds since its oldest synchronisation."""

    rows: int
    size: int
    lag: float
