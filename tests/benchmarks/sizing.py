"""How much of a core each kind of answer takes: `python -m tests.benchmarks.sizing`.

One `gateway serve` over the sandbox is asked on one connection; what counts is the time of the
processor that it used, in the best of some rounds. The figures go into `docs/operations/sizing.md`.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.sandbox import Sandbox
from tests.benchmarks.servers import Server, wait
from tests.benchmarks.workloads import TEN, TWELVE
from tests.servers import free_port, serving

ONE = f"query One($sid: CallSid!) {{ call(sid: $sid) {{ {TWELVE} }} }}"
PAGE = f"{{ calls(first: 100) {{ nodes {{ {TEN} }} pageInfo {{ endCursor }} }} }}"
WALK = """query Walk($after: String) { calls(first: 500, after: $after) {
  nodes { sid } pageInfo { hasNextPage endCursor }
} }"""
ROUNDS = 5
TICKS = os.sysconf("SC_CLK_TCK")


class Asked:
    """A gateway, and a connection to it."""

    def __init__(self, server: Server) -> None:
        self._stat = Path(f"/proc/{server.process.pid}/stat")
        self._http = httpx.Client(base_url=server.url, trust_env=False)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer."""
        body = {"query": query, "variables": variables}
        answer = self._http.post("/graphql", json=body).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def seconds(self, work: Callable[[], object], times: int) -> float:
        """What one piece of work takes the gateway, in the best of the rounds."""
        best = float("inf")
        for _ in range(ROUNDS):
            before = self._used()
            for _ in range(times):
                work()
            best = min(best, (self._used() - before) / times)
        return best

    def _used(self) -> float:
        fields = self._stat.read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def gateway(sandbox: Sandbox, twilio: str, page_max_age: int) -> Iterator[Asked]:
    """A gateway that knows nothing yet."""
    port = free_port()
    environment = {
        **os.environ,
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "GATEWAY_UPSTREAM_URL": twilio,
        "GATEWAY_PAGE_MAX_AGE": str(page_max_age),
        "GATEWAY_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(command, env=environment, cwd=folder)
        try:
            server = Server(process, ("127.0.0.1", port))
            wait(server)
            yield Asked(server)
        finally:
            process.terminate()
            process.wait()


def sids_of(asked: Asked) -> Iterator[str]:
    """All calls of the week."""
    after = None
    while True:
        page = asked.ask(WALK, after=after)["calls"]
        yield from (node["sid"] for node in page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


def main() -> None:
    """Measure, and print the table."""
    sandbox = Sandbox(calls=3000, arrivals=False)
    sid = sandbox.examples()["client"]
    with serving(sandbox.app) as twilio:
        with gateway(sandbox, twilio, page_max_age=600) as warm:
            warm.seconds(lambda: warm.ask(ONE, sid=sid), 100)
            known = warm.seconds(lambda: warm.ask(ONE, sid=sid), 500)
            known_page = warm.seconds(lambda: warm.ask(PAGE), 50)
            sids = itertools.cycle([*sids_of(warm)])
        with gateway(sandbox, twilio, page_max_age=0) as cold:
            new = cold.seconds(lambda: cold.ask(ONE, sid=next(sids)), 100)
            new_page = cold.seconds(lambda: cold.ask(PAGE), 15)
    for name, seconds in (
        ("One call, twelve fields, from the cache", known),
        ("The same, asked of Twilio", new),
        ("A page of 100 calls, ten fields each, from the cache", known_page),
        ("The same, asked of Twilio", new_page),
    ):
        print(f"| {name} | {seconds * 1000:.1f} ms | {1 / seconds:,.0f} |")


if __name__ == "__main__":
    main()
