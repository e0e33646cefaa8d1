"""A bad day at Twilio, in half a minute: `python -m tests.bad_day` prints its figures.

A gateway runs as a process of its own over a sandbox and a Redis, all on real sockets. Fifty
clients ask for calls all the time, some of which the gateway knew once. Twilio goes wrong in one
way after the other; after each, the clients go on until all of them have answers of this moment.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message, Receive, Scope, Send

from gateway.sandbox import Fault, Sandbox
from tests.live import replica
from tests.servers import RedisServer, free_port, serving

CLIENTS = 50
PAUSE = 1.0
"""Seconds between two questions of a client."""

STRANGE = 0.25
"""The share of questions about calls that nobody knows, so that no older answer is there."""

RECOVERED_WITHIN = 60.0
"""Seconds that are waited for all to be well again."""

FINE = ("answered", "stale")

SETTINGS = {
    "GATEWAY_DEADLINE": "3",
    "GATEWAY_UPSTREAM_TIMEOUT": "1",
    "GATEWAY_UPSTREAM_CONCURRENCY": "8",
    "GATEWAY_COMPLETE_MAX_AGE": "0.3",
    "GATEWAY_ANNOTATION_MAX_AGE": "0.3",
}
CALL = "query Call($sid: CallSid!) { call(sid: $sid) { sid processing { source } } }"


@dataclass
class Phase:
    """What came of one kind of trouble."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    machine: float = 0.0
    """How long the machine took at most for what needs no Twilio, in seconds."""

    upstream: int = 0
    most_at_once: int = 0
    retries: int = 0
    recovered_after: float = 0.0

    @property
    def errors(self) -> Counter[str]:
        """How often which code was the answer."""
        return self.outcomes - Counter({name: self.outcomes[name] for name in FINE})

    @property
    def requests(self) -> int:
        """How many questions clients asked."""
        return self.outcomes.total()


class Twilio:
    """A sandbox behind a port that can be closed; it counts what reaches it at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._port = free_port()
        self._stack = contextlib.ExitStack()
        self._inside = 0
        self.asked = self.most_at_once = 0
        self.address = self.open()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the sandbox."""
        if scope["type"] != "http":
            await self._sandbox.app(scope, receive, send)
            return
        self.asked += 1
        self._inside += 1
        self.most_at_once = max(self.most_at_once, self._inside)
        inside = True

        def leave() -> None:
            nonlocal inside
            self._inside -= inside
            inside = False

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                leave()  # who has the end of an answer may ask on before this task goes on
            await send(message)

        answering = asyncio.ensure_future(self._sandbox.app(scope, receive, send_on))
        leaving = asyncio.create_task(_left(receive))
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        leave()
        leaving.cancel()
        if not answering.done():
            answering.cancel()
            return
        answering.result()

    def open(self) -> str:
        """Listen."""
        return self._stack.enter_context(serving(self, port=self._port))

    def close(self) -> None:
        """Refuse connections."""
        self._stack.close()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Trouble(NamedTuple):
    """Something that goes wrong, how it is mended, and after how many seconds."""

    name: str
    begin: Callable[[], object]
    mend: Callable[[], object]
    lasting: float = 2.0


def troubles(sandbox: Sandbox, twilio: Twilio, redis: RedisServer) -> Iterator[Trouble]:
    """What happens on this day."""
    faults = {
        "429 + Retry-After": Fault(kind="rate_limited_retry_after", seconds=1),
        "429": Fault(kind="rate_limited"),
        "5xx": Fault(kind="server_error"),
        "slow by 5 s": Fault(kind="slow", seconds=5),
        "half answers": Fault(kind="cut_off"),
        "garbage": Fault(kind="garbage"),
    }
    yield Trouble("none", sandbox.clear_faults, sandbox.clear_faults)
    for name, fault in faults.items():
        lasting = 4.0 if fault.kind == "slow" else 2.0  # longer than the deadline
        yield Trouble(name, partial(sandbox.inject, fault), sandbox.clear_faults, lasting)
    yield Trouble("connections refused", twilio.close, twilio.open)
    yield Trouble("no Redis", redis.stop, redis.start)


