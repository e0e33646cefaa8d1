"""Turns a GraphQL response into the result of a tool: bounded in size, and marked as data."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct, structs

from gateway.concurrency.worker_thread import aside
from gateway.schema.demand_control.budgets import Allowance
from gateway.schema.execution.answers import Answer
from gateway.server.mcp.call_data import NOTICE, framed, visible
from gateway.server.mcp.error_advice import refusal
from gateway.server.mcp.input_schema import JsonSchema
from gateway.server.mcp.truncation import MOST_SHOWN, LeftOut, shortened

_LARGE = 32 * 1024
"""Bytes of an answer that takes some time to read; that is then done by a thread of its own."""

_OURS = "call-insights-gateway"
"""The prefix of what is the gateway's own in `_meta`."""

TOO_LARGE = (
    "The answer is too large, and cannot be shortened.\n"
    "Instead: ask for less, with a smaller `first` or fewer fields."
)


class Outcome(Struct, frozen=True):
    """What a tool gives: text for a model, the same as JSON for programs, and whether it failed.

    `ttl_ms` is for how long it holds, in milliseconds, and `allowance` what the viewer has left.
    """

    text: str
    structured: dict[str, Any] | None = None
    failed: bool = False
    ttl_ms: int = 0
    allowance: Allowance | None = None

    @property
    def meta(self) -> dict[str, Any]:
        """The same, as `_meta` of a result. Other viewers may not be told what one is."""
        metadata: dict[str, Any] = {}
        if not self.failed:
            metadata = {f"{_OURS}/ttlMs": self.ttl_ms, f"{_OURS}/cacheScope": "private"}
        if self.allowance is not None:
            metadata[f"{_OURS}/budget"] = structs.asdict(self.allowance)
        return metadata


async def outcome_of(answer: Answer, most: int, ttl_ms: int) -> Outcome:
    """The outcome of a tool, whose data has no more than `most` bytes."""
    if answer.empty:
        return Outcome(refusal(answer.errors), failed=True, allowance=answer.allowance)
    make = partial(_of_data, answer.body, answer.errors, most)
    outcome = await aside(make, lambda: None) if len(answer.body) > _LARGE else make()
    return structs.replace(outcome, ttl_ms=ttl_ms, allowance=answer.allowance)


def _of_data(body: bytes, errors: Sequence[Any], most: int) -> Outcome:
    data, left_out = shortened(visible(msgspec.json.decode(body)["data"]), most)
    if data is None:
        return Outcome(TOO_LARGE, failed=True)
    answer: dict[str, Any] = {"data": data}
    if errors:
        answer["errors"] = [_shown(error) for error in errors]
    if left_out:
        answer["leftOut"] = [*map(_shortening, left_out[:MOST_SHOWN])]
        if more := len(left_out) - MOST_SHOWN:
            answer["leftOut"] += [f"{more} more lists or texts."] if more > 0 else []
    return Outcome(framed(answer), {"notice": NOTICE, **answer})


def _shown(error: Any) -> dict[str, Any]:
    path = ".".join(map(str, error.get("path", ())))
    return {"path": path, "message": refusal([error])}


def _shortening(left: LeftOut) -> str:
    """What was left out, and how to have it."""
    return (
        f"`{left.path}` has {left.kept} of {left.of} here. For the rest, ask for fewer at once; "
        "cursors of this answer lead past what was left out."
    )


def wrapped(data: JsonSchema) -> JsonSchema:
    """The JSON Schema of an outcome, around that of its data."""
    listed = {"type": "array", "items": {"type": "string"}}
    error = {"path": {"type": "string"}, "message": {"type": "string"}}
    return {
        "type": "object",
        "properties": {
            "notice": {"type": "string"},
            "data": data,
            "errors": {"type": "array", "items": {"type": "object", "properties": error}},
            "leftOut": {**listed, "description": "What this answer lacks, to keep it short."},
        },
        "required": ["notice", "data"],
    }
