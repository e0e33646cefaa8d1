"""Serves built pages and their assets, under a strict Content-Security-Policy.

GraphiQL, the Calls explorer and the documentation share it. All addresses in a page are relative: a
proxy may put the gateway below a path of its own, and strip that from requests, so that the gateway
does not know of it.
"""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope


def content_security_policy(scripts: str, form_action: str = "'none'") -> str:
    """A policy under which a page loads nothing from another host.

    Args:
        scripts: the sources of scripts that run.
        form_action: the sources that forms are sent to.
    """
    # 'unsafe-inline' is for styles alone: the editor lays out its lines with them.
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        f"base-uri 'none'; frame-ancestors 'none'; form-action {form_action}"
    )


SECURE: Final = {
    "Content-Security-Policy": content_security_policy("'self'"),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# Said, not guessed: where the system calls JavaScript text/plain, `nosniff` would stop the page.
MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}

_PAGE_HEADERS: Final = SECURE | {"Cache-Control": "no-store"}
_ASSET_HEADERS: Final = SECURE | {"Cache-Control": "public, max-age=31536000, immutable"}


class BuiltPage:
    """A page that npm built, with the assets that it loads.

    Args:
        built: the built page, an `index.html` beside its `assets`.
        unbuilt: the page that is served where that is not there, and says how to get it.
    """

    def __init__(self, built: Path, unbuilt: Path) -> None:
        page, assets = built / "index.html", built / "assets"
        is_built = page.is_file()
        self._template = (page if is_built else unbuilt).read_text("utf-8")
        self._assets = {path.name: path for path in assets.iterdir()} if is_built else {}

    def respond(self, values: Mapping[str, str]) -> Response:
        """The page with each key replaced by its value; the values are HTML already."""
        content = self._template
        for placeholder, value in values.items():
            content = content.replace(placeholder, value)
        return HTMLResponse(content, headers=_PAGE_HEADERS)

    async def asset(self, request: Request) -> Response:
        """One file of the built page; only names that were there at start, so no path can stray."""
        path = self._assets.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("Not Found", 404, headers=SECURE)
        return FileResponse(path, headers=_ASSET_HEADERS, media_type=MEDIA_TYPES.get(path.suffix))

    def assets(self, path: str) -> Route:
        """The route to the assets, below a path."""
        compressed = [Middleware(GZipMiddleware, compresslevel=6)]
        return Route(f"{path}/{{name}}", self.asset, middleware=compressed)


def root_of(scope: Scope) -> str:
    """The path that the application is mounted at, as far as it is known."""
    root: str = scope.get("root_path", "")
    return root.rstrip("/")


def top_of(scope: Scope) -> str:
    """The address of what the gateway is below, relative to that of a request."""
    below = str(scope["path"]).removeprefix(root_of(scope))
    return "../" * (below.count("/") - 1) or "./"


def endpoint_values(scope: Scope, endpoint: str, *, needs_token: bool) -> dict[str, str]:
    """What every page is told: where GraphQL is answered, and whether only with a token."""
    server = f"{scope['scheme']}://{Request(scope).headers.get('host', 'localhost')}"
    return {
        "{{ access }}": "token" if needs_token else "open",
        "{{ address }}": html.escape(server + root_of(scope) + endpoint),
        "{{ endpoint }}": html.escape(top_of(scope) + endpoint.removeprefix("/")),
    }
