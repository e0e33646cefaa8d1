"""The rounds: each cell of the benchmark on each server in turn, again and again."""

import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

from tests.benchmarks import servers
from tests.benchmarks.load import Exchange, Run, ask, drive
from tests.benchmarks.servers import Server
from tests.benchmarks.workloads import (
    FRESH_ALIAS,
    Name,
    Workload,
    blended,
    body_of,
    in_turn,
    with_fresh_alias,
    workloads,
    zipf,
)
from tests.benchmarks.world import PAGE, Rows

Kind: TypeAlias = Literal["warm", "cold", "mixed", "new document", "new page"]
Subject: TypeAlias = Literal["floor", "gateway", "baseline", "yoga"]

KINDS: tuple[Kind, ...] = get_args(Kind)
HOT_PAGES = 16
"""How many pages a warm server is asked for."""

COLD_CACHE = 2**18
"""Bytes of a cache from which everything is gone before it is asked for again."""

WARM = {"GATEWAY_PAGE_MAX_AGE": "3600"}
"""Pages that stay fresh for a round: it is not the sandbox that is measured."""

BASELINE = {"GATEWAY_COMPILED": "false"}
"""Every answer by graphql-core: summaries in memory, documents parsed and validated once."""


class Plan(NamedTuple):
    """What is measured. `calls` and `pages` are how many different ones are asked for."""

    rounds: int = 7
    seconds: float = 0.4
    calls: int = 1000
    pages: int = 128
    connections: tuple[int, ...] = (1, 16, 64)
    latencies: tuple[float, ...] = (0.0, 0.05)
    kinds: tuple[Kind, ...] = KINDS
    only: Sequence[str] = ("",)
    with_yoga: bool = False
    all_edges: bool = False


QUICK = Plan(
    rounds=1,
    seconds=0.3,
    calls=80,
    pages=6,
    connections=(4,),
    latencies=(0.0,),
    kinds=("warm", "cold"),
)


class Cell(NamedTuple):
    """One question of the benchmark; `latency` is the upstream's, in seconds."""

    workload: Name
    kind: Kind
    connections: int
    latency: float

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Who is asked; the floor cannot be cold."""
        return ("floor", "gateway", "baseline") if self.kind == "warm" else ("gateway", "baseline")

    def __str__(self) -> str:
        late = f" {self.latency * 1000:.0f} ms" if self.latency else ""
        return f"{self.workload} {self.kind}{late}, {self.connections}"


class Measured(NamedTuple):
    """A run, and the seconds of CPU that each answer took the server."""

    run: Run
    cpu: float
    busy: float


class Results(NamedTuple):
    """All that was measured, each cell's rounds by server."""

    cells: dict[Cell, dict[Subject, list[Measured]]]
    resident: dict[Subject, int]
    wrong: list[str]


def cells(plan: Plan) -> Iterator[Cell]:
    """The cells of a plan, in the order in which they are measured."""
    for kind, name, latency, connections in itertools.product(
        plan.kinds, get_args(Name), plan.latencies, plan.connections
    ):
        cell = Cell(name, kind, connections, latency)
        if kind == "warm" and latency:
            continue  # nobody asks the upstream
        if kind in {"new document", "new page"} and (name != "W4" or connections != 16 or latency):
            continue
        if any(
            set(words.split()) <= set(str(cell).replace(",", "").split()) for words in plan.only
        ):
            yield cell


def subjects(plan: Plan, cell: Cell) -> tuple[Subject, ...]:
    """Who is asked: Yoga too, where it is wanted and nobody's cache answers."""
    return (*cell.subjects, "yoga") if plan.with_yoga and cell.kind == "cold" else cell.subjects


