"""A viewer who takes all that it can get: `python -m tests.attacks.greedy PORT TOKEN SID [WHAT…]`.

SID is that of a call that has no summary yet.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Callable

from tests.attacks.going_on import Attack, go_on
from tests.attacks.lying_twilio import CIRCLE, ENDLESS
from tests.benchmarks.workloads import every_field
from tests.schema.growing import DOCUMENTS, VARIABLES
from tests.server.raw import TEXT, Stranger, frame, handshake
from tests.wire import post

WAIT = "query($sid: CallSid!) { callLookup(sid: $sid, waitFor: COMPLETE) { status } }"
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
WALK = "query($c: String) { calls(first: 5, filter: {fromCarrier: $c}) { nodes { sid } } }"
SCHEMA = "__schema { types { name fields { name args { name description } } } }"
PAGE = f"{{ calls(first: 1000) {{ nodes {{ {every_field()} }} }} }}"

GROWING = itertools.cycle(itertools.product([*DOCUMENTS.values(), *VARIABLES.values()], [1, 4, 16]))


class Greedy:
    """The requests of this viewer, ever other ones."""

    def __init__(self, token: str, pending: str) -> None:
        self.token = token
        self.pending = pending
        self._numbers = itertools.count()

    def request(self, query: str, **variables: object) -> bytes:
        """A request of this viewer."""
        return post(query, "application/json", self.token, **variables)

    def wait(self) -> bytes:
        """A wait for a call, of half a minute."""
        return self.request(WAIT, sid=self.pending)

    def growing(self) -> bytes:
        """Documents and variables of each kind, up to 16 times as large as takes milliseconds."""
        kind, times = next(GROWING)
        made = kind.make(times * kind.size)
        query, variables = made if isinstance(made, tuple) else (made, {})
        return self.request(query, **variables)

    def new_document(self) -> bytes:
        """A document that is to be read, compiled and remembered."""
        one = next(self._numbers)
        fields = " ".join(f"a{n}: viewer {{ b{one}: name account }}" for n in range(24))
        return self.request(f"{{ {fields} }}")

    def introspection(self) -> bytes:
        """The schema, as often as a document may have it."""
        fields = " ".join(f"a{n}: {SCHEMA}" for n in range(49))
        return self.request(f"query Q{next(self._numbers)} {{ {fields} }}")

    def nested(self) -> bytes:
        """A body that takes many times its size."""
        return self.request("{ __typename }", **{f"v{next(self._numbers)}": [[]] * 1500})

    def page(self) -> bytes:
        """A page as large as there are."""
        return self.request(PAGE)

    def unknown(self) -> bytes:
        """A call that there is not, of which Twilio has to be asked."""
        return self.request(CALL, sid=f"CA{next(self._numbers) % 500:032x}")

    def circle(self) -> bytes:
        """Pages that lead to themselves."""
        return self.request(WALK, c=CIRCLE)

    def endless(self) -> bytes:
        """Empty pages without end."""
        return self.request(WALK, c=ENDLESS)

    async def follow(self, one: Stranger) -> None:
        """Follow a call a hundred times on one WebSocket."""
        payload = {"query": UPDATES, "variables": {"sid": self.pending}}
        said: list[dict[str, object]] = [{"type": "connection_init"}]
        said += [{"type": "subscribe", "id": f"{n}", "payload": payload} for n in range(100)]
        await one.send(handshake(f"Authorization: Bearer {self.token}".encode()))
        await one.response()
        await one.send(b"".join(frame(TEXT, json.dumps(message).encode()) for message in said))
        await one.rest()


def asks(make: Callable[[], bytes]) -> Attack:
    """Ask, read the answer, and ask again."""

    async def attack(one: Stranger) -> None:
        while True:
            await one.send(make())
            await one.response()

    return attack


def leaves(make: Callable[[], bytes]) -> Attack:
    """Ask, and leave at once."""
    return lambda one: one.send(make())


def does_not_read(make: Callable[[], bytes]) -> Attack:
    """Ask, and do not read the answer."""

    async def attack(one: Stranger) -> None:
        one.stop_reading()
        await one.send(make())
        await asyncio.sleep(5)

    return attack


def attacks(greedy: Greedy) -> dict[str, tuple[int, Attack]]:
    """What the viewer does, and on how many connections at once."""
    return {
        "waits that are left": (200, leaves(greedy.wait)),
        "waits": (100, asks(greedy.wait)),
        "followers": (12, greedy.follow),
        "growing documents and variables": (20, asks(greedy.growing)),
        "new documents": (20, asks(greedy.new_document)),
        "introspection": (10, asks(greedy.introspection)),
        "nested bodies": (10, asks(greedy.nested)),
        "pages that are not read": (150, does_not_read(greedy.page)),
        "unknown calls": (50, asks(greedy.unknown)),
        "a circle of pages": (5, asks(greedy.circle)),
        "endless pages": (5, asks(greedy.endless)),
    }


if __name__ == "__main__":
    every = attacks(Greedy(*sys.argv[2:4]))
    chosen = {name: every[name] for name in sys.argv[4:] or every}
    asyncio.run(go_on(("127.0.0.1", int(sys.argv[1])), chosen, lambda _: None))
