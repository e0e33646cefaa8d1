"""Programs of Node.js in tests: their packages, installed once per run, and what they print."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias

import pytest

CLIENTS = Path(__file__).parent / "clients"

Json: TypeAlias = dict[str, Any]
Lines: TypeAlias = AsyncGenerator[Json, None]


def install(folder: Path = CLIENTS) -> None:
    """Install the packages that a lock file names, by whichever test process comes first.

    Without Node.js, the test is skipped.
    """
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node.js")
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run([npm, "ci", "--silent"], cwd=folder, check=True)


async def lines(program: str, *arguments: str, **environment: str) -> Lines:
    """What a program in `tests/clients` prints, a line of JSON at a time, until it succeeds."""
    process = await asyncio.create_subprocess_exec(
        *("node", program, *arguments),
        cwd=CLIENTS,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            yield json.loads(line)
        assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def printed(program: str, *arguments: str) -> Json:
    """The one line that a program in `tests/clients` prints."""
    async with aclosing(lines(program, *arguments)) as told:
        (line,) = [line async for line in told]
    return line
