"""Connects a command to the warehouse: by the running gateway, or by opening it."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from gateway.calls.service import CallService
from gateway.calls.warehouse_status import WarehouseStatus
from gateway.config.file import Configuration
from gateway.config.names import TOKEN
from gateway.config.settings import Settings
from gateway.http_library import httpx
from gateway.instrumentation import DependencyChanged, Happening

_PATIENCE = 120.0
"""Seconds that a gateway may take to forget."""


class Failed(Exception):
    """The warehouse cannot be reached; the message says why."""


def ask(url: str, path: str, body: str | None = None) -> bytes | None:
    """What a gateway answers; None if none runs at `url`. Raises Failed."""
    token = os.environ.get(TOKEN)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{url.rstrip('/')}{path}"
    try:
        with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
            method = "GET" if body is None else "POST"
            response = client.request(method, address, headers=headers, content=body)
    except httpx.ConnectError:
        return None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed(f"{address} cannot be asked ({error}): see --url.") from error
    if response.is_success:
        return response.content
    raise Failed(_reason(response))


def standing_of(answer: bytes) -> WarehouseStatus:
    """How a warehouse stands, as a gateway said. Raises Failed."""
    try:
        return msgspec.json.decode(answer, type=WarehouseStatus)
    except msgspec.MsgspecError:
        raise Failed("the answer is not that of a gateway of this version: see --url.") from None


@asynccontextmanager
async def opened(settings: Settings, configuration: Configuration) -> AsyncIterator[CallService]:
    """The service of calls over a warehouse that this process opens. Raises Failed."""
    from gateway.server.backend import backend_of

    changes: asyncio.Queue[str | None] = asyncio.Queue()

    def hear(happening: Happening) -> None:
        if isinstance(happening, DependencyChanged) and happening.kind == "warehouse":
            changes.put_nowait(happening.reason)

    backend = backend_of(settings, configuration, None, hear, time.time)
    assert backend.call_service.warehouse is not None  # noqa: S101 - the settings name one
    running = asyncio.create_task(backend.call_service.warehouse.run())
    try:
        if (reason := await changes.get()) is not None:
            raise Failed(f"{reason}.")
        yield backend.call_service
    finally:
        running.cancel()
        await asyncio.wait({running})
        await backend.client.aclose()
        await backend.cache.close()


def _reason(response: httpx.Response) -> str:
    try:
        errors = msgspec.json.decode(response.content)["errors"]
        return " ".join(str(error["message"]) for error in errors)
    except (msgspec.MsgspecError, LookupError, TypeError):
        return f"the gateway answered with status {response.status_code}: see --url."
