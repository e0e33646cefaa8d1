"""Limits connections: their number, per address, and their memory.

A new connection beyond a bound takes the place of the one that has waited for its client for the
longest: unused, or with half a request. Only when all are being answered the new one is refused.
"""

import asyncio
import logging
import sys
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias

from gateway.instrumentation import Hook, Shed, silent

logger = logging.getLogger("gateway.server")

STATE = "connections"
"""Under this name the state of the lifespan has the `Connections` of the process."""

MAX_HELD = 64 * 2**20
"""Bytes held for all connections together: of requests that are not whole, and unread answers."""

MAX_DISCARDED = 2**24
"""Bytes that are thrown away of what still comes on a connection that is about to end."""

LINGER = 1.0
"""Seconds that a client has to take in why its connection ends (RFC 9112 §9.6)."""

LINES_APART = 60.0
"""Seconds between two lines of log about connections that had to go."""

Network: TypeAlias = IPv4Network | IPv6Network


class Connections:
    """The connections of this process, at most `most`, and `most_per_address` of one address.

    The address is the peer's. Proxies in `trusted` speak for many: their connections count in all,
    not by address. An IPv6 address counts as its /64, which is what one customer is given.
    """

    def __init__(
        self,
        most: int,
        most_per_address: int,
        trusted: Sequence[Network] = (),
        *,
        hook: Hook = silent,
        max_held: int = MAX_HELD,
    ) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._trusted = trusted
        self._hook = hook
        self._max_held = max_held
        self._open: dict[Connection, Network | None] = {}
        self._per_address: Counter[Network | None] = Counter()
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._held: dict[Connection, int] = {}
        self._total = 0
        self._gone = 0
        self._warned_at = -LINES_APART

    def enter(self, one: "Connection", host: str | None) -> bool:
        """Take a connection in, which waits for its client; whether there was room."""
        address = self._key_of(host)
        if not self._has_room(address):
            self._hook(Shed("connections"))
            return False
        self._open[one] = address
        self._per_address[address] += 1
        self._waiting[one] = None
        return True

    def leave(self, one: "Connection") -> None:
        """Forget a connection: it is closed, or another protocol's from now on."""
        if one in self._open:
            self.hold(one, 0)
            self._waiting.pop(one, None)
            address = self._open.pop(one)
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def answers(self, one: "Connection") -> None:
        """A connection is answered from now on, and makes room for none."""
        self._waiting.pop(one, None)

    def waits(self, one: "Connection") -> None:
        """A connection waits for its client from now on."""
        if one in self._open:
            self._waiting[one] = None
            self._waiting.move_to_end(one)

    def hold(self, one: "Connection", held: int) -> None:
        """So many bytes are held for a connection; beyond the bound, who has the most has to go."""
        if one not in self._open:
            return
        self._total += held - self._held.pop(one, 0)
        if held:
            self._held[one] = held
        while self._total > self._max_held:
            self._let_go(max(self._held, key=self._held.__getitem__))
            self._warn(f"more than {self._max_held} bytes were held for connections")

    def _has_room(self, address: Network | None) -> bool:
        """Whether there is room for a connection of this address, or could be made."""
        if address is not None and self._per_address[address] >= self._most_per_address:
            self._warn(
                f"one address had {self._most_per_address} connections: if it is a proxy, name it "
                "in GATEWAY_TRUSTED_PROXIES, or raise GATEWAY_MAX_CONNECTIONS_PER_ADDRESS"
            )
            return self._make_room(address)
        if len(self._open) >= self._most:
            self._warn(f"there were {self._most} connections: raise GATEWAY_MAX_CONNECTIONS")
            return self._make_room(None)
        return True

    def _make_room(self, address: Network | None) -> bool:
        """Let go of a connection, of this address if it is one; whether there was any."""
        fitting = (one for one in self._waiting if address in {None, self._open[one]})
        oldest = next(fitting, None)
        if oldest is not None:
            self._let_go(oldest)
        return oldest is not None

    def _let_go(self, one: "Connection") -> None:
        self.leave(one)
        one.transport.abort()

    def _warn(self, why: str) -> None:
        """Say now and then how many had to go, and why the last of them."""
        self._gone += 1
        now = time.monotonic()
        if now - self._warned_at >= LINES_APART:
            logger.warning("%d connections were closed or refused; %s.", self._gone, why)
            self._gone, self._warned_at = 0, now

    def _key_of(self, host: str | None) -> Network | None:
        """By what a peer is counted; None for a trusted one, and for one without an address."""
        try:
            address = ip_address(host or "")
        except ValueError:
            return None
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        if any(address in network for network in self._trusted):
            return None
        if isinstance(address, IPv6Address):
            return IPv6Network((int(address), 64), strict=False)
        return IPv4Network(address)


_BOUNDLESS = Connections(sys.maxsize, sys.maxsize)
"""Of an application that says nothing of bounds."""


class Connection(asyncio.Protocol):
    """A connection with a place among all, whose client reads what it is sent or is let go of."""

    read_within = 30.0
    """Seconds that a client has to take in what waits for it, once that is more than 64 KiB."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    app_state: dict[str, Any]

    bounds = _BOUNDLESS
    _unread: asyncio.TimerHandle | None = None
    _held = 0

    discarded: int | None = None
    """Bytes thrown away since nothing is read any more; None as long as something is."""

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Take a place among all; whether there was one."""
        self.bounds = self.app_state.get(STATE, _BOUNDLESS)
        peer = transport.get_extra_info("peername")
        return self.bounds.enter(self, peer[0] if isinstance(peer, tuple) else None)

    def leave(self) -> None:
        """Give up that place: another protocol has the connection from now on, or none."""
        self._it_was_read()
        self.bounds.leave(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing waits to be read any more."""
        self.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not keep up with what it is sent: give it some time."""
        super().pause_writing()
        self._expect_to_be_read()
        self.hold(self._held)

    def resume_writing(self) -> None:
        """It does again."""
        self._it_was_read()
        super().resume_writing()
        self.hold(self._held)

    def hold(self, arrived: int) -> None:
        """Say how much is held: so much of what came, and what the client does not read."""
        if not arrived and not self._held and self._unread is None:
            return
        self._held = arrived
        unread = 0 if self._unread is None else self.transport.get_write_buffer_size()
        self.bounds.hold(self, arrived + unread)

    def discard(self, data: bytes) -> None:
        """Let go of what comes too late, and of a connection on which that has no end."""
        self.discarded = (self.discarded or 0) + len(data)
        if self.discarded > MAX_DISCARDED:
            self.transport.abort()

    def linger(self) -> asyncio.TimerHandle:
        """Close the connection when the client has had the time to read what it was told.

        If it was closed at once, what the client still sends would have the answer taken back.
        """
        self.discarded = 0
        self.transport.resume_reading()
        self.transport.write_eof()
        return self.loop.call_later(LINGER, self.transport.close)

    def _expect_to_be_read(self) -> None:
        self._it_was_read()
        self._unread = self.loop.call_later(self.read_within, self.transport.abort)

    def _it_was_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
