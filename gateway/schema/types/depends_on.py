"""Declares what a resolver reads beside its value, in the metadata of its field.

A field without a resolver reads its value alone, and so does one that masks personal data, with
the scopes of the viewer. A resolver that says nothing here may read anything, and is run anew
for every request.
"""

from enum import Enum
from typing import Any

from strawberry.types.field import StrawberryField

_READS = "reads"


class Reads(Enum):
    """All that a result depends on, beside the scopes of the viewer."""

    VALUE = "the value itself"
    ACCOUNT = "the value, and the keys of the viewer's account"
    SOURCE = "the value, and where it came from this time"
    AGED = "the value, if it is young enough: it has to be asked for anew otherwise"
    SELECTION = "all that is selected below, before anything is resolved: of a root field"


def reads(what: Reads) -> dict[str, Any]:
    """The metadata of a field whose resolver reads this, and no more."""
    return {_READS: what}


def read_by(field: StrawberryField) -> Reads | None:
    """What the resolver of a field reads; None when nobody says."""
    said: Reads | None = field.metadata.get(_READS)
    return said
