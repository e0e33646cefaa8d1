import asyncio

import httpx
import pytest

from gateway.errors import UpstreamTimeout
from gateway.instrumentation import Happening, UpstreamAnswered
from gateway.upstream.transport import Bounded
from tests.upstream.conftest import ACCOUNT, SID, answering, client_of

REQUEST = httpx.Request("GET", "https://insights.twilio.com/")


class Crowd(httpx.AsyncBaseTransport):
    """Counts who is being served at once; each is served when the gate opens."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.served = 0
        self.gate = asyncio.Event()

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.gate.wait()
        finally:
            self.inside -= 1
        self.served += 1
        return httpx.Response(200, content=b"{}")


async def turns(number: int) -> None:
    """Let everything else go on for a while."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_request_has_its_time_and_no_more() -> None:
    """A Twilio that falls silent is an error of its own, and the hook hears of it."""
    heard: list[Happening] = []
    client = client_of(Bounded(Crowd(), 0.02), hook=heard.append)

    with pytest.raises(UpstreamTimeout):
        await client.summary(ACCOUNT, SID, "complete")

    (happened,) = heard
    assert isinstance(happened, UpstreamAnswered)
    assert (happened.status, happened.request_id) == (0, None)


async def test_a_body_that_does_not_come_counts_as_well() -> None:
    """The time of a request includes its whole answer."""

    async def trickle() -> object:
        yield b"{"
        await asyncio.Event().wait()

    class Trickling(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=trickle())  # type: ignore[arg-type]

    with pytest.raises(TimeoutError):
        await Bounded(Trickling(), 0.02).handle_async_request(REQUEST)


async def test_a_cancelled_question_is_cancelled_and_no_error_of_twilios() -> None:
    """Whoever asked has gone; the hook still hears that there was no answer."""
    heard: list[Happening] = []
    crowd = Crowd()
    client = client_of(Bounded(crowd, 60), hook=heard.append)
    asking = asyncio.create_task(client.summary(ACCOUNT, SID, "complete"))
    await turns(20)
    assert crowd.inside == 1

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert crowd.inside == 0
    assert [getattr(happened, "status", None) for happened in heard] == [0]


async def test_headers_and_status_come_through() -> None:
    """What bounds a request changes nothing of its answer."""
    bounded = Bounded(answering(404, {"code": 20404}, Twilio_Request_Id="RQ1"), 60)
    answer = await bounded.handle_async_request(REQUEST)

    assert (answer.status_code, answer.json()) == (404, {"code": 20404})
    assert answer.headers["Twilio-Request-Id"] == "RQ1"
