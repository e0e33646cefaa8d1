import asyncio
import contextlib
from base64 import b64encode
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway import errors
from gateway.config.load import read
from gateway.insights.catalogue import CallSid
from gateway.sandbox import Sandbox
from gateway.upstream.proxies import Proxies
from gateway.upstream.transport import Bounded, Wire
from tests.servers import served
from tests.upstream.conftest import ACCOUNT, SID, account_of, client_of

BOTH = {"HTTPS_PROXY": "http://secure:1", "HTTP_PROXY": "plain:2"}


def proxy_for(address: str, **environment: str) -> str | None:
    url = httpx.URL(address)
    return Proxies.of(read(environment)).leading_to(url.scheme, url.host, url.port)


@pytest.mark.parametrize(
    ("environment", "address", "proxy"),
    [
        ({}, "https://insights.twilio.com", None),
        (BOTH, "https://insights.twilio.com", "http://secure:1"),
        (BOTH, "http://keys.example", "http://plain:2"),
        ({"ALL_PROXY": "any:3"}, "https://insights.twilio.com", "http://any:3"),
        ({**BOTH, "ALL_PROXY": "any:3"}, "https://insights.twilio.com", "http://secure:1"),
        ({"https_proxy": "lower:4"}, "https://insights.twilio.com", "http://lower:4"),
        ({**BOTH, "https_proxy": "lower:4"}, "https://insights.twilio.com", "http://lower:4"),
        ({"HTTP_PROXY": "plain:2"}, "https://insights.twilio.com", None),
    ],
)
def test_the_proxy_is_that_of_the_scheme(
    environment: dict[str, str], address: str, proxy: str | None
) -> None:
    """As requests and curl read them: lower case comes first, ALL_PROXY last, no scheme is http."""
    assert proxy_for(address, **environment) == proxy


@pytest.mark.parametrize(
    ("direct", "address"),
    [
        ("*", "https://insights.twilio.com"),
        ("twilio.com", "https://insights.twilio.com"),
        (".twilio.com", "https://insights.twilio.com"),
        ("*.twilio.com", "https://insights.twilio.com"),
        ("a.example, Insights.Twilio.com ,", "https://insights.twilio.com"),
        ("insights.twilio.com:8443", "https://insights.twilio.com:8443"),
        ("10.0.0.0/8", "https://10.1.2.3"),
        ("10.1.2.3", "https://10.1.2.3:8443"),
        ("fd00::/8", "https://[fd12::1]"),
        ("", "http://localhost:8001"),
        ("", "http://127.0.0.1:8001"),
        ("", "https://[::1]"),
    ],
)
def test_no_proxy_leads_to_what_is_asked_directly(direct: str, address: str) -> None:
    """NO_PROXY has names, whose subdomains are meant too, and networks; loopback needs no word."""
    assert proxy_for(address, **BOTH, NO_PROXY=direct) is None


@pytest.mark.parametrize(
    ("direct", "address"),
    [
        ("twilio.com", "https://nottwilio.com"),
        ("twilio.com:8443", "https://twilio.com"),
        ("insights.twilio.com", "https://twilio.com"),
        ("10.0.0.0/8", "https://110.0.0.1"),
        ("10.0.0.0/8", "https://10.example"),
        ("fd00::/8", "https://10.0.0.1"),
        (",", "https://insights.twilio.com"),
    ],
)
def test_a_name_that_is_merely_alike_is_asked_by_the_proxy(direct: str, address: str) -> None:
    """Whole labels of a name count alone."""
    assert proxy_for(address, **BOTH, NO_PROXY=direct) is not None


@contextlib.asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A proxy that gives one answer, and what is said to it before and after that."""
    heads: list[bytes] = []
    talks = set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        with contextlib.suppress(OSError):
            heads.append(await reader.read(2**14))
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        yield f"ana:a%20word@127.0.0.1:{server.sockets[0].getsockname()[1]}", heads
        await asyncio.gather(*talks)


async def test_a_proxy_is_told_the_host_and_none_of_the_credentials() -> None:
    """It opens a tunnel, and the gateway speaks TLS with Twilio through it (RFC 9110 §9.3.6)."""
    async with proxy(b"HTTP/1.1 200 OK\r\n\r\n") as (address, said):
        wire = Bounded(Wire(Proxies.of(read({"HTTPS_PROXY": address}))), 5)
        client = client_of(wire)
        with pytest.raises(errors.UpstreamError):
            await client.summary(ACCOUNT, SID, "complete")
        await client.aclose()

    head, greeting = said
    assert head.startswith(b"CONNECT insights.twilio.com:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + b64encode(b"ana:a word") in head
    assert b"\r\nAuthorization:" not in head
    assert SID.encode() not in head
    assert greeting.startswith(b"\x16\x03")
    assert b"insights.twilio.com" in greeting


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_a_proxy_that_refuses_makes_twilio_unreachable(status: int) -> None:
    """Nothing was sent to Twilio, which a write is told; and no proxy is named to clients."""
    refusal = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    async with proxy(refusal) as (address, said):
        client = client_of(Bounded(Wire(Proxies.of(read({"HTTPS_PROXY": address}))), 5))
        with pytest.raises(errors.UpstreamUnavailable, match="proxy refused") as read_error:
            await client.summary(ACCOUNT, SID, "complete")
        with pytest.raises(errors.UpstreamUnavailable, match="Nothing was written"):
            await client.annotate(ACCOUNT, SID, {"CallScore": "1"})
        await client.aclose()

    assert "127.0.0.1" not in str(read_error.value)
    assert b"CallScore" not in b"".join(said)


async def test_a_proxy_for_plain_addresses_is_given_the_whole_address() -> None:
    """An address without TLS is asked for in absolute form (RFC 9112 §3.2.2)."""
    sandbox = Sandbox(calls=0, arrivals=False)
    sid = CallSid(sandbox.add({"call_type": "sip"}))
    async with served(sandbox.app, lifespan="off") as address:
        wire = Wire(Proxies.of(read({"HTTP_PROXY": address})))
        client = client_of(Bounded(wire, 5), "http://twilio.invalid")
        seen = await client.summary(account_of(sandbox), sid, "complete")
        await client.aclose()

    assert seen.sid == sid
    assert len(sandbox.requests) == 1
