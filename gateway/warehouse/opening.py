"""Opens the engine that an address names, and only then imports it."""

import asyncio
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.config.extras import install
from gateway.errors import WarehouseUnavailable
from gateway.warehouse.engine import Engine

EMBEDDED, REMOTE = ("chdb",), ("clickhouse", "clickhouses")
"""The schemes of an address."""


async def open_engine(url: str, password: str = "") -> Engine:
    """Open `chdb:///path`, or connect to `clickhouse[s]://user@host:port/database`.

    Raises WarehouseUnavailable, also where the extra `warehouse` is not installed.
    """
    parts = urlsplit(url)
    name = "embedded" if parts.scheme in EMBEDDED else "remote"
    try:
        module = await asyncio.to_thread(import_module, f"gateway.warehouse.{name}")
    except ImportError as error:
        problem = f"lacks its engine: in a checkout, run `{install('warehouse')}`"
        raise WarehouseUnavailable(problem) from error
    if name == "embedded":
        engine: Engine = await module.Embedded.open(Path(unquote(parts.path)))
    else:
        engine = await module.Remote.open(url, password)
    return engine
