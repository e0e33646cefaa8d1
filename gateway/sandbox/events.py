"""Writes each new version of a summary as a CloudEvent of Event Streams.

```
partial v1 … partial v5 ── predicted-complete (still v5) ── complete v6
```

The times are those at which the API shows the same. Which version of the schema a call's events
have is drawn by the seed; up to the third, `data` is a text that holds JSON, then it is an object.
"""

import bisect
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from gateway.sandbox import payloads, scenarios, summary_state
from gateway.sandbox.accounts import Accounts
from gateway.sandbox.calls import Call, Json
from gateway.sandbox.summaries import Snapshot, Summaries
from gateway.sandbox.world import World

Kind = Literal["partial", "predicted-complete", "complete"]

SCHEMAS = 7
DATA_IS_TEXT = 3  # up to this version of the schema
SLOWEST_LIFE = (
    summary_state.STEPS * summary_state.STEP * 1.1
)  # seconds from the end of a call to its last event
NOT_THERE = {"parent_call_sid": "", "parent_account_sid": "", "tags": []}  # where the API has null

REPEATED = 0.1  # the share of deliveries that come again later
OVERTAKEN = 0.05  # the share of events that come after their successor
BATCHES = (1, 1, 1, 1, 2, 5)  # how many events a delivery has


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of an account and its subaccounts."""

    accounts: Accounts
    world: World
    summaries: Summaries
    seed: int
    speed: float

    def between(self, since: float, until: float) -> list[Json]:
        """All that is told after `since` and up to `until` (epoch seconds), oldest first."""
        self.world.advance(until)
        in_order = sorted(
            (moment, call.sid, kind)
            for call in self._calls(since, until)
            for moment, kind in occasions(call, self.speed)
            if since < moment <= until
        )
        return [event for occasion in in_order for event in self._events(*occasion)]

    def _calls(self, since: float, until: float) -> Iterator[Call]:
        """Those that may have something to tell: they ended lately, or are about to."""
        first = int(since - SLOWEST_LIFE / self.speed)
        last = int(until) + scenarios.LONGEST + 1
        for account in (self.accounts.account_sid, *self.accounts.subaccounts):
            shelf = self.world.shelf(account, "end_time")
            low, high = (bisect.bisect_left(shelf, (end, "")) for end in (first, last))
            found = (self.world.find(sid) for _, sid in shelf[low:high])
            yield from (call for call in found if call and call.verbatim is None)

    def _events(self, moment: float, sid: str, kind: Kind) -> Iterator[Json]:
        call = self.world.find(sid)
        snapshot = self.summaries.snapshot(call, moment) if call else None
        if call and snapshot:
            yield self._event(moment, kind, call, snapshot)

    def _event(self, moment: float, kind: Kind, call: Call, snapshot: Snapshot) -> Json:
        schema = random.Random(f"{self.seed}/schema/{call.sid}").randint(1, SCHEMAS)
        rng = random.Random(f"{self.seed}/event/{call.sid}/{snapshot.stage.version}/{kind}")
        data = _data(call, snapshot)
        return {
            "specversion": "1.0",
            "type": f"com.twilio.voice.insights.call-summary.{kind}",
            "source": f"/v1/Voice/{call.sid}/Summary",
            "id": f"EZ{rng.getrandbits(128):032x}",
            "dataschema": f"https://events-schemas.twilio.com/VoiceInsights.CallSummary/{schema}",
            "datacontenttype": "application/json",
            "time": f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
            "data": msgspec.json.encode(data).decode() if schema <= DATA_IS_TEXT else data,
        }


def occasions(call: Call, speed: float) -> Iterator[tuple[float, Kind]]:
    """When there is something to tell of a call: at each version, and half way to the last."""
    *partial, last_partial, complete = summary_state.updates(call, speed)
    for moment in (*partial, last_partial):
        yield moment, "partial"
    yield (last_partial + complete) / 2, "predicted-complete"
    yield complete, "complete"


def deliveries(rng: random.Random, events: list[Json]) -> list[list[Json]]:
    """The events as they come: in batches, some of them twice, some after their successors."""
    waiting, batches = list(events), list[list[Json]]()
    for place in range(1, len(waiting)):
        if rng.random() < OVERTAKEN:
            waiting.insert(place, waiting.pop(place - 1))
    while waiting:
        size = rng.choice(BATCHES)
        batches.append(waiting[:size])
        waiting = waiting[size:]
    return batches + [batch for batch in batches if rng.random() < REPEATED]


def _data(call: Call, snapshot: Snapshot) -> Json:
    """The summary as events spell it; what was said about the call is not part of it."""
    summary: Json = msgspec.json.decode(snapshot.body)
    rng = random.Random(f"{call.sid}/event")
    summary["properties"] = payloads.spelled_out(rng, summary["properties"], call)
    summary.pop("annotation", None)
    return summary | {name: summary.get(name) or spelled for name, spelled in NOT_THERE.items()}