class Clients:
    """Those who ask all the time; each asks again as soon as it has an answer."""

    def __init__(self, http: aiohttp.ClientSession, sids: list[str]) -> None:
        self._http = http
        self._sids = sids
        self._random = random.Random(7)  # noqa: S311 - the same questions each time
        self.phase = Phase("")
        self.last: dict[int, str] = {}

    async def ask(self, number: int) -> None:
        """Be one of them, until cancelled."""
        while True:
            began = time.monotonic()
            self.last[number] = outcome = await self._ask()
            self.phase.outcomes[outcome] += 1
            self.phase.longest = max(self.phase.longest, time.monotonic() - began)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Ask what needs no Twilio, until cancelled: so slow is this machine just now."""
        while True:
            began = time.monotonic()
            async with self._http.get("/healthz"):
                pass
            self.phase.machine = max(self.phase.machine, time.monotonic() - began)
            await asyncio.sleep(PAUSE / 4)

    async def _ask(self) -> str:
        unheard_of = f"CA{self._random.getrandbits(128):032x}"
        sid = unheard_of if self._random.random() < STRANGE else self._random.choice(self._sids)
        variables = {"sid": sid}
        asking = self._http.post("/graphql", json={"query": CALL, "variables": variables})
        try:
            async with asking as response:
                body: dict[str, Any] = await response.json()
            for error in body.get("errors", ()):
                return str(error["extensions"]["code"])
            call = body["data"]["call"]
            return "stale" if call and call["processing"]["source"] == "STALE" else "answered"
        except (aiohttp.ClientError, ValueError, KeyError, TypeError) as failure:
            return repr(failure)

    async def all_are_well(self) -> None:
        """Return when each was answered, and not with something old."""
        self.last.clear()
        until = time.monotonic() + RECOVERED_WITHIN
        while Counter(self.last.values()) != {"answered": CLIENTS}:
            assert time.monotonic() < until, Counter(self.last.values())
            await asyncio.sleep(0.02)


async def retries(http: aiohttp.ClientSession) -> int:
    """How many there were so far."""
    async with http.get("/metrics") as page:
        families = text_string_to_metric_families(await page.text())
    return sum(
        int(sample.value)
        for family in families
        for sample in family.samples
        if sample.name == "gateway_upstream_retries_total"
    )


async def bad_day(redis: RedisServer) -> list[Phase]:
    """Live through it."""
    sandbox = Sandbox(calls=200, arrivals=False)
    twilio = Twilio(sandbox)
    known = [
        sid for name, sid in sandbox.examples().items() if name not in {"not_found", "not_ready"}
    ]
    with (
        contextlib.closing(twilio),
        replica(sandbox, twilio.address, redis, **SETTINGS) as gateway,
    ):
        connector = aiohttp.TCPConnector(limit=CLIENTS + 1)
        async with aiohttp.ClientSession(gateway.address, connector=connector) as http:
            clients = Clients(http, known)
            asking = [asyncio.create_task(clients.ask(number)) for number in range(CLIENTS)]
            asking.append(asyncio.create_task(clients.look()))
            try:
                return [
                    await live_through(trouble, clients, twilio, http)
                    for trouble in troubles(sandbox, twilio, redis)
                ]
            finally:
                for task in asking:
                    task.cancel()
                await asyncio.gather(*asking, return_exceptions=True)


async def live_through(
    trouble: Trouble, clients: Clients, twilio: Twilio, http: aiohttp.ClientSession
) -> Phase:
    """One trouble, and its end."""
    phase = Phase(trouble.name)
    asked, retried = twilio.asked, await retries(http)
    twilio.most_at_once = 0
    clients.phase = phase
    await asyncio.to_thread(trouble.begin)
    await asyncio.sleep(trouble.lasting)
    await asyncio.to_thread(trouble.mend)
    mended = time.monotonic()
    await clients.all_are_well()
    phase.recovered_after = time.monotonic() - mended
    phase.upstream, phase.most_at_once = twilio.asked - asked, twilio.most_at_once
    phase.retries = await retries(http) - retried
    return phase


HEAD = (
    *(
        "asked",
        "ok",
        "stale",
        "errors",
        "at Twilio",
        "at once",
        "retries",
        "longest",
        "machine",
        "well after",
    ),
)


def table(day: list[Phase]) -> str:
    """The figures of a day, and below each trouble its errors by code."""
    lines = [_line("", HEAD)]
    for phase in day:
        done = phase.outcomes
        figures = [phase.requests, done["answered"], done["stale"], phase.errors.total()]
        figures += [phase.upstream, phase.most_at_once, phase.retries]
        seconds = (phase.longest, phase.machine, phase.recovered_after)
        lines.append(_line(phase.name, [*figures, *(f"{one:.1f} s" for one in seconds)]))
        lines += [f"{count:>64}  {code}" for code, count in phase.errors.most_common()]
    return "\n".join(lines)


def _line(name: str, cells: Iterable[object]) -> str:
    return f"{name:<20}" + "".join(f" {cell:>10}" for cell in cells)


if __name__ == "__main__":
    logging.disable()  # servers complain of what is done to them here
    with RedisServer() as server:
        print(table(asyncio.run(bad_day(server))))  # noqa: T201
