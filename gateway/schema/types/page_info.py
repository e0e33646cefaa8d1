"""Defines Relay's `PageInfo`."""

from collections.abc import Callable

import strawberry

from gateway.schema.types.depends_on import Reads, reads


@strawberry.type(description="Whether there is more, and the cursors to go on with.")
class PageInfo:
    """Relay's page info; cursors are made when they are asked for."""

    has_next_page: bool = strawberry.field(description="Whether there is more after these.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before these.")
    write_start: strawberry.Private[Callable[[], str | None]]
    write_end: strawberry.Private[Callable[[], str | None]]

    @strawberry.field(
        description="Cursor of the first of these; null when there are none.",
        metadata=reads(Reads.VALUE),
    )
    def start_cursor(self) -> str | None:
        """For `before`."""
        return self.write_start()

    @strawberry.field(
        description="Cursor of the last of these; null when there are none.",
        metadata=reads(Reads.VALUE),
    )
    def end_cursor(self) -> str | None:
        """For `after`."""
        return self.write_end()
