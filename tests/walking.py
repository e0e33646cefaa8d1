"""Pages of the documentation, walked as a reader would: files are written, commands are typed.

The word after the language of a block says what it is: `js page.js` is a file of that name,
`sh terminal` a command in a terminal of its own, that keeps running, and `text output` what the
command before it prints; `…` stands for anything. A `sh` alone is run to its end.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Self

from tests.servers import DEADLINE, free_port

ROOT = Path(__file__).parents[1]
PACKAGES = Path(__file__).parent / "clients" / "pages"
BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PORT = re.compile(r"\b(?:800\d|5173)\b")
ADDRESS = re.compile(r"https?://[^\s/]+")


class Block(NamedTuple):
    """A block of code: its language, the word after that, and what is in it."""

    language: str
    word: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of code of a page."""
    for kind, text in BLOCK.findall(page.read_text("utf-8")):
        language, _, word = kind.partition(" ")
        yield Block(language, word, text)


class Reader:
    """Somebody who follows a page in `folder`, at ports of their own.

    `hurry` are words of commands, and what is typed instead, by somebody who cannot wait.
    """

    def __init__(self, page: Path, folder: Path, hurry: Mapping[str, str] | None = None) -> None:
        self._page = page
        self._folder = folder
        self._hurry = hurry or {}
        self._ports: dict[str, str] = {}
        self._terminals: list[subprocess.Popen[str]] = []
        self._environment = {**os.environ, "GATEWAY_PORT": self.port("8000")}
        self.printed = ""

    def port(self, written: str) -> str:
        """The port of this reader in the place of the one that is written."""
        return self._ports.setdefault(written, str(free_port()))

    def __enter__(self) -> Self:
        """Do all that the page says, and leave the terminals open."""
        with contextlib.ExitStack() as stack:
            stack.push(self.__exit__)
            for block in blocks(self._page):
                self._do(block)
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the terminals."""
        for terminal in reversed(self._terminals):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(terminal.pid, signal.SIGTERM)
            terminal.communicate(timeout=DEADLINE)

    def _do(self, block: Block) -> None:
        text = PORT.sub(lambda found: self.port(found[0]), block.text)
        match block:
            case Block("sh", "terminal"):
                self._open(self._typed(text))
            case Block("sh", ""):
                self._run(self._typed(text))
            case Block("text", "output"):
                self._compare(text)
            case Block(_, name) if "." in name:
                (self._folder / name).write_text(text, "utf-8")
            case Block("graphql", "") | Block("json", "variables" | "answer"):
                pass  # tests/test_docs.py asks them
            case _:
                raise AssertionError(f"{self._page.name}: what is a block of {block[:2]}?")

    def _typed(self, text: str) -> str:
        for written, typed in self._hurry.items():
            text = text.replace(written, typed)
        return "\n".join(line for line in text.splitlines() if not self._installs(line))

    def _installs(self, line: str) -> bool:
        """Install what a page says at the versions of tests/clients/pages; pip's are here."""
        if line.startswith("npm install "):
            for file in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(PACKAGES / file, self._folder)
            wanted = {f'"{name}"' for name in line.split()[2:]}
            assert all(name in (PACKAGES / "package.json").read_text("utf-8") for name in wanted)
            self._run("npm ci --silent --prefer-offline")
            return True
        if line.startswith("pip install "):
            assert all(find_spec(name) for name in line.split()[2:])
            return True
        return line.startswith(". .venv/")

    def _run(self, command: str) -> None:
        """To the end; what it exports is there for those that follow."""
        known = self._folder / ".environment"
        script = f"set -euo pipefail\n{command}\nenv -0 > {known}"
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        self.printed = done.stdout
        entries = known.read_text("utf-8").split("\0")
        self._environment = dict(entry.split("=", 1) for entry in entries if "=" in entry)

    def _open(self, command: str) -> None:
        """In a terminal of its own, until it says where it is to be found."""
        log = self._folder / f".terminal-{len(self._terminals)}"
        with log.open("w") as output:
            terminal = subprocess.Popen(
                ["/bin/bash", "-c", command],
                cwd=self._folder,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        self._terminals.append(terminal)
        until = time.monotonic() + DEADLINE
        while not ADDRESS.search(log.read_text("utf-8")):
            assert terminal.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, f"{command} says nothing"
            time.sleep(0.05)

    def _compare(self, shown: str) -> None:
        pattern = ".*".join(re.escape(part) for part in shown.rstrip("\n").split("…"))
        assert re.fullmatch(pattern, self.printed.rstrip("\n"), re.DOTALL), self.printed
