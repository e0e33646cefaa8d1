"""SIGTERM: what is under way is finished, load balancers know at once, and the status is 0."""

import asyncio
import signal
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from gateway.sandbox import Sandbox
from tests.live import Replica, replica
from tests.servers import DEADLINE, serving

pytestmark = pytest.mark.processes

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"


class Held:
    """A sandbox that answers nobody until it is let go."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.app
        self.asked = 0
        self.let_go = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += scope["type"] == "http"
        while not self.let_go:
            await asyncio.sleep(0.01)
        await self._app(scope, receive, send)


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=50, arrivals=False)


async def refused(one: Replica) -> None:
    """Return when nobody listens any more."""
    with suppress(ConnectionError):  # reset, if it was in line when nobody listened any more
        while True:
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(one.address).port)
            writer.close()
            await asyncio.sleep(0.05)


async def ended(one: Replica) -> int:
    """The exit status."""
    return await asyncio.to_thread(one.process.wait, DEADLINE)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_what_is_under_way_is_finished(sandbox: Sandbox, workers: str) -> None:
    """No answer is lost of those that were asked for before nobody listened any more."""
    sids = [sandbox.examples()[name] for name in ("sip", "client", "bad_carrier", "partial")]
    held = Held(sandbox)
    held.let_go = True  # for the lifespan of the sandbox
    with (
        serving(held) as upstream,
        replica(sandbox, upstream, GATEWAY_WORKERS=workers, GATEWAY_DRAIN="0.2") as one,
    ):
        held.let_go = False
        async with httpx.AsyncClient(base_url=one.address, timeout=DEADLINE) as client:
            bodies = [{"query": CALL, "variables": {"sid": sid}} for sid in sids]
            asked = [asyncio.create_task(client.post("/graphql", json=body)) for body in bodies]
            while held.asked < len(sids):
                await asyncio.sleep(0.01)
            one.process.send_signal(signal.SIGTERM)
            await refused(one)
            held.let_go = True
            answers = await asyncio.gather(*asked)
        assert await ended(one) == 0

    assert [answer.json()["data"]["call"]["sid"] for answer in answers] == sids
    assert {answer.headers["Connection"] for answer in answers} == {"close"}


async def test_a_load_balancer_has_time_to_notice(sandbox: Sandbox) -> None:
    """For GATEWAY_DRAIN, `/readyz` says it and questions are answered; Ctrl-C waits for nobody."""
    body = {"query": CALL, "variables": {"sid": sandbox.examples()["sip"]}}
    with serving(sandbox.app) as upstream, replica(sandbox, upstream, GATEWAY_DRAIN="600") as one:
        async with httpx.AsyncClient(base_url=one.address, timeout=DEADLINE) as client:
            known = [await client.post("/graphql", json=body) for _ in range(3)]
            ready = leaving = await client.get("/readyz")
            one.process.send_signal(signal.SIGTERM)
            while leaving.status_code == 200:
                leaving = await client.get("/readyz")
            answer = await client.post("/graphql", json=body)
            alive = await client.get("/healthz")
        one.process.send_signal(signal.SIGINT)
        assert await ended(one) == 0

    assert ready.json()["server"] == "ok"
    assert leaving.status_code == 503
    assert leaving.json()["server"] == "leaving"
    assert leaving.headers["Connection"] == "close"
    assert "Connection" not in known[-1].headers
    assert answer.headers["Connection"] == "close", "one that is answered again at once, too"
    assert answer.content == known[-1].content
    assert alive.status_code == 200
