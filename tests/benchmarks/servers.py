"""The processes of the benchmark: started as a user would, pinned, and measured from outside.

Servers share one core, as only one of them works at a time; the sandbox and the load generator
have the other.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec

from tests.benchmarks.world import TwilioAccount
from tests.node import install
from tests.servers import DEADLINE, free_port

ROOT = Path(__file__).parents[2]
TOKEN = "a token of the benchmark"  # noqa: S105 - it opens a sandbox
TICKS = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """A process that listens on `address`."""

    process: "subprocess.Popen[bytes]"
    address: tuple[str, int]

    @property
    def url(self) -> str:
        """Its address as an URL."""
        return "http://{}:{}".format(*self.address)

    def cpu(self) -> float:
        """Seconds of CPU that it took so far, those in the kernel included."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text("ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def resident(self) -> int:
        """Bytes of it that are in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")


@contextlib.contextmanager
def upstream(
    origin: int, calls: int, pages: int, *, all_edges: bool
) -> Iterator[tuple[Server, TwilioAccount]]:
    """The sandbox, and its credentials."""
    port = free_port()
    numbers = map(str, (port, origin, calls, pages, int(all_edges)))
    with _running(
        [sys.executable, "-m", "tests.benchmarks.world", *numbers], port, core=1
    ) as server:
        assert server.process.stdout is not None
        account = msgspec.json.decode(server.process.stdout.readline(), type=TwilioAccount)
        wait(server, "/sandbox/examples")
        yield server, account


@contextlib.contextmanager
def gateway(
    folder: Path, source: Server, account: TwilioAccount, settings: Mapping[str, str]
) -> Iterator[Server]:
    """`gateway serve` with a viewer, a budget, telemetry and a log; and these settings.

    It is waited for by `wait`.
    """
    config = folder / "gateway.toml"
    config.write_text(
        f'[[accounts]]\nsid = "{account.sid}"\nauth_token_env = "TOKEN_OF_THE_ACCOUNT"\n'
        f'[[viewers]]\nname = "benchmark"\naccount = "{account.sid}"\nsubaccounts = ["*"]\n'
        f'token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"\n'
        'scopes = ["calls:read", "pii:read"]\nbudget_per_minute = 2000000000\n'
    )
    environment = {
        "GATEWAY_CONFIG": str(config),
        "GATEWAY_UPSTREAM_URL": source.url,
        "TOKEN_OF_THE_ACCOUNT": account.token,
        **settings,
    }
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    log = folder / f"gateway-{port}.log"
    with _running(command, port, core=0, environment=environment, log=log) as server:
        yield server


@contextlib.contextmanager
def floor(folder: Path, answers: Mapping[bytes, bytes]) -> Iterator[Server]:
    """The floor, for these bodies of requests and answers."""
    known = folder / "answers"
    known.write_bytes(msgspec.msgpack.encode(answers))
    port = free_port()
    with _running(
        [sys.executable, "-m", "tests.benchmarks.floor", str(port), str(known)], port, core=0
    ) as server:
        wait(server, "/")
        yield server


@contextlib.contextmanager
def yoga(source: Server, account: TwilioAccount) -> Iterator[Server]:
    """A gateway on graphql-yoga with graphql-jit, over the same upstream; it has no cache."""
    port = free_port()
    install(ROOT / "tests" / "benchmarks" / "yoga")
    arguments = [str(port), source.url, account.sid, account.token]
    command = ["node", "tests/benchmarks/yoga/server.mjs", *arguments]
    with _running(command, port, core=0) as server:
        wait(server, "/")
        yield server


def set_latency(source: Server, seconds: float) -> None:
    """Let the upstream take its time over each answer."""
    httpx.delete(f"{source.url}/sandbox/faults").raise_for_status()
    if seconds:
        fault = {"kind": "slow", "seconds": seconds}
        httpx.post(f"{source.url}/sandbox/faults", json=fault).raise_for_status()


def pin(core: int, process: int = 0) -> None:
    """Keep a process, this one for 0, on one core; where there is but one, it has it anyway."""
    os.sched_setaffinity(process, {_CORES[core % len(_CORES)]})


_CORES = sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def _running(
    command: list[str],
    port: int,
    *,
    core: int,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[Server]:
    with contextlib.ExitStack() as stack:
        error = stack.enter_context(log.open("wb")) if log else None
        process = stack.enter_context(
            subprocess.Popen(
                command,
                env={**os.environ, **(environment or {})},
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=error,
            )
        )
        stack.callback(process.kill)
        pin(core, process.pid)
        yield Server(process, ("127.0.0.1", port))


def wait(server: Server, path: str = "/healthz") -> None:
    """Wait until it answers."""
    until = time.monotonic() + DEADLINE
    while True:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{server.url}{path}")
            return
        assert server.process.poll() is None, "the server ended"
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.05)
