"""Real servers for tests: Redis, and ASGI applications on sockets."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
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
        self._has_answered = False
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
        until = time.monotonic() + DEADLINE
        self._process = self._launched()
        while not self._answers() or self._process.poll() is not None:
            assert time.monotonic() < until, "the Redis server did not start"
            if self._process.poll() is not None:  # somebody else has the port by now
                self._port = self._port if self._has_answered else free_port()
                self._process = self._launched()
            time.sleep(0.02)
        self._has_answered = True

    def _launched(self) -> "subprocess.Popen[bytes]":
        options = ["--port", str(self._port), "--save", "", "--appendonly", "no", *self._options]
        return subprocess.Popen(
            [self._program, *options, "--dir", self._folder.name], stdout=subprocess.DEVNULL
        )

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.command("PING"))
        return False

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
def listening(port: int = 0) -> Iterator[socket.socket]:
    """A socket that listens, and whose connections send each piece at once, as those of uvloop do.

    Of a socket that it did not open, asyncio does not know that it speaks TCP: the second piece of
    an answer would wait 40 ms for the client's acknowledgement of the first (RFC 9293 §3.7.4).
    """
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


@contextlib.asynccontextmanager
async def served(app: Any, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a socket, in this event loop; gives its address.

    `options` are those of uvicorn.
    """
    with listening(port) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, **options))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        scheme = "https" if server.config.is_ssl else "http"
        try:
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


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
