"""The load generator: so many connections, each with one request under way at a time.

Plain sockets and `epoll`, without an event loop: it takes a few microseconds per request, so that
what is measured is the server. Every answer is compared, byte by byte, with the one expected.
"""

import select
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

BUFFER = 2**22
"""Bytes; no answer is longer."""

PATIENCE = 60
"""Seconds without any answer after which a server is taken for dead."""


class Exchange(NamedTuple):
    """A request as it goes over the wire, and the body that must come back; None: any at all."""

    request: bytes
    expected: bytes | None = None


class Run(NamedTuple):
    """What a run gave. Times are in seconds.

    `latencies` are of the answers that came in time, sorted; `answers` counts all, also those that
    were waited for at the end; `wrong` is one answer that was not as expected.
    """

    seconds: float
    latencies: list[float]
    answers: int
    wrong: str | None

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that so large a share of the answers did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(BUFFER)
        self.view = memoryview(self.buffer)
        self.filled = 0
        self.length = 0
        self.head = 0
        self.expected: bytes | None = None
        self.sent_at = 0.0

    def send(self, exchange: Exchange) -> None:
        """Send a request; an answer is expected from now on."""
        self.filled = self.length = 0
        self.expected = exchange.expected
        self.sent_at = time.perf_counter()
        self.socket.sendall(exchange.request)

    def receive(self) -> bool:
        """Read what has come; whether the answer is whole. Raises ConnectionError."""
        count = self.socket.recv_into(self.view[self.filled :])
        if not count:
            raise ConnectionError("the server hung up")
        self.filled += count
        if not self.length:
            end = self.buffer.find(b"\r\n\r\n", 0, self.filled)
            if end < 0:
                return False
            self.head = end + 4
            self.length = self.head + _content_length(bytes(self.view[:end]))
        return self.filled >= self.length

    def wrong(self) -> str | None:
        """How the answer differs from the one expected."""
        body = bytes(self.view[self.head : self.filled])
        if not self.buffer.startswith(b"HTTP/1.1 200") or body == b"":
            return f"{bytes(self.view[: self.head])!r}, {body[:500]!r}"
        if self.expected is None or body == self.expected:
            return None
        pairs = enumerate(zip(body, self.expected, strict=False))
        place = next((place for place, (one, other) in pairs if one != other), 0)
        near = slice(max(0, place - 100), place + 100)
        return f"at byte {place} {body[near]!r}, expected was {self.expected[near]!r}"


def drive(
    address: tuple[str, int], exchanges: Iterator[Exchange], connections: int, seconds: float
) -> Run:
    """Send exchanges, in their order, for so long, and until each connection had an answer.

    Whoever is slow is measured for longer; what is under way at the end is waited for.
    """
    open_ones = [_Connection(address) for _ in range(connections)]
    by_number = {one.socket.fileno(): one for one in open_ones}
    poll = select.epoll()
    latencies: list[float] = []
    waiting, answers, wrong, last = connections, 0, None, 0.0
    started = time.perf_counter()
    until = started + seconds
    for number, one in by_number.items():
        poll.register(number, select.EPOLLIN)
        one.send(next(exchanges))
    while waiting:
        ready = poll.poll(PATIENCE)
        if not ready:
            raise TimeoutError("the server does not answer any more")
        for number, _ in ready:
            one = by_number[number]
            if not one.receive():
                continue
            now = time.perf_counter()
            answers += 1
            wrong = wrong or one.wrong()
            if now <= until or len(latencies) < connections:
                latencies.append(now - one.sent_at)
                last = now
                one.send(next(exchanges))
            else:
                waiting -= 1
    for one in open_ones:
        one.socket.close()
    poll.close()
    return Run(last - started, sorted(latencies), answers, wrong)


def ask(address: tuple[str, int], exchange: Exchange) -> bytes:
    """One answer's body. Raises AssertionError when it is not as expected."""
    one = _Connection(address)
    one.send(exchange)
    while not one.receive():
        pass
    one.socket.close()
    assert (wrong := one.wrong()) is None, wrong
    return bytes(one.view[one.head : one.filled])


def _content_length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"\r\ncontent-length:")
    return int(after.split(b"\r\n", 1)[0])
