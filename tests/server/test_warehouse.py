import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config.kinds import CacheKeys
from gateway.config.settings import Settings
from gateway.errors import GatewayError
from gateway.sandbox import Sandbox
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.warehouse import Warehouse
from tests.conftest import Clock, Gateway
from tests.live import becomes
from tests.warehouse.lent import lent

KEY = CacheKeys("A" * 43 + "=")
EXTRA = ("chdb", "clickhouse_connect", "numpy", "pandas", "pyarrow", "gateway.warehouse.seal")
"""Modules of the extra, and the one that needs it (aiohttp imports zstd too, where it is)."""

START = """
import sys
from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.server.app import create_app

app = create_app(Settings(), Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("token")))
print(*sys.modules)
"""


def kept_in(folder: Path) -> Settings:
    return Settings(gateway_warehouse_url=f"chdb://{folder}", gateway_cache_key=KEY)


@pytest.mark.processes
def test_without_a_warehouse_nothing_of_its_engine_is_imported() -> None:
    """The extra is optional, and so are its memory and its time at the start (our promise)."""
    ran = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())

    assert "gateway" in loaded
    assert loaded.isdisjoint(EXTRA)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_warehouse_opens_behind_the_start(
    sandbox: Sandbox, clock: Clock, tmp_path: Path, engine: Embedded
) -> None:
    """Calls are answered before it is open; nobody waits for an engine (our promise)."""
    await engine.command(Statement("DROP TABLE IF EXISTS calls"))
    with lent(engine):
        async with Gateway(sandbox, clock, kept_in(tmp_path)) as gateway:
            await _is_open(gateway)


async def _is_open(gateway: Gateway) -> None:
    assert (await gateway.ask("{ viewer { name } }"))["viewer"]["name"]
    warehouse = warehouse_of(gateway)
    assert await becomes(lambda: warehouse.connection.problem is None, within=30)
    assert (await warehouse.status()).calls == 0


async def test_a_folder_that_cannot_be_opened_stops_nothing(
    sandbox: Sandbox, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line in the log, and the error for who asks the warehouse (our promise)."""
    file = tmp_path / "file"
    file.write_text("no folder")
    async with Gateway(sandbox, clock, kept_in(file)) as gateway:
        warehouse = warehouse_of(gateway)
        assert await becomes(lambda: "cannot be opened" in caplog.text, within=30)
        with pytest.raises(GatewayError) as caught:
            await warehouse.status()
        assert caught.value.code == "WAREHOUSE_UNAVAILABLE"
        assert await gateway.ask("{ viewer { name } }")
    lines = [one for one in caplog.records if "cannot be opened" in one.getMessage()]
    assert len(lines) == 1


def warehouse_of(gateway: Gateway) -> Warehouse:
    """What the app keeps open."""
    warehouse = gateway.call_service.warehouse
    assert warehouse is not None
    return warehouse
