"""Holds the caller of a tool: its viewer, its quota and its statistics."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from msgspec import Struct

from gateway.concurrency.quotas import Place
from gateway.config.viewers import Viewer
from gateway.request_stats import Tally, current
from gateway.server.access.authentication import Admission
from gateway.server.graphql.service import Service
from gateway.server.telemetry.request_log import RequestLog

Report: TypeAlias = Callable[[int, str], Awaitable[None]]
"""Reports progress to the client: how many answers there were, and the state in words."""


class Caller(Struct, frozen=True):
    """Somebody who calls something now, for `lasting` seconds at most, if that is bounded.

    `endings` are set when the viewer is no more, or the server stops: nothing may wait then.
    """

    viewer: Viewer
    place: Place
    tally: Tally
    lasting: float | None = None
    endings: Sequence[asyncio.Event] = ()

    @classmethod
    def of(
        cls,
        admission: Admission,
        place: Place,
        tally: Tally,
        now: float,
        stopping: asyncio.Event | None = None,
    ) -> "Caller":
        """Whoever was admitted, in a place that is its viewer's from now on. Raises QuotaSpent."""
        tally.viewer = admission.viewer.name
        place.belong_to(admission.viewer.name)
        endings = (admission.withdrawn, *(() if stopping is None else (stopping,)))
        return cls(admission.viewer, place, tally, admission.lasting(now), endings)


@asynccontextmanager
async def by_pipe(
    service: Service, request_log: RequestLog, token: str | None
) -> AsyncIterator[Caller]:
    """Whoever sends one message over standard input; its token is looked at each time.

    Raises Unauthenticated and QuotaSpent.
    """
    tally = Tally(secrets.token_hex(8))
    reset = current.set(tally)
    try:
        with service.quotas.requests.enter() as place:
            shown = None if token is None else f"Bearer {token}"
            admission = await service.authenticator.admit(shown)
            yield Caller.of(admission, place, tally, service.clock())
    finally:
        request_log.message(tally)
        current.reset(reset)
