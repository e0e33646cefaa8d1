"""`/healthz` and `/readyz`: whether the process lives, and whether its parts do."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.instrumentation import Happening, UpstreamAnswered

_FAILED = frozenset({0, 401, 403, 429})


class Health:
    """A listener that remembers how the last upstream request went."""

    def __init__(self) -> None:
        self._upstream = "not asked yet"

    def __call__(self, happening: Happening) -> None:
        """Hear of upstream requests."""
        if isinstance(happening, UpstreamAnswered):
            status = happening.status
            failed = status in _FAILED or status >= 500  # noqa: PLR2004 - server errors
            self._upstream = "failing" if failed else "ok"

    async def alive(self, _: Request) -> Response:
        """The process answers, so it lives."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Requests may come: those of the cache are answered even when the upstream fails."""
        return JSONResponse({"status": "ok", "cache": "ok", "upstream": self._upstream})
