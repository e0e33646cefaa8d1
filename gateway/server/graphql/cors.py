"""Decides which origins may use `/graphql`, by POST, GET and WebSocket."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gateway.errors import Forbidden
from gateway.server.graphql import rate_limit_headers
from gateway.server.graphql.bodies import BadRequest

_READ_BY_CLIENTS = (
    *("Age", "ETag", "Retry-After", "WWW-Authenticate", "X-Request-Id"),
    *rate_limit_headers.NAMES,
)

_OWN_SITES = {"same-origin", "none"}
"""What `Sec-Fetch-Site` says of a page of this origin, and of what a person typed."""


def origins_of(configured: str | None) -> frozenset[str]:
    """The origins of a setting, as browsers write them: in lower case, without a default port."""
    return frozenset(_origin(origin) for origin in (configured or "").split(",") if origin.strip())


def across_origins(app: ASGIApp, origins: Iterable[str]) -> ASGIApp:
    """The application, for pages of these origins too.

    They may send any header: no cookie is ever read, and what clients add for tracing or for their
    own use changes from one to the next.
    """
    allowed = frozenset(origins)
    if not allowed:
        return app
    return CORSMiddleware(
        app,
        allow_origins=allowed,
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        expose_headers=_READ_BY_CLIENTS,
        max_age=3600,
    )


def may_connect(headers: Headers, origins: frozenset[str]) -> bool:
    """Whether no page opened a WebSocket, or one of this server or of these origins."""
    origin = headers.get("origin")
    if origin is None or origin in origins:
        return True
    server = origin.partition("://")[2]  # `urlsplit` would remember it
    return server != "" and server.lower() == headers.get("host", "").lower()


class CrossOriginRequest(BadRequest):
    """A GET that a page of another origin had a browser send."""

    code = Forbidden.code


def check_page(headers: Mapping[str, str], origins: frozenset[str]) -> None:
    """See that no page but this gateway's, and those of `origins`, has a GET sent.

    Before a POST of JSON, browsers ask whether the page may; a GET they send at once, and say in
    `Sec-Fetch-Site` whose page it is (https://www.w3.org/TR/fetch-metadata/). Raises ForeignPage.
    """
    site = headers.get("sec-fetch-site", "none")
    if site not in _OWN_SITES and headers.get("origin") not in origins:
        raise CrossOriginRequest(
            403, "Pages of another origin may ask when GATEWAY_CORS_ORIGINS names their origin."
        )


def _origin(text: str) -> str:
    address = urlsplit(text.strip().lower())
    default = ":443" if address.scheme == "https" else ":80"
    return f"{address.scheme}://{address.netloc.removesuffix(default)}"
