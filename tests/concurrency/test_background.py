"""No task ends in silence: what fails begins again, and is logged, counted and told."""

import ast
import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway
from gateway.concurrency import background
from gateway.concurrency.background import keep_running, log_fault
from gateway.config.settings import Settings
from gateway.errors import UpstreamUnavailable
from gateway.instrumentation import BackgroundTaskFailed, BackgroundTasksChanged, Happening
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.live import becomes
from tests.servers import RedisServer

ROOT = Path(gateway.__file__).parent
CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { source } } }"

WAITED_FOR = {
    "concurrency/background.py": {"work": "by who opened the scope"},
    "cache/leases.py": {"self._take": "by who takes the lease"},
    "concurrency/singleflight.py": {"work": "by all who asked"},
    "cache/tiered_cache.py": {"self._fetch_wanted": "by all who asked: it gives each an answer"},
    "calls/annotations.py": {"self._write": "by who writes, else its faults are logged"},
    "calls/lookups.py": {"self._fetch": "by nobody: its faults are logged"},
    "calls/warehouse_annotations.py": {"self._change": "by nobody: its faults are logged"},
    "cli/warehouse_access.py": {
        "backend.call_service.warehouse.run": "by the command, which ends it"
    },
    "schema/call_search.py": {"_awaited": "by the group, which fails with it"},
    "server/backend.py": {"self._hurry": "by nobody: it ends with the server"},
    "server/graphql/callbacks.py": {
        "self._deliver": "by nobody: its faults are logged",
        "sending": "by the delivery, which ends with it",
        "router.beat": "by the delivery, which ends with it",
        "self._stopping.wait": "by the delivery, which ends with it",
        "admission.withdrawn.wait": "by the delivery, which ends with it",
    },
    "server/graphql/streamed_response.py": {
        "self.send_pieces": "by the response, which ends with it",
        "_left": "by the response, which ends with it",
        "self.ended": "by the response, which ends with it",
    },
    "server/mcp/document_tools.py": {"*map(end, endings)": "by the tool, which ends with it"},
    "sandbox/event_delivery.py": {"self.run": "by nobody: the sandbox is no part of the gateway"},
    "warehouse/embedded.py": {"self._kill": "by nobody: at its end the query has its time limit"},
    "warehouse/warehouse.py": {
        "self.connection.run": "by the group, which fails with it",
        "self.writer.run": "by the group, which fails with it",
        "self._keep_up": "by the group, which fails with it",
        "self._keep_measured": "by the group, which fails with it",
    },
    "server/server.py": {
        "loop.connect_accepted_socket": "by nobody: a connection that fails is closed"
    },
    "server/middleware/disconnect.py": {
        "self._incoming.leaving": "by who is told that the client left"
    },
    "server/graphql/incremental.py": {"coming": "by who sends the parts"},
    "server/graphql/streams.py": {
        "stops.wait": "by the stream",
        "self._withdrawn.wait": "by the stream",
        "anext": "by the stream",
    },
    "server/access/jwt.py": {"self._read": "by all whose tokens need the keys"},
    "server/graphql/websocket.py": {
        "self._ping": "by nobody: a connection that is not pinged is closed as silent",
        "_end_once": "by nobody: it ends with the connection",
        "operation": "by the connection",
    },
}
"""All other tasks that are begun, by what they do, and who waits for them."""


def begun(file: Path) -> Iterator[str]:
    """What the tasks do that a file begins."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(ast.Attribute(attr="create_task" | "ensure_future"), [work, *_]):
                yield _what(work)
            case ast.Call(ast.Name("task_scope"), works):
                yield from map(_what, works)


def _what(work: ast.expr) -> str:
    return ast.unparse(work.func if isinstance(work, ast.Call) else work)


def test_every_task_is_kept_running_or_waited_for() -> None:
    """A new task is run by `keep_running`, or named above with who learns that it failed."""
    tasks = {
        (file.relative_to(ROOT).as_posix(), what)
        for file in ROOT.rglob("*.py")
        for what in begun(file)
        if what != "keep_running"
    }
    assert tasks == {(file, what) for file, works in WAITED_FOR.items() for what in works}


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses in hundredths of the usual time."""
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.01)


