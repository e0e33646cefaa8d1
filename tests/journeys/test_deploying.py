"""A deploy under load: the old process stops, a new one starts at its port, nothing is lost."""

import asyncio
import contextlib
import signal

import httpx
import pytest

from gateway.sandbox import Sandbox
from tests.live import replica
from tests.servers import DEADLINE, free_port, serving

pytestmark = pytest.mark.processes

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
CLIENTS = 5


class Balancer:
    """Clients behind a load balancer: while `/readyz` says no, or nobody listens, they wait."""

    def __init__(self, address: str, sids: list[str]) -> None:
        self._address = address
        self._sids = sids
        self._ready = asyncio.Event()
        self.held_back = False
        self.answered = 0
        self.failed: list[object] = []

    async def look(self) -> None:
        """See whether requests may be sent, until cancelled."""
        async with httpx.AsyncClient(timeout=DEADLINE) as http:
            while True:
                try:
                    ready = (await http.get(f"{self._address}/readyz")).status_code == 200
                except httpx.TransportError:
                    ready = False
                if ready:
                    self._ready.set()
                else:
                    self._ready.clear()
                    self.held_back = True
                await asyncio.sleep(0.05)

    async def ask(self) -> None:
        """Be a client that asks all the time, until cancelled."""
        async with httpx.AsyncClient(timeout=DEADLINE) as http:
            while True:
                for sid in self._sids:
                    await self._ready.wait()
                    await self._send(http, sid)
                    await asyncio.sleep(0.02)

    async def answers(self, number: int) -> None:
        """Return when there were so many more."""
        until = self.answered + number
        while self.answered < until and not self.failed:
            await asyncio.sleep(0.01)

    async def _send(self, http: httpx.AsyncClient, sid: str) -> None:
        body = {"query": CALL, "variables": {"sid": sid}}
        try:
            answer = await http.post(f"{self._address}/graphql", json=body)
        except httpx.ConnectError:
            return  # it reached nobody, and is sent again
        except httpx.TransportError as failure:
            self.failed.append(failure)
            return
        if answer.status_code == 200 and answer.json()["data"]["call"]["sid"] == sid:
            self.answered += 1
        else:
            self.failed.append(answer.text)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_deploy_loses_no_request(workers: str) -> None:
    """Whatever was sent is answered; the new one takes the port as soon as the old one is gone."""
    sandbox = Sandbox(calls=50, arrivals=False)
    sids = [sandbox.examples()[name] for name in ("sip", "client", "trunking")]
    said = {
        "GATEWAY_PORT": str(free_port()),
        "GATEWAY_WORKERS": workers,
        "GATEWAY_DRAIN": "3",
        "GATEWAY_COMPLETE_MAX_AGE": "0",
    }
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(serving(sandbox.app))
        old = stack.enter_context(replica(sandbox, upstream, None, **said))
        balancer = Balancer(old.address, sids)
        tasks = [asyncio.create_task(balancer.ask()) for _ in range(CLIENTS)]
        tasks.append(asyncio.create_task(balancer.look()))
        await balancer.answers(5 * CLIENTS)
        old.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(old.process.wait, DEADLINE) == 0
        await asyncio.to_thread(stack.enter_context, replica(sandbox, upstream, None, **said))
        await balancer.answers(5 * CLIENTS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert balancer.held_back
    assert balancer.failed == []
