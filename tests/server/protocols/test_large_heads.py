"""No header that a stranger may fill costs more than its bytes: all are read before the token."""

import asyncio
import time

import pytest

from tests.server.conftest import Address
from tests.server.raw import BODY, POST, Stranger, stranger

SIZE = 60_000
FILLINGS = {
    "a list": b"a/b;q=0.1,",
    "commas": b",",
    "semicolons": b"a;b=c;",
    "words": b"a ",
    "pairs": b"&a=1",
    "dots": b"a.",
    "escapes": b"%20",
}
HEADERS = (
    *("Accept", "Authorization", "Content-Type", "Content-Encoding", "If-None-Match", "Origin"),
    *("Sec-Fetch-Site", "Access-Control-Request-Headers", "X-Request-Id", "X-Forwarded-For"),
    *("X-Forwarded-Proto", "X-Twilio-Signature", "Connection", "Cookie", "Expect", "Range"),
)
LONGER = 10
"""How many times as long as a header that nobody reads another one may take; measured: 1 to 3."""


async def fastest(one: Stranger, request: bytes) -> float:
    """Seconds that an answer takes at least."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        await one.send(request)
        await one.response()
        times.append(time.perf_counter() - began)
    return min(times)


def asking(header: str, filling: bytes) -> bytes:
    """A request with a long header; each is another one, so that nothing is known of it before."""
    value = filling * (SIZE // len(filling))
    line = header.encode() + b": " + value + b"\r\n"
    return POST + line + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


@pytest.mark.parametrize("filling", FILLINGS)
async def test_no_header_takes_longer_than_another(address: Address, filling: str) -> None:
    """An `Accept` of 60 KB took 50 ms and more, from somebody without a token."""
    async with stranger(address) as one:
        await fastest(one, asking("X-Filler", b"x"))
        allowed = LONGER * await fastest(one, asking("X-Filler", FILLINGS[filling])) + 0.002
        for header in HEADERS:
            async with stranger(address) as another:
                taken = await fastest(another, asking(header, FILLINGS[filling]))
            assert taken < allowed, header
    await asyncio.sleep(0)
