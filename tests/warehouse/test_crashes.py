import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import DEADLINE
from tests.warehouse.process import BATCH

pytestmark = pytest.mark.processes


def run(command: str, folder: Path) -> list[dict[str, int]]:
    """What a process with a warehouse says in the end."""
    program = [sys.executable, "-m", "tests.warehouse.process", command, str(folder)]
    done = subprocess.run(program, check=True, capture_output=True, timeout=DEADLINE * 3)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("batches", [3, 8])
def test_a_process_that_is_killed_in_mid_write_leaves_whole_calls(
    tmp_path: Path, batches: int
) -> None:
    """A batch is there or it is not; each call is there once, and can be read (the issue)."""
    program = [sys.executable, "-m", "tests.warehouse.process", "fill", str(tmp_path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as filling:
        assert filling.stdout is not None
        last = -1
        while last < batches:
            last = int(filling.stdout.readline())
        time.sleep(0.02 * batches)  # somewhere in the next one
        filling.send_signal(signal.SIGKILL)
        told = [last, *map(int, filling.stdout.read().split())]
    (counted,) = run("count", tmp_path)

    written = (told[-1] // 2 + 1) * BATCH
    assert counted["rows"] == counted["sids"] == counted["read"]
    assert counted["rows"] in {written, written + BATCH}


def test_a_full_disk_fails_a_write_and_nothing_else(tmp_path: Path) -> None:
    """What was there stays, and the batch is written when there is room again (the issue)."""
    starved, counted = run("starve", tmp_path)

    assert starved["failed"]
    assert counted == {"rows": 2 * BATCH, "sids": 2 * BATCH, "read": 2 * BATCH}
