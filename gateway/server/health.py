"""`/healthz` and `/readyz`: whether the process lives, and whether its parts do."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.instrumentation import CacheServerChanged, Happening, UpstreamAnswered
from gateway.server.leaving import Leaving

_FAILED = frozenset({0, 401, 403, 429})


class Health:
    """A listener that remembers how the last upstream request and the cache server went."""

    def __init__(self, leaving: Leaving) -> None:
        self._leaving = leaving
        self._upstream = "not asked yet"
        self._cache = "ok"

    def __call__(self, happening: Happening) -> None:
        """Hear of upstream requests and of the cache server."""
        if isinstance(happening, UpstreamAnswered):
            status = happening.status
            failed = status in _FAILED or status >= 500  # noqa: PLR2004 - server errors
            self._upstream = "failing" if failed else "ok"

        elif isinstance(happening, CacheServerChanged):
            self._cache = "ok" if happening.up else "failing"

    async def alive(self, _: Request) -> Response:
        """The process answers, so it lives."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Requests may come, until the process leaves: what one part cannot do, another may."""
        leaving = self._leaving.begun
        parts = {"cache": self._cache, "upstream": self._upstream}
        if leaving:
            return JSONResponse({"status": "unready", "server": "leaving", **parts}, 503)
        return JSONResponse({"status": "ok", "server": "ok", **parts})
