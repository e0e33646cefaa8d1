"""Refuses requests while the process, or their viewer, has too many in flight.

Early, before anything of them is read: whoever is turned away can ask another replica, or again in
a moment, while those that were let in are answered.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.concurrency.quotas import Place, Quota, QuotaSpent
from gateway.errors import UpstreamRateLimited
from gateway.request_stats import Tally
from gateway.server.middleware.disconnect import ClientLeft

RETRY_AFTER = 1
"""Seconds."""

Respond: TypeAlias = Callable[[Scope, Receive, Place], Awaitable[Response]]
"""Responds to a request that has this place. Raises QuotaSpent, and ClientLeft."""


class LoadShedding:
    """Sends what `respond` gives to those for whom `requests` has a place, until it is sent."""

    def __init__(self, respond: Respond, requests: Quota) -> None:
        self._respond = respond
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or turn it away."""
        try:
            with self._requests.enter() as place:
                try:
                    response = await self._respond(scope, receive, place)
                except QuotaSpent as spent:
                    response = turned_away(spent)
                except ClientLeft:
                    response = _nothing(scope)
                await response(scope, receive, send)
        except QuotaSpent as spent:
            await turned_away(spent)(scope, receive, send)


def turned_away(spent: QuotaSpent) -> Response:
    """The response to a request for which there is no place."""
    problem = too_many(spent)
    error = {"message": str(problem), "extensions": problem.extensions}
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    body = msgspec.json.encode({"errors": [error]})
    status = 503 if spent.shared else 429
    return Response(body, status, headers, "application/json; charset=utf-8")


def too_many(spent: QuotaSpent) -> UpstreamRateLimited:
    """What whoever is turned away is told."""
    return UpstreamRateLimited(f"{spent}: ask again later.", retry_after=RETRY_AFTER)


def _nothing(scope: Scope) -> Response:
    """What a client that left is sent: it is in the log alone, as elsewhere by this status."""
    tally: Tally = scope["state"]["tally"]
    tally.outcome = "abandoned"
    return Response(status_code=499)
