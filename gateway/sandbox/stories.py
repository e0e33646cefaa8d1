"""How calls come about: each story is one call, or a call and the leg it dialled."""

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
    """An example to rely on: when it ended (seconds before now) and what it shows."""

    name: str
    type: str
    direction: str
    ended: int
    traits: frozenset[str]
    talk: int = 95
    ring: int = 9


def _plot(name: str, call: str, ended: int, traits: str = "good", talk: int = 95) -> Plot:
    kind, direction = call.split("/")
    return Plot(name, kind, direction, ended, frozenset(traits.split()), talk)


PLOTS = (
    _plot("bad_carrier", "carrier/outbound_api", 50 * MINUTE, "bad bad_carrier amd", 240),
    _plot("client", "client/outbound_api", 55 * MINUTE, "bad rich_events conference"),
    _plot("trunking", "trunking/trunking_terminating", 60 * MINUTE),
    _plot("sip", "sip/outbound_dial", 65 * MINUTE),
    _plot("agent", "carrier/inbound", 70 * MINUTE, "good agent", 320),
    _plot("annotated", "carrier/outbound_api", 75 * MINUTE, "fair annotated"),
    _plot("branded", "carrier/outbound_api", 80 * MINUTE, "good branded amd"),
    _plot("branded_legacy", "carrier/outbound_api", 85 * MINUTE, "good branded_legacy"),
    _plot("whatsapp", "whatsapp/inbound", 90 * MINUTE),
    _plot("partial", "client/outbound_api", 7 * MINUTE, "fair"),
    _plot("not_ready", "carrier/outbound_api", 10, "good"),
    _plot("running", "carrier/inbound", -10 * MINUTE, "good", 24 * MINUTE),
    _plot("expired", "carrier/outbound_api", 40 * DAY),
    _plot("not_enabled", "carrier/outbound_api", 95 * MINUTE, "good not_enabled"),
)


def plant(rng: random.Random, now: int, accounts: Accounts) -> Iterator[tuple[str, Call]]:
    """The examples by name, all of them the account's own; "child" comes after its parent."""
    for plot in PLOTS:
        end = now - plot.ended
        yield plot.name, _planted(rng, plot, end, accounts.account_sid)
    ringing = Plot("ringing", "carrier", "outbound_api", -5 * MINUTE, frozenset({"good"}), 60, 1200)
    yield ringing.name, _planted(rng, ringing, now - ringing.ended, accounts.account_sid)
    caller = Plot("parent", "client", "inbound", 68 * MINUTE, frozenset({"fair"}))
    parent = _planted(rng, caller, now - caller.ended, accounts.account_sid)
    yield caller.name, parent
    yield "child", dialled_leg(rng, parent)


def _planted(rng: random.Random, plot: Plot, end: int, account_sid: str) -> Call:
    return Call(
        sid=new_sid(rng),
        account_sid=account_sid,
        type=plot.type,
        direction=plot.direction,
        state="completed",
        start=end - plot.talk - plot.ring,
        end=end,
        ring=plot.ring,
        traits=plot.traits,
    )
