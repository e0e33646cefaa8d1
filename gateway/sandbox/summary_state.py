"""Computes the state of a summary: a pure function of call, time and speed.

```
call begins      ends      +5 min   +10   +15   +20   +25      +30 min        +30 days
  │  not ready    │ not ready │  v1  │  v2 │  v3 │  v4 │  v5     │  complete, v6  │  expired
```

A call that goes on for more than ten minutes has a first partial summary while it runs, and so
one version more in the end. The five-minute steps differ by up to a tenth from call to call.
"""

from bisect import bisect_right
from typing import Literal, NamedTuple

from gateway.sandbox.calls import Call, Json

State = Literal["unborn", "not_ready", "partial", "complete", "expired"]

STEP = 300  # seconds between two versions, about
STEPS = 6  # the last of them is the complete summary
WHILE_RUNNING = 600  # seconds into a long call
KEPT = 30 * 86400  # seconds after the end

IDENTITY = ("caller", "callee", "connection")
EDGES = ("carrier_edge", "client_edge", "sdk_edge", "sip_edge")
FIRST_SEEN = {  # field → version of the partial summary that has it first
    "connect_duration": 2,
    "attributes": 2,
    "carrier_edge": 3,
    "client_edge": 3,
    "sdk_edge": 3,
    "sip_edge": 3,
    "trust": 4,
    "answered_by": 4,
    "tags": 5,
}
WHOLE_PARTIES = 2
WHOLE_PROPERTIES = 2
METRICS = 4
AGENT_SESSIONS = 5


class Stage(NamedTuple):
    """Where a summary is in its life; `call_state` is told only of a call that still runs."""

    state: State
    version: int = 0
    call_state: str | None = None

    @property
    def readable(self) -> bool:
        """There is something to answer."""
        return self.state in ("partial", "complete")


def stage(call: Call, now: float, speed: float) -> Stage:
    """Where the summary of `call` is at `now` (epoch seconds); `speed` divides every delay.

    A summary of a test's own making is what it says it is, for ever.
    """
    if call.verbatim is not None:
        partial = call.verbatim.get("processing_state") == "partial"
        version = call.verbatim.get("processing_version") or 1
        return Stage("partial" if partial else "complete", version)
    if now < call.start:
        return Stage("unborn")
    if now > call.end + KEPT:
        return Stage("expired")
    moments = updates(call, speed)
    version = bisect_right(moments, now)
    state: State = "partial" if version else "not_ready"
    if now < call.end:
        call_state = "ringing" if now < call.start + call.ring else "answered"
        return Stage(state, version, call_state)
    return Stage("complete" if version == len(moments) else state, version)


def updates(call: Call, speed: float) -> list[float]:
    """The moments at which a new version is there, the complete one last."""
    step = STEP * pace(call) / speed
    early = call.start + WHILE_RUNNING / speed
    while_running = [early] if early < call.end else []
    return [*while_running, *(call.end + number * step for number in range(1, STEPS + 1))]


def pace(call: Call) -> float:
    """How much slower or faster than most this summary comes about: 0.9 to 1.1."""
    return 0.9 + 0.2 * int(call.sid[2:6], 16) / 0xFFFF


def seen_at(summary: Json, now: Stage) -> Json:
    """What of the whole `summary` is known at this stage: a new dict, less in earlier versions."""
    seen = summary | {"processing_state": now.state, "processing_version": now.version}
    if now.state == "complete":
        return seen
    seen |= {field: None for field, first in FIRST_SEEN.items() if now.version < first}
    if now.version < WHOLE_PARTIES:
        seen |= {party: _only(summary[party], *IDENTITY) for party in ("from", "to")}
    if now.version < WHOLE_PROPERTIES:
        seen["properties"] = _only(summary["properties"], "direction")
    if now.version < METRICS:
        seen |= {edge: _only(seen[edge], "properties") for edge in EDGES if seen[edge]}
    if now.version < AGENT_SESSIONS:
        seen.pop("agent_session_summaries", None)
    if now.call_state:
        running = {"end_time": None, "duration": None, "call_state": now.call_state}
        seen |= running
    return seen


def _only(whole: Json, *names: str) -> Json:
    return {name: whole[name] for name in names if name in whole}
