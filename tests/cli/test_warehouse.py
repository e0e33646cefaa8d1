"""`gateway warehouse` and `gateway forget`: over a gateway that runs, and over a folder."""

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.test_commands import environment, running, twilio
from tests.servers import free_port

__all__ = ["twilio"]  # a fixture
pytestmark = pytest.mark.processes

COUNT = "{ searchCalls(first: 1) { totalCount nodes { sid } } }"


@pytest.fixture
def kept(tmp_path: Path, twilio: dict[str, str]) -> dict[str, str]:
    """The settings of a gateway with a warehouse in a folder."""
    folder = f"chdb://{tmp_path / 'warehouse'}"
    return {**twilio, "GATEWAY_WAREHOUSE_URL": folder, "GATEWAY_CACHE_KEY": "A" * 43 + "="}


def gateway(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}"


def found(address: str) -> dict[str, object]:
    """How many calls the warehouse of a gateway has, and one of them."""
    answer = httpx.post(f"{address}/graphql", json={"query": COUNT}, timeout=60)
    calls: dict[str, object] = (answer.json().get("data") or {}).get("searchCalls") or {}
    return calls


def test_without_a_gateway_the_folder_is_filled_here(tmp_path: Path, kept: dict[str, str]) -> None:
    """To the end of the window; afterwards it says what it holds (our promise)."""
    filled = gateway(tmp_path, "warehouse", "backfill", "--url", nowhere(), **kept)
    told = gateway(tmp_path, "warehouse", "status", "--url", nowhere(), **kept)

    assert filled.returncode == told.returncode == 0, filled.stderr + told.stderr
    calls = re.search(r"^(\d+) calls, in", filled.stderr, re.MULTILINE)
    assert calls is not None
    assert int(calls[1]) > 20
    assert told.stdout.startswith(f"Calls     {calls[1]},")
    assert f"{kept['TWILIO_ACCOUNT_SID']}: 20" in told.stdout


def test_a_gateway_that_runs_is_asked(tmp_path: Path, kept: dict[str, str]) -> None:
    """One process owns a folder (chDB): another says which, and the gateway forgets for it."""
    with running(tmp_path, "serve", "--port", "0", until="Listening", **kept) as (address, _):
        until = time.monotonic() + 60
        while not (before := found(address)).get("totalCount") and time.monotonic() < until:
            time.sleep(0.5)
        url = ("--url", address)
        filled = gateway(tmp_path, "warehouse", "backfill", *url, **kept)
        before = found(address)
        told = gateway(tmp_path, "warehouse", "status", *url, **kept)
        owned = gateway(tmp_path, "warehouse", "status", "--url", nowhere(), **kept)
        sid = before["nodes"][0]["sid"]  # type: ignore[index]
        gone = gateway(tmp_path, "forget", sid, *url, **kept)
        wrong = gateway(tmp_path, "forget", "marta", *url, **kept)
        after = found(address)

    assert filled.returncode == 0, filled.stderr
    assert f"Calls     {before['totalCount']}," in told.stdout
    assert owned.returncode == 1
    assert re.search(r"open in process \d+", owned.stderr)
    assert gone.stdout == "1 call removed from the warehouse.\n"
    assert wrong.returncode == 2
    assert after["totalCount"] == before["totalCount"] - 1  # type: ignore[operator]
