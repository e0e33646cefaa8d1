"""Defines `Call`: Twilio's summary, and the fields that the gateway adds."""

import math
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, cast, overload

import strawberry

from gateway.calls import call as calls
from gateway.config.viewers import Scope
from gateway.insights.annotation import Annotation
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import decode_plain
from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.diagnosis.findings import Diagnosis
from gateway.insights.diagnosis.outcome import ending
from gateway.insights.media_edges import MediaEdge
from gateway.insights.snapshot import Snapshot
from gateway.insights.summary import ProcessingState, Summary
from gateway.insights.tags import CallTag
from gateway.schema.context import Context, Info
from gateway.schema.demand_control.cost import LOOKUP
from gateway.schema.types import details
from gateway.schema.types import party as _party  # noqa: F401 - it extends a type used here
from gateway.schema.types import streams as _streams  # noqa: F401 - the same
from gateway.schema.types.derive import extends, name_enums, object_type
from gateway.schema.types.field_traits import Reads, changes, costs, reads
from gateway.schema.types.node import Node, encode_id
from gateway.schema.types.scalars import Json

name_enums()


@strawberry.type(description="How far the summary of a call is, and where this answer comes from.")
class Processing:
    """The state of a summary, as one answer had it."""

    state: ProcessingState = strawberry.field(description="Whether the summary is complete.")
    version: int | None = strawberry.field(
        description="Grows with every update while the summary is partial."
    )
    is_final: bool = strawberry.field(
        description="Whether nothing but the annotation is expected to change any more."
    )
    final_reason: calls.FinalReason | None = strawberry.field(
        description="Why it is taken for final; null while it is not."
    )
    predicted_complete: bool = strawberry.field(
        description=(
            "Whether Twilio predicted in an event that this partial summary will not change. "
            "The prediction is not always right."
        )
    )
    as_of: datetime = strawberry.field(
        description="When Twilio said so.", metadata=reads(Reads.SOURCE)
    )
    source: calls.Source = strawberry.field(
        name="source",
        description="Where this answer comes from.",
        metadata=reads(Reads.SOURCE),
    )
    refresh_after: datetime | None = strawberry.field(
        description=(
            "The moment from which another request may return more; null when the summary is final."
        ),
        metadata=reads(Reads.SOURCE),
    )


@extends(Summary)
class Call(Node):
    """One phone call, as Voice Insights sums it up: who, how it went, and how it sounded."""

    @staticmethod
    def is_type_of(value: object, _info: object) -> bool:
        """Whether a value of the resolvers is a call."""
        return isinstance(value, calls.Call)

    @strawberry.field(
        description="Identifies the call in this graph; for `node`.", metadata=reads(Reads.VALUE)
    )
    @staticmethod
    def id(root: strawberry.Parent[calls.Call]) -> strawberry.ID:
        """Relay's global id."""
        return strawberry.ID(encode_id(root.summary.call_sid))

    @strawberry.field(
        description="Conditions that could have been heard; empty when there are none.",
        graphql_type=list[CallTag],
        metadata=reads(Reads.VALUE),
    )
    @staticmethod
    def tags(root: strawberry.Parent[calls.Call]) -> tuple[CallTag, ...]:
        """The upstream writes null for no tags."""
        return root.summary.tags or ()

    @strawberry.field(
        description=Summary.facts["annotation"].description,
        graphql_type=object_type(Annotation) | None,
        metadata=costs(1) | changes() | reads(Reads.AGED),
    )
    @staticmethod
    def annotation(
        root: strawberry.Parent[calls.Call], info: Info
    ) -> Annotation | Awaitable[Annotation | None] | None:
        """Asked for again when it is too old: it can change when nothing else can."""
        if info.context.call_service.lookups.annotation_is_fresh(root):
            return annotation_of(info.context, root.snapshot)
        return annotation_anew(info.context, root.snapshot)

    @strawberry.field(
        description="The media edges that this call has, from the network inwards.",
        graphql_type=list[object_type(MediaEdge)],  # type: ignore[misc]
        metadata=reads(Reads.VALUE),
    )
    @staticmethod
    def edges(root: strawberry.Parent[calls.Call]) -> tuple[MediaEdge, ...]:
        """All edges as one list."""
        return root.summary.media_edges

    @strawberry.field(
        description=(
            "Why the call went or sounded as it did, as far as its summary says. It names the "
            "problems, the parties who heard them, and where the fault most likely lies. It costs "
            "no request to Twilio."
        ),
        graphql_type=object_type(Diagnosis),
        metadata=changes() | reads(Reads.VALUE),
    )
    @staticmethod
    def diagnosis(root: strawberry.Parent[calls.Call]) -> Diagnosis:
        """Of the summary as it is known, with the annotation in it."""
        return diagnose(root.summary)

    metrics = details.metrics
    events = details.events

    @strawberry.field(
        description="The call that created this one, when it was dialled from another call.",
        metadata=costs(LOOKUP),
    )
    @staticmethod
    async def parent_call(root: strawberry.Parent[calls.Call], info: Info) -> "Call | None":
        """Looked up like any call."""
        sid = root.summary.parent_call_sid
        if sid is None:
            return None
        context = info.context
        lookup = await context.call_service.lookups.look_up(context.viewer.realm, sid)
        context.freshness.lookup(lookup)
        return call_of(lookup.call)

    @strawberry.field(
        description="How far the summary is, and where this answer comes from.",
        metadata=changes() | reads(Reads.VALUE),
    )
    @staticmethod
    def processing(root: strawberry.Parent[calls.Call]) -> Processing:
        """Tell the truth about this answer."""
        summary = root.summary
        return Processing(
            state=summary.processing_state or ProcessingState.PARTIAL,
            version=summary.processing_version,
            is_final=root.is_final,
            final_reason=root.final_reason,
            predicted_complete=root.snapshot.predicted,
            as_of=_moment(root.snapshot.as_of),
            source=root.source,
            refresh_after=None if root.refresh_after is None else _moment(root.refresh_after),
        )

    @strawberry.field(
        description=(
            "Twilio's summary of this call, word for word, for fields and values that this "
            "version of the schema lacks. It holds personal data, and needs the scope "
            "`pii:read`."
        ),
        metadata=costs(values=500) | reads(Reads.VALUE),
    )
    @staticmethod
    def raw(root: strawberry.Parent[calls.Call], info: Info) -> Json | None:
        """The bytes that the summary was read from."""
        info.context.viewer.must(Scope.PII_READ, "`raw`")
        return Json(decode_plain(root.snapshot.raw))