class Bench:
    """The servers, and what they are asked."""

    def __init__(self, plan: Plan, folder: Path, stack: contextlib.ExitStack) -> None:
        self._plan = plan
        self._origin = int(time.time()) // 86400 * 86400 - 20 * 86400
        self._workloads = workloads(Rows.of(plan.calls, plan.pages))
        source, told = stack.enter_context(
            servers.upstream(self._origin, plan.calls, plan.pages, all_edges=plan.all_edges)
        )
        self._source = source

        def gateway(**settings: str) -> Server:
            return stack.enter_context(servers.gateway(folder, source, told, settings))

        cold = {"GATEWAY_CACHE_MAX_BYTES": str(COLD_CACHE)}
        self._warm: dict[Subject, Server]
        self._warm = {"gateway": gateway(**WARM), "baseline": gateway(**WARM, **BASELINE)}
        self._cold = {"gateway": gateway(**cold), "baseline": gateway(**cold, **BASELINE)}
        for server in (*self._warm.values(), *self._cold.values()):
            servers.wait(server)
        self._complete = {name: self._recorded(one, "complete") for name, one in self._each()}
        mixed = "mixed" in plan.kinds
        self._mixed = {name: self._recorded(one, "mixed") for name, one in self._each() if mixed}
        answers = {
            body_of(exchange): exchange.expected or b""
            for exchanges in self._complete.values()
            for exchange in exchanges
        }
        self._warm["floor"] = stack.enter_context(servers.floor(folder, answers))
        if plan.with_yoga:
            self._cold["yoga"] = stack.enter_context(servers.yoga(source, told))
        self._fresh = {subject: itertools.count(1) for subject in get_args(Subject)}
        self._unasked = {subject: itertools.count(1) for subject in get_args(Subject)}

    def measure(self, cell: Cell, subject: Subject, seed: int) -> Measured:
        """One turn of one server."""
        server = (self._cold if cell.kind == "cold" else self._warm)[subject]
        servers.set_latency(self._source, cell.latency)
        if cell.kind == "warm":
            self._warm_up(server, cell.workload)
        exchanges = self._exchanges(cell, subject, seed)
        if subject == "yoga":  # it writes numbers as JavaScript does
            exchanges = (each._replace(expected=None) for each in exchanges)
        used, started = server.cpu(), time.perf_counter()
        run = drive(server.address, exchanges, cell.connections, self._plan.seconds)
        used, lasted = server.cpu() - used, time.perf_counter() - started
        return Measured(run, used / run.answers, used / lasted)

    def _warm_up(self, server: Server, name: Name) -> None:
        """Ask again for what a page never asked before has brought newer summaries of."""
        if self._workloads[name].step == PAGE:
            for exchange in self._complete[name][:HOT_PAGES]:
                ask(server.address, exchange)

    def resident(self) -> dict[Subject, int]:
        """Bytes of each server that are in memory."""
        return {subject: server.resident() for subject, server in self._warm.items()}

    def compare_pages_never_asked(self) -> Iterator[str]:
        """What differs between the servers on pages that are new to both."""
        w4 = self._workloads["W4"]
        for place in range(7, w4.complete.count - PAGE, PAGE):
            exchange = w4.exchange(self._origin, w4.complete, place)
            expected = ask(self._warm["baseline"].address, exchange)
            try:
                ask(self._warm["gateway"].address, exchange._replace(expected=expected))
            except AssertionError as error:
                yield f"a new page: {error}"

    def _each(self) -> Iterator[tuple[Name, Workload]]:
        wanted = {cell.workload for cell in cells(self._plan)}
        return ((name, one) for name, one in self._workloads.items() if name in wanted)

    def _recorded(self, one: Workload, which: Literal["complete", "mixed"]) -> list[Exchange]:
        """A workload's exchanges, with the baseline's answers; all servers know them afterwards."""
        row = one.complete if which == "complete" else one.mixed
        asked = [one.exchange(self._origin, row, place) for place in one.places]
        address = self._warm["baseline"].address
        known = [each._replace(expected=ask(address, each)) for each in asked]
        for each in known:
            ask(self._warm["gateway"].address, each)
        return known

    def _exchanges(self, cell: Cell, subject: Subject, seed: int) -> Iterator[Exchange]:
        one = self._workloads[cell.workload]
        complete = self._complete[cell.workload]
        match cell.kind:
            case "warm":
                return zipf(complete[:HOT_PAGES] if one.step == PAGE else complete, seed)
            case "cold":
                return in_turn(complete, seed)
            case "mixed" if one.step == PAGE:
                return zipf(self._mixed[cell.workload][:HOT_PAGES], seed)
            case "mixed":
                partial = [one.mixed.is_partial(place) for place in one.places]
                return blended(self._mixed[cell.workload], partial, seed)
            case "new document":
                return self._in_new_documents(one, subject)
            case "new page":
                places = (place for place in self._unasked[subject] if place % PAGE)
                return (one.exchange(self._origin, one.complete, place) for place in places)

    def _in_new_documents(self, one: Workload, subject: Subject) -> Iterator[Exchange]:
        def build(alias: str) -> Exchange:
            document = one.document.replace("nodes {", f"nodes {{ {alias}: sid", 1)
            return one.exchange(self._origin, one.complete, 0, document)

        template = ask(self._warm["baseline"].address, build(FRESH_ALIAS))
        return with_fresh_alias(build, template, self._fresh[subject])


def measure(plan: Plan) -> Results:
    """Measure all cells of a plan."""
    wanted = list(cells(plan))
    found: dict[Cell, dict[Subject, list[Measured]]] = {
        cell: {subject: [] for subject in subjects(plan, cell)} for cell in wanted
    }
    wrong: list[str] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(plan, folder, stack)
        for number in range(plan.rounds):
            for cell in wanted:
                _tell(f"round {number + 1}: {cell}")
                for subject in subjects(plan, cell):
                    measured = bench.measure(cell, subject, number)
                    found[cell][subject].append(measured)
                    if measured.run.wrong:
                        wrong.append(f"{cell}, {subject}: {measured.run.wrong}")
        _tell("")
        if any(cell.kind == "new page" for cell in wanted):
            wrong += bench.compare_pages_never_asked()
        return Results(found, bench.resident(), wrong)


def _tell(what: str) -> None:
    """Show whoever waits how far it is."""
    if sys.stderr.isatty():
        print(f"\r{what:<60}\r", end="", file=sys.stderr, flush=True)
