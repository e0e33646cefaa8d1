"""Finds the bounds that a condition sets to a moment."""

from datetime import datetime, timedelta

from gateway.warehouse.conditions import All, Comparison, Condition, Operator
from gateway.warehouse.fields import Field

_LOWER = {Operator.GTE, Operator.GT, Operator.EQ}
_UPPER = {Operator.LT, Operator.LTE, Operator.EQ}
_INCLUSIVE = {Operator.LTE, Operator.EQ}
_INSTANT = timedelta(microseconds=1)


def bounds(condition: Condition, field: Field) -> tuple[datetime | None, datetime | None]:
    """From when on, and before when, a moment is by a condition; None where it does not say."""
    match condition:
        case Comparison(field=compared, operator=operator, value=value) if compared == field:
            after = value + _INSTANT if operator in _INCLUSIVE else value
            return value if operator in _LOWER else None, after if operator in _UPPER else None
        case All(conditions=conditions):
            each = [bounds(one, field) for one in conditions]
            lows = [low for low, _ in each if low is not None]
            highs = [high for _, high in each if high is not None]
            return max(lows, default=None), min(highs, default=None)
    return None, None
