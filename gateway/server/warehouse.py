"""Creates the warehouse that the settings name, and keeps it open while the server runs.

Nothing of its engine, nor of what else the extra `warehouse` installs, is imported without one.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.calls.served_accounts import ServedAccounts
from gateway.calls.service import CallService
from gateway.concurrency.background import keep_running, task_scope
from gateway.config.settings import Settings
from gateway.instrumentation import Hook

if TYPE_CHECKING:
    from gateway.warehouse.warehouse import Warehouse


def warehouse_of(
    settings: Settings, accounts: ServedAccounts, clock: Callable[[], float], hook: Hook
) -> "Warehouse | None":
    """The warehouse, which is not open yet; None where the settings name none."""
    url, key = settings.gateway_warehouse_url, settings.gateway_cache_key
    if url is None or key is None:
        return None
    from gateway.warehouse.warehouse import Options, Warehouse  # noqa: PLC0415 - see above

    password = settings.gateway_warehouse_password
    options = Options(
        url,
        key.keys,
        accounts.hashing_key,
        "" if password is None else password.reveal(),
        settings.gateway_warehouse_days,
        settings.gateway_settled_version,
    )
    return Warehouse(options, clock, hook=hook)


@asynccontextmanager
async def kept_up(call_service: CallService, hook: Hook) -> AsyncIterator[None]:
    """Open it behind the start, keep it in step with Twilio, and close it in the end."""
    warehouse, synchroniser = call_service.warehouse, call_service.synchroniser
    if warehouse is None or synchroniser is None:
        yield
        return
    async with task_scope(
        keep_running("warehouse", warehouse.run, hook),
        keep_running("synchronisation", synchroniser.run, hook),
    ):
        yield
