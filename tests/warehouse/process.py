"""A process with a warehouse of its own: `python -m tests.warehouse.process fill|count FOLDER`.

`fill` writes calls without end and prints how many batches it has written; `count` prints as JSON
how many rows there are, how many calls, and how many of these can be read. `starve` fills under a
limit of the size of files, as a full disk would have it, and then without.
"""

import asyncio
import itertools
import json
import resource
import signal
import sys
from pathlib import Path

from gateway.errors import GatewayError
from gateway.insights.snapshot import snapshot_of
from gateway.warehouse.block import Block
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.pages import Question
from gateway.warehouse.rows import first_filing
from tests.conftest import NOON
from tests.warehouse.conftest import EVER, REALM, Store

BATCH = 200


def batch(number: int) -> list[bytes]:
    """Some calls; of every second batch the calls of the one before once more, annotated."""
    first = number // 2 * BATCH
    said = b',"annotation":{"call_score":3}' if number % 2 else b""
    return [
        b'{"call_sid":"CA%032x","processing_state":"complete"%s,"end_time":"2026-05-%02dT10:00:00Z"}'
        % (first + one, said, 1 + one % 28)
        for one in range(BATCH)
    ]


def say(what: object) -> None:
    """Write a line of JSON, at once."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def fill(store: Store) -> None:
    for number in itertools.count():
        await store.keep(*(snapshot_of(raw, NOON + number) for raw in batch(number)))
        say(number)


async def count(store: Store) -> None:
    search = store.search()
    calls, place, has_next = 0, None, True
    while has_next:
        page = await search.page(Question(REALM, EVER), 1000, place)
        calls, has_next = calls + len(page.calls), page.has_next
        place = page.calls[-1][0] if page.calls else None
    ((rows, sids),) = await store.ask("SELECT count(), uniqExact(sid) FROM calls FINAL")
    say({"rows": rows, "sids": sids, "read": calls})


async def starve(store: Store) -> None:
    await store.keep(*(snapshot_of(raw, NOON) for raw in batch(0)))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    failed = False
    try:
        made = [
            store.rows.row(REALM.account.sid, one, first_filing(one, NOON))
            for one in (snapshot_of(raw, NOON) for raw in batch(2))
        ]
        await store.engine.insert(Block(made))
    except GatewayError as error:
        failed = error.code == "WAREHOUSE_UNAVAILABLE"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.keep(*(snapshot_of(raw, NOON) for raw in batch(2)))
    say({"failed": failed})
    await count(store)


async def main(command: str, folder: Path) -> None:
    engine = await Embedded.open(folder)
    store = Store(engine)
    await store.prepare()
    await {"fill": fill, "count": count, "starve": starve}[command](store)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
