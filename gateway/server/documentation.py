"""Serves the documentation site from this wheel, under a strict Content-Security-Policy.

`gateway/documentation/` builds the site. All addresses in its pages are relative: see `graphiql`.
"""

from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles

from gateway.server.static import MEDIA_TYPES, SECURE, content_security_policy

BUILT = Path(__file__).parent.parent / "documentation" / "dist"
UNBUILT = (
    "This package was built without its documentation. Read docs/ in its repository, "
    "or build it without GATEWAY_SKIP_GRAPHIQL.\n"
)
SCRIPT_HASHES = "script-hashes.txt"


class Documentation:
    """The pages, and the files that they load and link to.

    Args:
        built: the built site.
    """

    def __init__(self, built: Path = BUILT) -> None:
        paths = (path for path in built.rglob("*") if path.is_file())
        files = {path.relative_to(built).as_posix(): path for path in paths}
        pages = {name: path for name, path in files.items() if path.suffix == ".html"}
        self._files = files | {name.removesuffix(".html"): path for name, path in pages.items()}
        scripts = _scripts(self._files.get(SCRIPT_HASHES))
        policy = content_security_policy(scripts, form_action="'self'")  # the search is a form
        self._headers = SECURE | {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}

    async def respond(self, request: Request) -> Response:
        """One file, by its name with or without `.html`; only those that were there at start."""
        path = self._files.get(request.path_params["page"] or "index")
        if path is None:
            text = "Not Found" if self._files else UNBUILT
            return PlainTextResponse(text, 404, headers=self._headers)
        kind = MEDIA_TYPES.get(path.suffix, "text/plain")
        found = FileResponse(path, headers=self._headers, media_type=kind, stat_result=path.stat())
        if not StaticFiles().is_not_modified(found.headers, request.headers):
            return found
        # A browser takes over the headers of a 304, its policy too (RFC 9111 §3.2).
        return Response(status_code=304, headers=self._headers | {"ETag": found.headers["etag"]})

    def routes(self) -> list[BaseRoute]:
        """`/docs`, and all below it."""
        compressed = [Middleware(GZipMiddleware, compresslevel=6)]
        return [
            Route("/docs", _to_docs),
            Route("/docs/{page:path}", self.respond, middleware=compressed),
        ]


async def _to_docs(_: Request) -> Response:
    return Response(status_code=307, headers=SECURE | {"Location": "docs/"})


def _scripts(hashes: Path | None) -> str:
    """The scripts that may run: files of the site, and inline ones whose hashes its build wrote."""
    inline = hashes.read_text("utf-8").split() if hashes else []
    return " ".join(["'self'", *(f"'{source}'" for source in inline)])
