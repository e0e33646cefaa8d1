"""Names the codes with which a WebSocket is closed, and the error that closes one.

The code decides whether a client comes back. The library graphql-ws ends at once, whatever its
settings say, after 1008, 1009, 4400, 4401, 4406, 4409 and 4429: the next connection would end the
same way. It reconnects after all others that are used here: 1001, 1012, 1013, 4403 and 4408.
"""

from collections.abc import Mapping

from gateway.subscription_instrumentation import EndReason

REFUSED = 4401
"""Closes a connection whose token is missing or not known: the same token is refused again."""

EXPIRED = 4403
"""Closes a connection that was let in, when its token or viewer is no more: another one may do."""

TRY_AGAIN_LATER = 1013
"""Closes a connection whose token cannot be verified now, or whose viewer has too many others."""

RESTART = 1012
"""Closes all connections when the server stops; uvicorn does it."""

END_REASONS: Mapping[int, EndReason] = {EXPIRED: "withdrawn", RESTART: "stopping"}
"""Why the subscriptions of a connection end, by its code; after others, their client left."""


class Closed(Exception):
    """The connection has to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
