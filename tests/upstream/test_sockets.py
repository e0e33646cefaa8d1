import asyncio
import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import errors
from gateway.insights.catalogue import CallSid
from gateway.insights.filters import to_parameters
from gateway.insights.paging import Question
from gateway.insights.snapshot import Snapshot
from gateway.insights.trust_words import VoiceIntegrityUseCase
from gateway.sandbox import Fault, Sandbox
from gateway.upstream.retry import MOST
from gateway.upstream.stack import transport_stack
from gateway.upstream.transport import Wire
from tests.servers import served
from tests.upstream.conftest import (
    ACCOUNT,
    FIRST_PAGE,
    NOON,
    SID,
    account_of,
    client_of,
    connected,
    saying,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def test_a_thousand_distinct_calls_at_once_all_succeed() -> None:
    """The pool of connections never fails, whatever the burst."""
    sandbox = Sandbox(calls=0, clock=lambda: NOON, arrivals=False)
    sids = [CallSid(sandbox.add({"duration": number})) for number in range(1000)]
    account = account_of(sandbox)

    async with served(sandbox.app, lifespan="off") as address, connected(address) as client:
        asking = (client.summary(account, sid, "complete") for sid in sids)
        answers = await asyncio.gather(*asking)

    assert [answer.sid for answer in answers] == sids
    assert all(isinstance(answer, Snapshot) for answer in answers)
    assert len(sandbox.requests) == 1000


async def test_a_refused_connection_is_unavailable() -> None:
    """Nobody listens there any more."""
    async with saying(b"") as address:
        pass
    async with connected(address) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.summary(ACCOUNT, SID, "complete")


async def test_a_name_that_nobody_knows_is_unavailable() -> None:
    """A wrong `GATEWAY_UPSTREAM_URL`, or no network at all."""
    async with connected("http://nobody.invalid") as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.summary(ACCOUNT, SID, "complete")


async def test_a_server_that_hangs_up_without_a_word_is_unavailable() -> None:
    """As between the last answer and the next question on a connection that was kept."""
    async with saying(b"") as address, connected(address) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.summary(ACCOUNT, SID, "complete")


@pytest.mark.parametrize("kept", [False, True], ids=["a new connection", "one that was kept"])
async def test_what_is_hung_up_on_is_sent_once_for_each_attempt(*, kept: bool) -> None:
    """Three times in all, as `docs/operations/bad-day.md` says: only `Retries` repeats."""
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            if kept and len(requests) == 1:
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
                requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = client_of(transport_stack(Wire(), 1, 30), address)
        if kept:
            with pytest.raises(errors.UpstreamRejected):
                await client.summary(ACCOUNT, SID, "complete")
        with pytest.raises(errors.UpstreamUnavailable):
            await client.summary(ACCOUNT, SID, "complete")
        await client.aclose()

    assert len(requests) - kept == MOST


@pytest.mark.parametrize(
    "answer",
    [
        OK + b'Content-Length: 100\r\n\r\n{"call_sid":',
        OK + b"Transfer-Encoding: chunked\r\n\r\n40\r\n{",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n{}",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
    ids=["length", "chunk", "no chunk", "lengths", "packing", "header", "no HTTP"],
)
async def test_an_answer_that_breaks_off_is_an_invalid_response(answer: bytes) -> None:
    """In the middle of its body, or where HTTP ends and something else begins."""
    async with saying(answer) as address, connected(address) as client:
        with pytest.raises(errors.UpstreamInvalidResponse):
            await client.summary(ACCOUNT, SID, "complete")


@pytest.mark.parametrize("answer", [b"", OK, OK + b"Content-Length: 100\r\n\r\n{"])
async def test_a_server_that_falls_silent_is_a_timeout(answer: bytes) -> None:
    """Before its answer, in its head or in its body."""
    async with (
        saying(answer, then_silent=True) as address,
        connected(address, seconds=0.05) as client,
    ):
        with pytest.raises(errors.UpstreamTimeout):
            await client.summary(ACCOUNT, SID, "complete")


async def test_a_redirect_is_not_followed() -> None:
    """It would carry the credentials to wherever it leads."""
    sandbox = Sandbox(calls=0, clock=lambda: NOON, arrivals=False)
    async with served(sandbox.app, lifespan="off") as elsewhere:
        answer = f"HTTP/1.1 307 Go\r\nLocation: {elsewhere}/v1/Voice/{SID}/Summary\r\n\r\n"
        async with saying(answer.encode()) as address, connected(address) as client:
            with pytest.raises(errors.UpstreamInvalidResponse):
                await client.summary(ACCOUNT, SID, "complete")

    assert not sandbox.requests


def _made(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    certificate, key = folder / "certificate", folder / "key"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    openssl = shutil.which("openssl")
    assert openssl is not None
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    subprocess.run([*make, *subject, *files], check=True, capture_output=True)
    return certificate, key


@pytest.mark.processes
async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    """Whoever answers in Twilio's place gets no credentials."""
    sandbox = Sandbox(calls=0, clock=lambda: NOON, arrivals=False)
    certificate, key = await asyncio.to_thread(_made, tmp_path)
    tls: dict[str, Any] = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
    async with served(sandbox.app, lifespan="off", **tls) as address, connected(address) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.summary(ACCOUNT, SID, "complete")

    assert not sandbox.requests


async def test_words_and_numbers_arrive_as_they_were_meant(sandbox: Sandbox) -> None:
    """A plus, a comma, an ampersand and a space each mean something in an address."""
    said = {
        "from": "+12025550143",
        "toCarrier": "Prairie & Söhne, Inc. 100% +1 #1?",
        "voiceIntegrityUseCase": VoiceIntegrityUseCase.THERAPY_INDIVIDUAL_GROUP,
    }
    parameters = to_parameters(said)
    question = Question(sandbox.account_sid, tuple(parameters.items()), "end_time")

    async with served(sandbox.app, lifespan="off") as address, connected(address) as client:
        await client.page(account_of(sandbox), question, FIRST_PAGE)
    in_process = client_of(httpx.ASGITransport(app=sandbox.app))
    await in_process.page(account_of(sandbox), question, FIRST_PAGE)

    over_the_wire, directly = sandbox.requests
    assert over_the_wire.params == directly.params
    assert over_the_wire.params == {
        "From": "+12025550143",
        "ToCarrier": "Prairie & Söhne, Inc. 100% +1 #1?",
        "VoiceIntegrityUseCase": "therapy_(individual+group)",
        "SortBy": "end_time",
        **FIRST_PAGE.parameters,
    }


async def test_after_trouble_the_next_question_is_answered(sandbox: Sandbox) -> None:
    """A connection that broke is not used again."""
    sid = CallSid(sandbox.add({"call_type": "sip"}))
    sandbox.inject(Fault(kind="cut_off", times=3))

    async with (
        served(sandbox.app, lifespan="off") as address,
        connected(address, concurrency=1) as client,
    ):
        for _ in range(3):
            with pytest.raises(errors.UpstreamInvalidResponse):
                await client.summary(account_of(sandbox), sid, "complete")
        seen = await client.summary(account_of(sandbox), sid, "complete")

    assert seen.sid == sid
