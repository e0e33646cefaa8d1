"""Serves GraphiQL from this wheel alone, under a strict Content-Security-Policy.

`gateway/graphiql/` holds the page's sources, and its tabs: one GraphQL document for each job people
come with. A build bundles them into `gateway/graphiql/dist/`; what changes between two servers (the
SIDs worth asking about) is written into the page as it is served.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.server.static import BuiltPage, endpoint_values, top_of

SOURCES = Path(__file__).parent.parent / "graphiql"
BUILT = SOURCES / "dist"
PLACEHOLDER = "put a call SID here, CA and 32 hex digits"


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
    Tab("when-was-it-bad", example="client"),
    Tab("follow-a-call", example="partial"),
    Tab("high-jitter", variables={"since": "4h"}),
    Tab("is-it-final", example="partial"),
    Tab("heard-in-app", example="client"),
    Tab("page-by-page", variables={"first": 25, "after": None}),
    Tab("who-am-i"),
    Tab("worst-carriers", variables={"since": "7d"}),
    Tab("calls-per-hour", variables={"since": "1d", "every": "1h", "zone": "UTC"}),
    Tab("search-calls", variables={"since": "7d"}),
)


class GraphiQL:
    """The GraphiQL page and its assets.

    Args:
        endpoint: where GraphQL is answered, below the path the application is mounted at.
        needs_token: whether nobody is answered without a token at the moment.
        explorer: whether the Calls explorer is served beside it.
        examples: gives SIDs of calls that exist at that moment, by the name of what they are an
            example of; without it the tabs hold a placeholder.
        built: the built page. Without it `page` says how to get it.
    """

    def __init__(
        self,
        *,
        endpoint: str = "/graphql",
        needs_token: Callable[[], bool] = bool,
        explorer: bool = True,
        examples: Callable[[], Mapping[str, str]] = dict,
        built: Path = BUILT,
    ) -> None:
        self._endpoint = endpoint
        self._needs_token = needs_token
        self._beside = "explorer" if explorer else ""
        self._page = BuiltPage(built, SOURCES / "unbuilt.html")
        tabs = SOURCES / "tabs"
        self._queries = [(tabs / f"{tab.name}.graphql").read_text("utf-8") for tab in TABS]
        self._examples = examples

    async def page(self, request: Request) -> Response:
        """The page, for `GET /` and for a browser that opens the endpoint."""
        scope = request.scope
        values = endpoint_values(scope, self._endpoint, needs_token=self._needs_token())
        assets = {'="./assets/': f'="{top_of(scope)}graphiql/assets/'}
        assets["{{ beside }}"] = self._beside
        tabs = {"{{ tabs }}": _embeddable(_tabs(self._queries, self._examples()))}
        return self._page.respond(assets | values | tabs)

    def routes(self) -> list[BaseRoute]:
        """`/`, and below `/graphiql/assets/` all that the page loads."""
        return [Route("/", self.page), self._page.assets("/graphiql/assets")]


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