@overload
def call_of(value: calls.Call) -> Call: ...
@overload
def call_of(value: calls.Call | None) -> Call | None: ...
def call_of(value: calls.Call | None) -> Call | None:
    """A call where the type `Call` is expected: its fields are read off the value itself."""
    return cast("Call | None", value)


@strawberry.type(description="A call, or the reason why there is no summary of it.")
class CallLookup:
    """The answer to `callLookup`."""

    sid: CallSid = strawberry.field(description="The call that was asked for.")
    status: calls.LookupStatus = strawberry.field(
        description="Whether there is a summary, and if not, why."
    )
    call: Call | None = strawberry.field(
        description="The call, when the status is `COMPLETE` or `PARTIAL`."
    )
    message: str = strawberry.field(
        description=(
            "The status in a sentence, for people. If the call ended in a SIP failure, another "
            "sentence has the SIP response and the Q.850 cause in words."
        )
    )
    retry_after_seconds: int | None = strawberry.field(
        description=(
            "Seconds to wait before another request; null when another request would return "
            "nothing new."
        )
    )


def lookup_of(found: calls.Lookup) -> CallLookup:
    """The answer to a lookup as the graph tells it."""
    wait = found.retry_after
    ended = None if found.call is None else ending(found.call.summary)
    return CallLookup(
        sid=found.sid,
        status=found.status,
        call=call_of(found.call),
        message=found.status.meaning if ended is None else f"{found.status.meaning} {ended}",
        retry_after_seconds=None if wait is None else math.ceil(wait),
    )


def annotation_of(context: Context, snapshot: Snapshot) -> Annotation | None:
    """The annotation as it is known, told for as long as it is fresh."""
    fresh_until = context.call_service.lookups.annotation_fresh_until(snapshot)
    context.freshness.saw(snapshot.annotated_at, fresh_until)
    return snapshot.summary.annotation


async def annotation_anew(context: Context, cached: Snapshot) -> Annotation | None:
    """The annotation as Twilio tells it now."""
    snapshot = await context.call_service.lookups.annotated(context.viewer.realm, cached)
    return None if snapshot is None else annotation_of(context, snapshot)


def read_attribute(source: Any, name: str) -> object:
    """Read a field that nobody resolves: of a call, from its summary."""
    return getattr(source.summary if isinstance(source, calls.Call) else source, name)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
