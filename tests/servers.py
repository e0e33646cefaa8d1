"""Real servers for tests: Redis, and ASGI applications on sockets."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import redis
import uvicorn

DEADLINE = 60.0
"""Seconds that a server may take to start or stop."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class RedisServer:
    """A Redis or Valkey server of our own on a port of its own, without persistence.

    `options` are those of the program, such as `--maxmemory`.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program, "tests need a Redis server: apt-get install redis-server"
        self._program = program
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._process is not None:
            return
        options = ["--port", str(self._port), "--save", "", "--appendonly", "no", *self._options]
        self._process = subprocess.Popen(
            [self._program, *options, "--dir", self._folder.name], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(redis.ConnectionError):
                self.command("PING")
                return
            assert time.monotonic() < until, "the Redis server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, with all that it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE)
            self._process = None

    def command(self, *words: str | bytes) -> Any:
        """Ask it something, by a connection of its own."""
        with redis.Redis(port=self._port, protocol=2) as client:
            return client.execute_command(*words)


@contextlib.contextmanager
def serving(app: Any, port: int = 0) -> Iterator[str]:
    """Serve an ASGI application on a socket, in a thread; gives its address."""
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + DEADLINE
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    (port,) = {sock.getsockname()[1] for one in server.servers for sock in one.sockets}
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(DEADLINE)
