"""Serves `/cache/purge`: drops cached calls by tag, as a CDN in front does by the same tags."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.cache.backends import Backend
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.purge_tags import purge_tags
from gateway.concurrency.deadlines import OneAsker, asked_by
from gateway.config.settings import Settings
from gateway.config.viewers import Scope
from gateway.server.access.authentication import Authenticator
from gateway.server.graphql.bodies import BadRequest
from gateway.server.operator_routes import answered, as_json, operator

PATH = "/cache/purge"

_MOST = 100
"""Tags of one request."""

_APART = (
    "Each worker has a memory cache of its own, and this request reaches one: set "
    "GATEWAY_CACHE_URL to a cache server, or GATEWAY_WORKERS to 1."
)


class _Purge(msgspec.Struct, forbid_unknown_fields=True):
    tags: tuple[str, ...]


def purge_route(cache: Backend, authenticator: Authenticator, settings: Settings) -> Route:
    """POST of `{"tags": […]}` says how many entries were `removed`."""
    apart = isinstance(cache, MemoryCache) and settings.gateway_workers > 1

    async def purge(request: Request) -> Response:
        viewer = await operator(authenticator, request, Scope.CACHE_PURGE)
        if apart:
            raise BadRequest(409, _APART)
        tags = _tags(await request.body())
        with asked_by(OneAsker(viewer.name)):
            try:
                removed = await purge_tags(cache, viewer.realm.account.sid, tags)
            except ConnectionError as error:
                raise BadRequest(503, f"The cache server cannot be asked ({error}).") from error
        return as_json({"removed": removed})

    return Route(PATH, answered(purge), methods=["POST"])


def _tags(body: bytes) -> tuple[str, ...]:
    try:
        tags = msgspec.json.decode(body, type=_Purge).tags
    except msgspec.MsgspecError as error:
        raise BadRequest(400, f'Send {{"tags": ["call-…"]}} as JSON: {error}.') from error
    if not 0 < len(tags) <= _MOST:
        raise BadRequest(400, f"Send 1 to {_MOST} tags, not {len(tags)}.")
    return tags
