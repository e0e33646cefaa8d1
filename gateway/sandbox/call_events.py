"""Generates the events of a call: of gateways, of its SDK and of its agent."""

from collections.abc import Iterator

from gateway.sandbox.calls import Call, Json
from gateway.sandbox.clients import client_metadata
from gateway.sandbox.media_edges import sdk_timeline
from gateway.sandbox.metrics import GATEWAYS, SDK, gateway_metadata
from gateway.sandbox.relay_events import GROUP, relay_events

PROGRESS = "call"


def call_events(call: Call, summary: Json) -> Iterator[tuple[float, Json]]:
    """Each event with the moment (epoch seconds) it happened at."""
    if call.verbatim is not None:
        yield from ((call.end, event) for event in call.verbatim_events)
        return
    for edge in GATEWAYS:
        if summary.get(edge):
            details = {"metadata": gateway_metadata(summary[edge])}
            for moment, name in _progress(call):
                yield moment, _event(call, edge, PROGRESS, name, "UNKNOWN", details)
    if summary.get(SDK):
        yield from _of_the_sdk(call, summary)
    for moment, name, data in relay_events(call, summary):
        level = "ERROR" if name == "error" else None
        event = _event(call, None, GROUP, name, level, {})
        yield moment, event | {"conversation_relay_data": data}


def _progress(call: Call) -> Iterator[tuple[float, str]]:
    yield call.start, "call.initiated"
    if call.state == "undialed":
        return
    yield call.start + min(1, call.ring), "call.ringing"
    if call.answered:
        yield call.end - call.talk, "call.connected"
    yield call.end, "call.disconnected"


def _of_the_sdk(call: Call, summary: Json) -> Iterator[tuple[float, Json]]:
    """As the summary counts them."""
    who = {"metadata": client_metadata(summary)}
    length = call.end - call.start
    for event in sdk_timeline(call, summary[SDK].get("metrics")):
        moment = call.start + event.at * length
        details = _event(call, SDK, event.group, event.name, event.level, event.more | who)
        yield moment, details


def _event(  # noqa: PLR0913, PLR0917  (all that an event is)
    call: Call, edge: str | None, group: str, name: str, level: str | None, details: Json
) -> Json:
    nothing: Json = dict.fromkeys((*GATEWAYS, SDK))
    identity = {"call_sid": call.sid, "account_sid": call.account_sid}
    event = {"edge": edge, "group": group, "level": level, "name": name, **identity, **nothing}
    return event | ({edge: details} if edge else {})
