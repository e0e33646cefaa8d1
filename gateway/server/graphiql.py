"""Serves GraphiQL from this wheel alone, under a strict Content-Security-Policy.

`gateway/graphiql/` holds the page's sources, and its tabs: one GraphQL document for each job people
come with. A build bundles them into `gateway/graphiql/dist/`; what changes between two servers (the
SIDs worth asking about) is written into the page as it is served. All addresses in it are relative:
a proxy may put the gateway below a path of its own, and strip that from requests, so that the
gateway does not know of it.
"""

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from gateway.server.static import MEDIA_TYPES, SECURE

SOURCES = Path(__file__).parent.parent / "graphiql"
BUILT = SOURCES / "dist"
PLACEHOLDER = "put a call SID here, CA and 32 hex digits"

_PAGE_HEADERS = SECURE | {"Cache-Control": "no-store"}
_ASSET_HEADERS = SECURE | {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Tab:
    """A job: the document `tabs/<name>.graphql`, and the example call its `$sid` asks about."""

    name: str
    example: str | None = None
    variables: Mapping[str, str | int | None] = field(default_factory=dict)


TABS = (
    Tab("why-was-this-call-bad", example="bad_carrier"),
    Tab("what-is-new", variables={"since": "7d"}),
    Tab("bad-carrier", variables={"since": "4h", "tagged": True, "carrier": None}),
    Tab("follow-a-call", example="partial"),
    Tab("high-jitter", variables={"since": "4h"}),
    Tab("is-it-final", example="partial"),
    Tab("heard-in-app", example="client"),
    Tab("page-by-page", variables={"first": 25, "after": None}),
    Tab("who-am-i"),
)


class GraphiQL:
    """The GraphiQL page and its assets.

    Args:
        endpoint: where GraphQL is answered, below the path the application is mounted at.
        needs_token: whether nobody is answered without a token at the moment.
        examples: gives SIDs of calls that exist at that moment, by the name of what they are an
            example of; without it the tabs hold a placeholder.
        built: the built page. Without it `page` says how to get it.
    """

    def __init__(
        self,
        *,
        endpoint: str = "/graphql",
        needs_token: Callable[[], bool] = bool,
        examples: Callable[[], Mapping[str, str]] = dict,
        built: Path = BUILT,
    ) -> None:
        self._endpoint = endpoint
        self._needs_token = needs_token
        page, assets = built / "index.html", built / "assets"
        is_built = page.is_file()
        self._template = (page if is_built else SOURCES / "unbuilt.html").read_text("utf-8")
        self._assets = {path.name: path for path in assets.iterdir()} if is_built else {}
        tabs = SOURCES / "tabs"
        self._queries = [(tabs / f"{tab.name}.graphql").read_text("utf-8") for tab in TABS]
        self._examples = examples

    async def page(self, request: Request) -> Response:
        """The page, for `GET /` and for a browser that opens the endpoint."""
        content, top = self._template, _top(request.scope)
        server = f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"
        address = server + _root(request.scope) + self._endpoint
        for placeholder, value in {
            '="./assets/': f'="{top}graphiql/assets/',
            "{{ access }}": "token" if self._needs_token() else "open",
            "{{ address }}": html.escape(address),
            "{{ endpoint }}": html.escape(top + self._endpoint.removeprefix("/")),
            "{{ tabs }}": _embeddable(_tabs(self._queries, self._examples())),
        }.items():
            content = content.replace(placeholder, value)
        return HTMLResponse(content, headers=_PAGE_HEADERS)

    async def asset(self, request: Request) -> Response:
        """One file of the built page; only names that were there at start, so no path can stray."""
        path = self._assets.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("Not Found", 404, headers=SECURE)
        return FileResponse(path, headers=_ASSET_HEADERS, media_type=MEDIA_TYPES.get(path.suffix))

    def routes(self) -> list[BaseRoute]:
        """`/`, and below `/graphiql/assets/` all that the page loads."""
        return [
            Route("/", self.page),
            Route(
                "/graphiql/assets/{name}",
                self.asset,
                middleware=[Middleware(GZipMiddleware, compresslevel=6)],
            ),
        ]


def _root(scope: Scope) -> str:
    root: str = scope.get("root_path", "")
    return root.rstrip("/")


def _top(scope: Scope) -> str:
    """The address of what the gateway is below, relative to that of a request."""
    below = str(scope["path"]).removeprefix(_root(scope))
    return "../" * (below.count("/") - 1) or "./"


def _tabs(queries: Sequence[str], examples: Mapping[str, str]) -> list[dict[str, str]]:
    """The tabs in the words of GraphiQL's `defaultTabs`; those that lack a call come last."""
    tabs: list[dict[str, str]] = []
    lacking: list[dict[str, str]] = []
    for tab, query in zip(TABS, queries, strict=True):
        sid = {"sid": examples.get(tab.example, PLACEHOLDER)} if tab.example else {}
        shown = {"query": query, "variables": json.dumps({**sid, **tab.variables}, indent=2)}
        (lacking if PLACEHOLDER in sid.values() else tabs).append(shown)
    return [*tabs, *lacking]


def _embeddable(value: object) -> str:
    """JSON that can stand in a script element, whatever it says: it cannot close the element."""
    text = json.dumps(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
