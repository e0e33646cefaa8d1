"""The disk of a warehouse becomes full, and has room again; all else goes on meanwhile."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gateway.sandbox import Sandbox
from tests.journeys.test_a_month_in_the_warehouse import (
    KEY,
    becomes,
    complete_calls,
    is_filled,
    kept,
    listed,
    settled_at,
    standing,
)
from tests.live import replica
from tests.servers import serving

pytestmark = pytest.mark.processes


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 MB of its own."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        unmount = ["umount", "--lazy", str(folder)]
        subprocess.run(unmount, check=True)


def fill_up(ballast: Path) -> None:
    """Write until there is no room."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**12))
        except OSError:
            return


def state_of(address: str) -> object:
    """What `/readyz` says of the warehouse."""
    return httpx.get(f"{address}/readyz", timeout=60).json().get("warehouse")


async def test_a_full_disk_stops_the_warehouse_and_nothing_else(tmp_path: Path) -> None:
    """`/readyz` has the reason; with room again, nothing is missing in the end (our promise)."""
    sandbox = Sandbox(calls=300, arrivals=False, month=3000)
    with small_disk(tmp_path / "disk") as disk, serving(sandbox.app) as upstream:
        said = {
            "GATEWAY_WAREHOUSE_URL": f"chdb://{disk / 'warehouse'}",
            "GATEWAY_WAREHOUSE_REQUESTS_PER_MINUTE": "30",
            "GATEWAY_CACHE_KEY": KEY,
        }
        with replica(sandbox, upstream, None, **said) as one:
            assert becomes(lambda: standing(one.address).get("calls", 0) > 500)
            fill_up(disk / "ballast")
            assert becomes(lambda: state_of(one.address) == "failing")
            assert len(listed(one.address)) == 50
            assert one.process.poll() is None
            (disk / "ballast").unlink()
            assert becomes(lambda: is_filled(one.address))
            assert state_of(one.address) == "ok"
            until = settled_at(one.address, sandbox.account_sid)
            one.process.terminate()
            one.process.wait(30)
        had = await kept(disk / "warehouse", sandbox.account_sid)
    whole = complete_calls(sandbox, time.time())
    assert {sid for sid, (end, _) in whole.items() if end < until} <= had.keys() <= whole.keys()
