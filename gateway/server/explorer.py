"""Serves the Calls explorer from this wheel alone, under a strict Content-Security-Policy.

`gateway/explorer/` holds the page's sources; a build bundles them into `gateway/explorer/dist/`,
with the manifest of its documents. The page sends them by their ids.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.server.static import SECURE, BuiltPage, endpoint_values

SOURCES = Path(__file__).parent.parent / "explorer"
BUILT = SOURCES / "dist"
MANIFEST = "documents.json"


class Explorer:
    """The page, its assets and its documents.

    Args:
        needs_token: whether nobody is answered without a token at the moment.
        graphiql: whether GraphiQL and the documentation are served beside it.
        built: the built page. Without it the page says how to get it.
    """

    def __init__(
        self,
        *,
        needs_token: Callable[[], bool] = bool,
        graphiql: bool = True,
        built: Path = BUILT,
    ) -> None:
        self._needs_token = needs_token
        self._beside = "graphiql" if graphiql else ""
        self._page = BuiltPage(built, SOURCES / "unbuilt.html")

    async def page(self, request: Request) -> Response:
        """The page; its views have addresses behind `#`, which no server sees."""
        needs_token = self._needs_token()
        values = endpoint_values(request.scope, "/graphql", needs_token=needs_token)
        return self._page.respond({**values, "{{ beside }}": self._beside})

    def routes(self) -> list[BaseRoute]:
        """`/explorer/`, and below it all that the page loads."""
        return [
            Route("/explorer", _to_the_page),
            Route("/explorer/", self.page),
            self._page.assets("/explorer/assets"),
        ]


def explorer_documents(built: Path = BUILT) -> Mapping[str, str]:
    """The documents of the built page by their ids, none where it is not built.

    They are validated when they are first asked for, like those that clients register.
    """
    manifest = built / MANIFEST
    documents: dict[str, str] = json.loads(manifest.read_bytes()) if manifest.is_file() else {}
    return documents


async def _to_the_page(_: Request) -> Response:
    return Response(status_code=307, headers=SECURE | {"Location": "explorer/"})
