"""Defines Relay's `PageInfo`."""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry

from gateway.schema.types.field_traits import Reads, reads


@strawberry.type(description="Whether there is more, and the cursors to go on with.")
class PageInfo:
    """Relay's page info of `items`; `write` makes the cursor of one when it is asked for."""

    has_next_page: bool = strawberry.field(description="Whether there is more after these.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before these.")
    items: strawberry.Private[Sequence[Any]]
    write: strawberry.Private[Callable[[Any], str]]

    @strawberry.field(
        description="Cursor of the first of these; null when there are none.",
        metadata=reads(Reads.VALUE),
    )
    def start_cursor(self) -> str | None:
        """For `before`."""
        return self.write(self.items[0]) if self.items else None

    @strawberry.field(
        description="Cursor of the last of these; null when there are none.",
        metadata=reads(Reads.VALUE),
    )
    def end_cursor(self) -> str | None:
        """For `after`."""
        return self.write(self.items[-1]) if self.items else None
