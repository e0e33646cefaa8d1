"""Relay's `Node`: whatever has an id by which it can be asked for again."""

import strawberry


@strawberry.interface(description="Whatever can be asked for again by its `id`.")
class Node:
    """An object with a global id."""

    id: strawberry.ID = strawberry.field(
        description="Identifies the object in this graph; opaque, and the same for ever."
    )
