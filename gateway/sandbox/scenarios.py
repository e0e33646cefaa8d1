"""Generates calls by scenario: one call, or a call and the leg that it dialled."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.sandbox.accounts import Accounts
from gateway.sandbox.calls import Call

LONGEST = 1500  # seconds; no call that a story tells takes longer
MINUTE, HOUR, DAY = 60, 3600, 86400

TYPES = {"carrier": 52, "client": 20, "trunking": 13, "sip": 10, "whatsapp": 5}
DIRECTIONS = {
    "carrier": {"outbound_api": 60, "inbound": 30, "outbound_dial": 10},
    "client": {"inbound": 60, "outbound_api": 25, "outbound_dial": 15},
    "trunking": {"trunking_originating": 50, "trunking_terminating": 50},
    "sip": {"outbound_dial": 60, "inbound": 40},
    "whatsapp": {"inbound": 70, "outbound_api": 30},
}
STATES = {"completed": 80, "noanswer": 7, "busy": 5, "fail": 4, "canceled": 3, "undialed": 1}
QUALITIES = {"good": 78, "fair": 12, "bad": 10}
TRAITS = {  # name → how many calls of a hundred have it
    "amd": 20,
    "annotated": 9,
    "branded": 14,
    "branded_legacy": 4,
    "agent": 5,
    "conference": 8,
    "event_shaped": 4,
    "legacy": 5,
    "silent": 3,
    "slow_dial": 4,
    "spam": 2,
}
CONFLICTS = (("branded", "branded_legacy"), ("branded_legacy", "legacy"), ("silent", "agent"))


def pick(rng: random.Random, weights: Mapping[str, int]) -> str:
    """One of the names, as often as its weight says."""
    return rng.choices(list(weights), list(weights.values()))[0]


def tell(rng: random.Random, end: int, accounts: Accounts) -> tuple[Call, ...]:
    """A story whose last call ends at `end`, in epoch seconds."""
    call = _chance_call(rng, end, accounts)
    if call.type == "client" and call.direction == "inbound" and call.answered:
        return call, dialled_leg(rng, call)
    return (call,)


def dialled_leg(rng: random.Random, parent: Call) -> Call:
    """The leg to a phone that a call from an app dialled; it ends when its parent does."""
    return replace(
        parent,
        sid=new_sid(rng),
        type="carrier",
        direction="outbound_dial",
        start=parent.start + min(2, parent.ring),
        ring=max(0, parent.ring - 2),
        parent_sid=parent.sid,
        traits=parent.traits - {"annotated", "agent"} | {"from_app"},
    )


def new_sid(rng: random.Random) -> str:
    """A call SID that nobody else will draw."""
    return f"CA{rng.getrandbits(128):032x}"


def _chance_call(rng: random.Random, end: int, accounts: Accounts) -> Call:
    kind, state = pick(rng, TYPES), pick(rng, STATES)
    ring = rng.randint(2, 28)
    talk = 0
    if state == "completed":
        talk = min(LONGEST - 30, 2 + int(rng.lognormvariate(4.2, 1.2)))
    owner = rng.choices((accounts.account_sid, *accounts.subaccounts), (82, 11, 7))[0]
    traits = {pick(rng, QUALITIES)}
    traits |= {name for name, share in TRAITS.items() if rng.random() * 100 < share}
    for kept, dropped in CONFLICTS:
        if kept in traits:
            traits.discard(dropped)
    return Call(
        sid=new_sid(rng),
        account_sid=owner,
        parent_account_sid=None if owner == accounts.account_sid else accounts.account_sid,
        type=kind,
        direction=pick(rng, DIRECTIONS[kind]),
        state=state,
        start=end - talk - ring,
        end=end,
        ring=ring,
        traits=frozenset(traits),
    )


@dataclass(frozen=True, slots=True)
class Plot:
    """An example to rely on: a call of this type and direction that ended so many seconds ago.

    It talked for `talk` seconds after ringing for `ring`; one that was not answered only rang.
    """

    name: str
    call: str
    ended: int
    traits: str = "good"
    talk: int = 95
    ring: int = 9
    state: str = "completed"


PLOTS = (
    Plot("bad_carrier", "carrier/outbound_api", 50 * MINUTE, "bad bad_carrier amd", talk=240),
    Plot("client", "client/outbound_api", 55 * MINUTE, "bad rich_events conference"),
    Plot("trunking", "trunking/trunking_terminating", 60 * MINUTE),
    Plot("sip", "sip/outbound_dial", 65 * MINUTE),
    Plot("parent", "client/inbound", 68 * MINUTE, "fair"),
    Plot("agent", "carrier/inbound", 70 * MINUTE, "good agent", talk=320),
    Plot("annotated", "carrier/outbound_api", 75 * MINUTE, "fair annotated"),
    Plot("branded", "carrier/outbound_api", 80 * MINUTE, "good branded amd"),
    Plot("branded_legacy", "carrier/outbound_api", 85 * MINUTE, "good branded_legacy"),
    Plot("whatsapp", "whatsapp/inbound", 90 * MINUTE),
    Plot("not_enabled", "carrier/outbound_api", 95 * MINUTE, "good not_enabled"),
    Plot("busy", "carrier/outbound_api", 97 * MINUTE, talk=0, state="busy"),
    Plot("spelled_out", "carrier/outbound_api", 99 * MINUTE, "good event_shaped"),
    Plot("expired", "carrier/outbound_api", 40 * DAY),
    Plot("partial", "client/outbound_api", 7 * MINUTE, "fair"),
    Plot("not_ready", "carrier/outbound_api", 10),
    Plot("running", "carrier/inbound", -10 * MINUTE, talk=24 * MINUTE),
    Plot("ringing", "carrier/outbound_api", -5 * MINUTE, talk=60, ring=20 * MINUTE),
)


def plant(rng: random.Random, now: int, accounts: Accounts) -> Iterator[tuple[str, Call]]:
    """The examples by name, all of them the account's own; "child" comes after its parent."""
    for plot in PLOTS:
        call = _planted(rng, plot, now - plot.ended, accounts.account_sid)
        yield plot.name, call
        if plot.name == "parent":
            yield "child", dialled_leg(rng, call)


def _planted(rng: random.Random, plot: Plot, end: int, account_sid: str) -> Call:
    kind, direction = plot.call.split("/")
    return Call(
        sid=new_sid(rng),
        account_sid=account_sid,
        type=kind,
        direction=direction,
        state=plot.state,
        start=end - plot.talk - plot.ring,
        end=end,
        ring=plot.ring,
        traits=frozenset(plot.traits.split()),
    )
