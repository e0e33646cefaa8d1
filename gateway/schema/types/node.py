"""Relay's `Node`: whatever has an id by which it can be asked for again."""

import strawberry


@strawberry.interface(description="An object with an `id`, by which `node` returns it.")
class Node:
    """An object with a global id."""

    id: strawberry.ID = strawberry.field(
        description="Identifies the object in this graph; opaque, and the same for ever."
    )
