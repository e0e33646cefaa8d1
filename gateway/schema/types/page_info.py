"""Defines Relay's `PageInfo`."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import strawberry

from gateway.schema.types.field_traits import Reads, reads


@strawberry.type(description="Whether there is more, and the cursors to go on with.")
class PageInfo:
    """Relay's page info of `items`; `write` makes the cursor of one when it is asked for."""

    has_next_page: bool = strawberry.field(description="Whether there is more after these.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before these.")
    items: strawberry.Private[Sequence[Any]]
    write: strawberry.Private[Callable[[Any], str]]

    @classmethod
    def of(cls, page: Any, items: Sequence[Any], write: Callable[[Any], str]) -> Self:
        """That of a page which says whether there is more, and has these items."""
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            items=items,
            write=write,
        )

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
