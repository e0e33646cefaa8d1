"""`gateway serve` in tests, as a process of its own that obeys a file of viewers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import httpx

from tests.live import becomes
from tests.servers import DEADLINE, free_port


class Upstream(Protocol):
    """What has to be known of a sandbox."""

    @property
    def account_sid(self) -> str:
        """Its account."""
        ...

    @property
    def auth_token(self) -> str:
        """The token of that."""
        ...


class Configured:
    """`gateway serve` as a process of its own, and the file that it obeys.

    While it starts, it is told to read that again and again if it is `hurried`. Nobody reads what
    it logs if it is `unread`.
    """

    def __init__(self, folder: Path, sandbox: Upstream) -> None:
        self._sandbox = sandbox
        self._log = folder / "log"
        self.config = folder / "gateway.toml"
        self.address = f"http://127.0.0.1:{free_port()}"
        self.hurried = False
        self.unread = False

    def allow(self, *names: str, scopes: str = '"calls:read"', more: str = "") -> None:
        """Write a file in which each viewer is known by `token_of` its name."""
        rows = [f'[[accounts]]\nsid = "{self._sandbox.account_sid}"\nauth_token_env = "TOKEN"']
        rows += [
            f'[[viewers]]\nname = "{name}"\naccount = "{self._sandbox.account_sid}"\n'
            f'scopes = [{scopes}]\ntoken_sha256 = "{sha256(token_of(name).encode()).hexdigest()}"'
            for name in names
        ]
        self.config.write_text("\n".join([*rows, more]), "utf-8")

    @contextlib.contextmanager
    def running(self, upstream: str, **settings: str) -> "Iterator[subprocess.Popen[bytes]]":
        """The process, for as long as the block lasts."""
        environment = {
            **os.environ,
            **settings,
            "TOKEN": self._sandbox.auth_token,
            "GATEWAY_CONFIG": str(self.config),
            "GATEWAY_UPSTREAM_URL": upstream,
        }
        port = self.address.rpartition(":")[2]
        command = [sys.executable, "-m", "gateway", "serve", "--port", port]
        with self._log.open("wb") as log:
            stderr = subprocess.PIPE if self.unread else log
            process = subprocess.Popen(command, env=environment, stderr=stderr, stdout=log)
        try:
            until = time.monotonic() + DEADLINE
            while True:
                with contextlib.suppress(httpx.TransportError):
                    patience = 0.05 if self.hurried else DEADLINE
                    httpx.get(f"{self.address}/healthz", timeout=patience)
                    break
                assert time.monotonic() < until, self.log()
                assert process.poll() is None, self.log()
                if self.hurried and "Listening on" in self.log():
                    process.send_signal(signal.SIGHUP)
                time.sleep(0.05)
            self._process = process
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE)

    def reload(self) -> None:
        """Have the file read again."""
        self._process.send_signal(signal.SIGHUP)

    def log(self) -> str:
        """All that it wrote so far."""
        return self._log.read_text("utf-8")

    async def told(self, text: str) -> bool:
        """Whether the log says so soon."""
        return await becomes(lambda: text in self.log())


def token_of(name: str) -> str:
    """The token of a viewer of `Configured`."""
    return f"the token of {name}"


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}
