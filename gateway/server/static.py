"""Serves built pages and their assets, under a strict Content-Security-Policy.

GraphiQL, the Calls explorer and the documentation share it. All addresses in a page are relative: a
proxy may put the gateway below a path of its own, and strip that from requests, so that the gateway
does not know of it.
"""

import asyncio
import gzip
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Final

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
_TEXT_HEADERS: Final = _ASSET_HEADERS | {"Vary": "Accept-Encoding"}
_GZIP_HEADERS: Final = _TEXT_HEADERS | {"Content-Encoding": "gzip"}
_TEXTS: Final = {".css", ".html", ".js", ".json", ".svg", ".ttf"}


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
        self._compressed: dict[str, bytes] = {}

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
        media_type = MEDIA_TYPES.get(path.suffix)
        if path.suffix not in _TEXTS:
            return FileResponse(path, headers=_ASSET_HEADERS, media_type=media_type)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(path, headers=_TEXT_HEADERS, media_type=media_type)
        return Response(await self._gzip(path), headers=_GZIP_HEADERS, media_type=media_type)

    async def _gzip(self, path: Path) -> bytes:
        """A file, which is compressed once, and by a thread: a script takes 20 ms."""
        if path.name not in self._compressed:
            work = asyncio.to_thread(lambda: gzip.compress(path.read_bytes(), mtime=0))
            self._compressed[path.name] = await work
        return self._compressed[path.name]

    def assets(self, path: str) -> Route:
        """The route to the assets, below a path."""
        return Route(f"{path}/{{name}}", self.asset)


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
