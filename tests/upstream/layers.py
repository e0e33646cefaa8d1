"""What tests of the layers of the way to Twilio stand on: requests, a script, and time."""

import asyncio
from collections.abc import Iterable

import httpx

from gateway.concurrency.deadlines import Asker, OneAsker, Priority

ACCOUNT, OTHER = "AC" + "5a" * 16, "AC" + "7b" * 16


class Time:
    """Seconds, which pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Scripted(httpx.AsyncBaseTransport):
    """A Twilio that answers by a script, a status or an exception for each, and then with 200."""

    def __init__(self, *script: int | Exception, **headers: str) -> None:
        self._script = list(script)
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.attempts: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.attempts.append(request.extensions.get("attempt", 1))
        said = self._script.pop(0) if self._script else 200
        if isinstance(said, Exception):
            raise said
        return httpx.Response(said, headers=self._headers if said != 200 else {}, content=b"{}")


class Crowd(httpx.AsyncBaseTransport):
    """Counts who is being served at once; each is served when the gate opens."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.served: list[str] = []
        self.gate = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.gate.wait()
        finally:
            self.inside -= 1
        self.served.append(request.extensions["asker"].viewer)
        return httpx.Response(200, content=b"{}")


def request(
    method: str = "GET", *, account: str = ACCOUNT, asker: Asker | None = None
) -> httpx.Request:
    """A request as the client makes it."""
    said = {"account": account, "resource": "Summary", "asker": asker or OneAsker("somebody")}
    return httpx.Request(method, "https://insights.twilio.com/", extensions=said)


def viewer(name: str) -> OneAsker:
    """Somebody with a question."""
    return OneAsker(name)


def background(name: str = "") -> OneAsker:
    """Nobody who waits."""
    return OneAsker(name, Priority.BACKGROUND)


async def statuses(transport: httpx.AsyncBaseTransport, requests: Iterable[httpx.Request]) -> None:
    """Send requests one after another, whatever becomes of them."""
    for one in requests:
        try:
            await transport.handle_async_request(one)
        except Exception:  # noqa: BLE001, S112 - the layer has seen it
            continue


async def turns(number: int = 20) -> None:
    """Let everything else go on for a while."""
    for _ in range(number):
        await asyncio.sleep(0)
