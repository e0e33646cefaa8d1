"""Checks which questions about personal data a viewer may send.

Without `pii:read`, nobody filters, groups, sorts or measures by it: the answer would give it away.
With it, equality and groups are possible; sorting and measuring are not, for it is encrypted.
"""

from collections.abc import Iterable

from gateway.config.viewers import Scope, Viewer
from gateway.errors import BadUserInput, Forbidden
from gateway.warehouse.fields import Field


def check_use(viewer: Viewer, fields: Iterable[Field], argument: str) -> None:
    """See that a viewer may use fields in `argument`. Raises Forbidden, naming what to use."""
    if viewer.may(Scope.PII_READ):
        return
    for field in fields:
        if field.is_personal:
            instead = f"use `{field.stand_in}` instead" if field.stand_in else "leave it out"
            raise Forbidden(
                f"`{argument}` has `{field.constant}`, which is personal data and needs the scope "
                f"`{Scope.PII_READ.value}`: {instead}, or ask the operator of this gateway for it."
            )


def check_order(viewer: Viewer, fields: Iterable[Field], argument: str) -> None:
    """See that fields have an order. Raises Forbidden as `check_use`, and BadUserInput."""
    every = list(fields)
    check_use(viewer, every, argument)
    for field in every:
        if field.many or field.is_personal:
            what = "is a list" if field.many else "is personal data"
            raise BadUserInput(
                argument,
                f"has `{field.constant}`, which {what} and has no order",
                "a field with a single value that is no personal data",
            )
