"""A ClickHouse server of the tests as a process, which can be stopped, started and wiped."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.live import ROOT
from tests.servers import DEADLINE, free_port


class Store:
    """A ClickHouse server over a folder, as a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"clickhouse://somebody@127.0.0.1:{self._port}/default"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.warehouse.clickhouse_server"]
        self._process = subprocess.Popen([*command, self._folder, str(self._port)], cwd=ROOT)
        until = time.monotonic() + DEADLINE
        while not self._answers():
            assert time.monotonic() < until, "the server of the warehouse did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(30)

    def wipe(self) -> None:
        """Lose all that was kept, in mid-work."""
        self.stop()
        shutil.rmtree(self._folder)
        self.start()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/ping").is_success
        except httpx.TransportError:
            return False


@contextmanager
def store_in(folder: Path) -> Iterator[Store]:
    store = Store(folder)
    store.start()
    try:
        yield store
    finally:
        store.stop()
