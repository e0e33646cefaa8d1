"""Defines Relay's `Node` and its global ids: opaque to clients, `Call:CA…` inside."""

from base64 import b64decode, b64encode

import strawberry

from gateway.errors import BadUserInput
from gateway.insights.catalogue import CallSid
from gateway.insights.sids import call_sid


@strawberry.interface(description="An object with an `id`, by which `node` returns it.")
class Node:
    """An object with a global id."""

    id: strawberry.ID = strawberry.field(
        description="Identifies the object in this graph; opaque, and the same for ever."
    )


def encode_id(sid: CallSid) -> str:
    """The id of a call."""
    return b64encode(f"Call:{sid}".encode()).decode("ascii")


def decode_id(node_id: str, argument: str = "id") -> CallSid:
    """The call that an id in `argument` stands for; raises BadUserInput for anything else."""
    try:
        name = b64decode(node_id.encode("ascii"), validate=True).decode()
        return call_sid(name.removeprefix("Call:") if name.startswith("Call:") else "")
    except ValueError:
        raise BadUserInput(argument, "is no id of this graph", "the `id` of a call") from None