@pytest.mark.usefixtures("soon")
async def test_work_that_fails_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    """After pauses that double; each failure is logged and counted, and told once."""
    heard: list[Happening] = []
    began: list[float] = []

    async def work() -> None:
        began.append(asyncio.get_running_loop().time())
        if len(began) < 4:
            raise ArithmeticError

    await keep_running("counting", work, heard.append)

    pauses = [later - earlier for earlier, later in itertools.pairwise(began)]
    assert all(pause >= 0.01 * 2**n for n, pause in enumerate(pauses))
    assert caplog.text.count("The counting failed, and begins again") == 3
    assert "ArithmeticError" in caplog.text
    changes = [(one.state, one.by) for one in heard if isinstance(one, BackgroundTasksChanged)]
    assert changes == [("running", 1), ("failing", 1), ("failing", -1), ("running", -1)]
    assert heard.count(BackgroundTaskFailed("counting")) == 3


async def test_work_fails_until_it_has_run_as_long_as_it_paused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or one that fails whenever it begins would be well again each time."""
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.2)
    heard: list[Happening] = []
    began: list[float] = []
    fails = asyncio.Event()

    async def work() -> None:
        began.append(0)
        if len(began) == 1:
            raise ArithmeticError
        await fails.wait()
        fails.clear()
        raise LookupError

    def changes() -> list[tuple[int, str]]:
        told = [one for one in heard if isinstance(one, BackgroundTasksChanged)]
        return [(one.by, one.reason) for one in told if one.state == "failing"]

    running = asyncio.create_task(keep_running("counting", work, heard.append))
    assert await becomes(lambda: len(began) == 2)
    fails.set()
    assert await becomes(lambda: len(began) == 3)
    assert changes() == [(1, "ArithmeticError")]
    assert await becomes(lambda: len(changes()) == 2)
    fails.set()
    assert await becomes(lambda: len(changes()) == 3)
    assert changes() == [(1, "ArithmeticError"), (-1, ""), (1, "LookupError")]
    running.cancel()
    await asyncio.wait({running})
    assert changes()[-1] == (-1, "")


@pytest.mark.usefixtures("soon")
async def test_who_is_cancelled_ends_whether_it_works_or_waits() -> None:
    """Nothing is left over of it in what was told."""
    heard: list[Happening] = []

    async def work() -> None:
        raise ArithmeticError

    running = asyncio.create_task(keep_running("failing", work, heard.append))
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait({running})

    totals = {"running": 0, "failing": 0}
    for one in heard:
        if isinstance(one, BackgroundTasksChanged):
            totals[one.state] += one.by
    assert totals == {"running": 0, "failing": 0}


async def test_a_fault_of_a_task_for_which_nobody_waits_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """But not an error that clients are told of: the next who asks meets it too."""

    async def fail(failure: Exception) -> None:
        raise failure

    for failure in (ArithmeticError("a fault"), UpstreamUnavailable("no fault")):
        task = asyncio.create_task(fail(failure))
        task.add_done_callback(log_fault)
        await asyncio.wait({task})
    await asyncio.sleep(0)
    assert "a fault" in caplog.text
    assert "no fault" not in caplog.text


@pytest.mark.parametrize(
    "message",
    [b"\xff\xfe", b"insights:\xff\n\xff", b"", b"\n", b"insights:a\n" + b"\xff" * 30, b"x" * 10**6],
    ids=lambda message: repr(message[:12]),
)
async def test_no_message_on_the_channel_ends_invalidation(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, message: bytes
) -> None:
    """Anybody may publish there: replicas go on to drop copies that are replaced."""
    sid = sandbox.examples()["client"]
    async with Gateway(sandbox, clock, Settings(gateway_cache_url=redis.url)) as gateway:
        while redis.command("PUBSUB", "NUMSUB", "insights:replaced")[1] < 1:
            await asyncio.sleep(0.01)
        await gateway.ask(CALL, sid=sid)
        redis.command("PUBLISH", "insights:replaced", message)
        redis.command("DEL", *redis.command("KEYS", "insights:*:call:*"))
        redis.command("PUBLISH", "insights:replaced", f"insights:{sandbox.account_sid}:call:{sid}")
        async with asyncio.timeout(5):
            while (await source_of(gateway, sid)) == "CACHE":
                await asyncio.sleep(0.01)
        ready = (await gateway.http.get("/readyz")).json()
    assert ready["tasks"]["cache invalidation"] == "ok"


async def source_of(gateway: Gateway, sid: str) -> str:
    source: str = (await gateway.ask(CALL, sid=sid))["call"]["processing"]["source"]
    return source
