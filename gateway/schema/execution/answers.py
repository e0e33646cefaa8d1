"""Defines a GraphQL response as JSON, with its errors, freshness and cost beside it."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec
from graphql import GraphQLError
from msgspec import Struct

from gateway.request_stats import Tally
from gateway.schema.demand_control.admission import cost_extension
from gateway.schema.demand_control.budgets import Allowance, Refused
from gateway.schema.execution.incremental import Parts
from gateway.schema.results.answer_cache import CachedAnswer, digest_of
from gateway.schema.results.error_policy import Shown, failure, refusal
from gateway.schema.results.freshness import Lifetime

_encode = msgspec.json.Encoder().encode


class Answer(Struct):
    """`body`, JSON, goes to the client; `executed` is false when the request itself was wrong.

    `errors` are those in the body, which is `empty` if there is no data beside them. `allowance` is
    what the viewer has left, if there is a budget; `exceeded` says that it was not enough. `rest`
    are the other parts of an answer that comes in parts. `cached` is the answer in the cache, and
    `lifetime` for how long clients may cache it.
    """

    body: bytes
    executed: bool
    errors: Sequence[Shown] = ()
    allowance: Allowance | None = None
    exceeded: bool = False
    empty: bool = False
    rest: AsyncGenerator["Answer", None] | None = None
    cached: CachedAnswer | None = None
    lifetime: Lifetime = Lifetime()

    @property
    def digest(self) -> bytes:
        """A digest of the body, which is computed once for an answer in the cache."""
        return digest_of([self.body]) if self.cached is None else self.cached.digest


def from_cache(cached: CachedAnswer, allowance: Allowance | None) -> Answer:
    """An answer that is given again."""
    body, lifetime = b"".join(cached.pieces), cached.lifetime
    return Answer(body, executed=True, allowance=allowance, cached=cached, lifetime=lifetime)


def erroneous(errors: Sequence[Shown], data: Any) -> Answer:
    """An answer with errors, and with data or null."""
    body = _encode({"errors": errors, "data": data})
    return Answer(body, executed=True, errors=errors, empty=data is None)


def failed(error: Exception, request_id: str) -> Answer:
    """The last answer of a stream that broke."""
    broken = GraphQLError(str(error), original_error=error)
    return erroneous([failure(broken, request_id)], None)


def refused(errors: Sequence[GraphQLError], request_id: str, code: str) -> Answer:
    """The answer to a request that was wrong itself."""
    shown = [refusal(error, request_id, code) for error in errors]
    return Answer(_encode({"errors": shown}), executed=False, errors=shown, empty=True)


def too_expensive(refused: Refused, request_id: str) -> Answer:
    """The answer to a request that may not cost what it would."""
    error = GraphQLError("", original_error=refused.problem)
    shown = [refusal(error, request_id, refused.problem.code)]
    return Answer(
        _encode({"errors": shown}),
        executed=False,
        errors=shown,
        empty=True,
        allowance=refused.allowance,
        exceeded=refused.allowance is not None,
    )


def in_parts(parts: Parts, tally: Tally | None) -> Answer:
    """The first part of an answer; the rest comes when it is there.

    With a `tally`, the last part tells the cost of the data in all of them.
    """
    payload, errors = parts.first()
    return Answer(
        _encode(payload),
        executed=True,
        errors=errors,
        empty=payload["data"] is None,
        rest=_rest(parts, tally, [_encode(payload["data"])]),
    )


async def _rest(
    parts: Parts, tally: Tally | None, data: list[bytes]
) -> AsyncGenerator[Answer, None]:
    async for later, mistakes in parts.rest():
        if tally is not None:
            data += [_encode(piece["data"]) for piece in later["incremental"]]
            if not later["hasNext"]:
                later["extensions"] = {"cost": await cost_extension(tally, *data)}
        yield Answer(_encode(later), executed=True, errors=mistakes)


class _Data(Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")


async def with_extensions(body: bytes, cost: Tally | None, warnings: Sequence[object]) -> bytes:
    """The JSON of an answer, with what it took beside its data, and with warnings."""
    extensions: dict[str, object] = {}
    if cost is not None:
        data = msgspec.json.decode(body, type=_Data).data
        extensions["cost"] = await cost_extension(cost, bytes(data))
    if warnings:
        extensions["warnings"] = warnings
    return body[:-1] + b',"extensions":' + _encode(extensions) + b"}"
