"""Refuses requests with foreign `Host` headers, and adds security headers to responses.

A page of another site can be made to reach a loopback address under a name of its own (DNS
rebinding). So where nobody has to show who they are, only names of this machine are answered.
"""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import Forbidden
from gateway.server.webhook import PATH as SIGNED_PATH

_DEFAULTS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""What each answer forbids browsers, unless it says something else itself (GraphiQL does)."""

_CURE = (
    "This gateway has no viewers, and answers to names of its own machine alone, such as "
    "localhost: name viewers in GATEWAY_CONFIG, or say GATEWAY_AUTH=none to answer to any name."
)
_MISDIRECTED = msgspec.json.encode(
    {"errors": [{"message": _CURE, "extensions": {"code": Forbidden.code}}]}
)


class Security:
    """Wraps the application; `local_only` turns away requests to any but a loopback name.

    What Twilio pushes is let through under whatever name a tunnel has: it is signed.
    """

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or WebSocket in, or turn it away."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name for name, _ in headers}
                headers += [default for default in _DEFAULTS if default[0] not in present]
                message["headers"] = headers
            await send(message)

        if self._local_only and scope["path"] != SIGNED_PATH and not _to_this_machine(scope):
            await _turn_away(scope, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


def _to_this_machine(scope: Scope) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and len(hosts[0]) <= _LONGEST and _is_loopback(hosts[0])


_LONGEST = 300
"""Bytes of a `Host`: names have 253 at most (RFC 1035)."""


@lru_cache(maxsize=64)
def _is_loopback(host: bytes) -> bool:
    try:
        name = urlsplit(f"//{host.decode('ascii')}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


async def _turn_away(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "Another host"})
        return
    length = str(len(_MISDIRECTED)).encode()
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": _MISDIRECTED})
