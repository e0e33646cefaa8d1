"""Decodes the CloudEvents of Event Streams, of which three types hold a summary.

The type of an event says why it was sent; its data says what is so. A summary is complete when
its own `processing_state` says that, whatever the type: `predicted-complete` comes with a partial
one, and is no more than Twilio's guess that nothing more will change.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from gateway.insights.decoding import decode_plain
from gateway.insights.sids import call_sid
from gateway.insights.snapshot import Snapshot
from gateway.insights.summary_decoding import decode_summary
from gateway.instrumentation import Hook, silent

EventKind: TypeAlias = Literal["partial", "predicted-complete", "complete"]
"""Why an event with a summary was sent."""

_KINDS: dict[str, EventKind] = {
    "com.twilio.voice.insights.call-summary.partial": "partial",
    "com.twilio.voice.insights.call-summary.predicted-complete": "predicted-complete",
    "com.twilio.voice.insights.call-summary.complete": "complete",
}
_SCHEMA = re.compile(r"/VoiceInsights\.CallSummary/([1-9][0-9]?)", re.ASCII)
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class SummaryEvent(Struct, frozen=True):
    """A summary that Twilio pushed; `schema` is the version of its form, None if not said."""

    kind: EventKind
    schema: int | None
    snapshot: Snapshot


class OtherEvent(Struct, frozen=True):
    """An event of a type that holds no summary."""


class BrokenEvent(Struct, frozen=True):
    """No event at all, or one that should hold a summary and does not."""


Event: TypeAlias = SummaryEvent | OtherEvent | BrokenEvent


class _CloudEvent(Struct):
    type: str
    data: Raw = Raw(b"null")
    dataschema: str | None = None


_decode_json = msgspec.json.Decoder(Raw).decode
_decode_batch = msgspec.json.Decoder(list[Raw]).decode
_decode_event = msgspec.json.Decoder(_CloudEvent).decode
_decode_text = msgspec.json.Decoder(str).decode


def read_events(body: bytes, seen_at: float, hook: Hook = silent) -> Iterator[Event]:
    """The events of a JSON array, or the only one. Raises Undecodable, at once, for no JSON."""
    body = body.removeprefix(BOM_UTF8)
    try:
        whole = bytes(_decode_json(body))
    except _UNREADABLE:
        whole = msgspec.json.encode(decode_plain(body))  # what only lenient parsers take
    batch = list(map(bytes, _decode_batch(whole))) if whole.startswith(b"[") else [whole]
    return (_read(one, seen_at, hook) for one in batch)


def _read(one: bytes, seen_at: float, hook: Hook) -> Event:
    """One event; a broken one costs itself, and not the others of its batch."""
    try:
        event = _decode_event(one)
        if (kind := _KINDS.get(event.type)) is None:
            return OtherEvent()
        snapshot = _snapshot(_data(event), kind, seen_at, hook)
    except _UNREADABLE:
        return BrokenEvent()
    schema = _SCHEMA.search(event.dataschema or "")
    return SummaryEvent(kind, None if schema is None else int(schema[1]), snapshot)


def _data(event: _CloudEvent) -> bytes:
    """The JSON of the summary, which is an object or a text that holds one."""
    data = bytes(event.data)
    return _decode_text(data).removeprefix("\ufeff").encode() if data.startswith(b'"') else data


def _snapshot(raw: bytes, kind: EventKind, seen_at: float, hook: Hook) -> Snapshot:
    """An event may be hours old: of the annotation it tells nothing that can be relied on."""
    summary = decode_summary(raw, hook)
    call_sid(summary.call_sid)
    snapshot = Snapshot(summary, raw, as_of=seen_at, annotated_at=0.0, via="event")
    guess = kind == "predicted-complete" and not snapshot.is_complete
    return replace(snapshot, predicted=True) if guess else snapshot
