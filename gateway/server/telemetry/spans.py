"""Records OpenTelemetry spans: operations, cache lookups and upstream attempts.

They are made of what the hook tells, when all is known of them, and handed to the exporter as
they are: a span that is opened and closed by the SDK's tracer costs six times as much. An
operation is sampled, or not, at the first that happens for it; one that is not costs no more.
Nothing in a span is personal data: it is what logs and metrics tell, too.
"""

import time
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any, Self, TypeAlias

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.instrumentation import (
    CacheAsked,
    Happening,
    OperationAnswered,
    Outcome,
    TierAsked,
    UpstreamAnswered,
)
from gateway.request_stats import Tally, current

NAME = "call-insights-gateway"
MAX_SPANS = 100
"""So many spans of one operation are told apart; it is told how many more there were."""

LONGEST_CLOSE = 3.0
"""Seconds that the end of the process waits for the last spans to be sent."""

_PROPAGATOR = TraceContextTextMapPropagator()
_SCOPE = InstrumentationScope(NAME, __version__)
_LOW = 2**64 - 1  # the half of a trace's id that is random, whoever made it
_SAMPLED, _OK, _ERROR = TraceFlags(TraceFlags.SAMPLED), Status(), StatusCode.ERROR

Attributes: TypeAlias = dict[str, Any]
Decide: TypeAlias = Callable[[SpanContext | None, int], bool]
"""Whether to sample, by the span above, if there is one, and the id of the trace."""


class _Trace:
    """The part of one operation in a trace."""

    __slots__ = ("context", "kept", "left_out", "over", "parent")

    def __init__(self, context: SpanContext, parent: SpanContext | None) -> None:
        self.context = context
        self.parent = parent
        self.kept: list[ReadableSpan] = []
        self.left_out = 0
        self.over = False


class Spans:
    """A listener that makes spans, and gives those that are sampled to `processor`."""

    def __init__(
        self,
        decide: Decide,
        resource: Resource,
        processor: SpanProcessor,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._decide = decide
        self._resource = resource
        self._processor = processor
        self._clock = clock
        self._ids = RandomIdGenerator()
        self._listeners: dict[type, Callable[[Any, Tally, _Trace], None]] = {
            OperationAnswered: self._operation,
            CacheAsked: self._cache,
            TierAsked: self._tier,
            UpstreamAnswered: self._upstream,
        }

    @classmethod
    def by(cls, environment: Mapping[str, str]) -> Self:
        """What sends spans to where these variables of the process say."""
        named = environment.get("OTEL_TRACES_SAMPLER", "").strip()
        decide = (
            as_sampled_by(TracerProvider(shutdown_on_exit=False).sampler) if named else a_hundredth
        )
        return cls(decide, _resource(environment), BatchSpanProcessor(OTLPSpanExporter()))

    def __call__(self, happening: Happening) -> None:
        """Hear of it."""
        tally = current.get()
        if tally is None or tally.trace is False:
            return
        if (listener := self._listeners.get(type(happening))) is None:
            return
        if tally.trace is None:
            tally.trace = self._begin(tally) or False
            if tally.trace:
                tally.trace_id = f"{tally.trace.context.trace_id:032x}"
        if tally.trace:
            listener(happening, tally, tally.trace)

    def close(self) -> None:
        """Send what was not sent yet, as long as that takes no more than LONGEST_CLOSE."""
        closing = Thread(target=self._processor.shutdown, daemon=True)
        closing.start()
        closing.join(LONGEST_CLOSE)

    def _operation(self, one: OperationAnswered, tally: Tally, trace: _Trace) -> None:
        kind = one.kind or "refused"
        attributes = _operation_attributes(one, tally, trace)
        status = Status(_ERROR, ", ".join(one.codes)) if one.outcome == "failed" else _OK
        end = self._clock()
        trace.over = True
        for span in trace.kept:
            self._processor.on_end(span)
        self._processor.on_end(
            ReadableSpan(
                kind if one.name is None else f"{kind} {one.name}",
                trace.context,
                trace.parent,
                self._resource,
                attributes,
                kind=SpanKind.SERVER,
                status=status,
                start_time=end - int(one.seconds * 1e9),
                end_time=end,
                instrumentation_scope=_SCOPE,
            )
        )
        trace.kept = []

    def _cache(self, one: CacheAsked, _: Tally, trace: _Trace) -> None:
        attributes = {"gateway.cache.kind": one.kind, "gateway.cache.outcome": one.outcome}
        self._within(trace, "cache", attributes)

    def _tier(self, one: TierAsked, _: Tally, trace: _Trace) -> None:
        if one.tier == "far":
            attributes = {
                "db.system.name": "redis",
                "gateway.cache.hits": one.hits,
                "gateway.cache.misses": one.misses,
            }
            self._within(trace, "cache server", attributes, one.seconds, SpanKind.CLIENT)

    def _upstream(self, one: UpstreamAnswered, _: Tally, trace: _Trace) -> None:
        attributes = {"gateway.account": one.account, "http.request.resend_count": one.attempt - 1}
        if one.status:
            attributes["http.response.status_code"] = one.status
        if one.request_id is not None:
            attributes["gateway.twilio_request_id"] = one.request_id
        status = Status(_ERROR) if one.outcome is not Outcome.ANSWERED else _OK
        name = f"Twilio {one.resource}"
        self._within(trace, name, attributes, one.seconds, SpanKind.CLIENT, status)

    def _begin(self, tally: Tally) -> _Trace | None:
        """Decide whether an operation is sampled."""
        parent = _parent(tally.trace_parent) if tally.trace_parent else None
        trace_id = self._ids.generate_trace_id() if parent is None else parent.trace_id
        sampled = self._decide(parent, trace_id)
        return _Trace(self._context(trace_id), parent) if sampled else None

    def _context(self, trace_id: int) -> SpanContext:
        return SpanContext(
            trace_id, self._ids.generate_span_id(), is_remote=False, trace_flags=_SAMPLED
        )

    def _within(  # noqa: PLR0913, PLR0917 - what a span is made of
        self,
        trace: _Trace,
        name: str,
        attributes: Attributes,
        seconds: float = 0.0,
        kind: SpanKind = SpanKind.INTERNAL,
        status: Status = _OK,
    ) -> None:
        """Keep a span that is over until its operation is, or let it go after that."""
        if len(trace.kept) >= MAX_SPANS:
            trace.left_out += 1
            return
        end = self._clock()
        span = ReadableSpan(
            name,
            self._context(trace.context.trace_id),
            trace.context,
            self._resource,
            attributes,
            kind=kind,
            status=status,
            start_time=end - int(seconds * 1e9),
            end_time=end,
            instrumentation_scope=_SCOPE,
        )
        if trace.over:
            self._processor.on_end(span)
        else:
            trace.kept.append(span)


def _operation_attributes(one: OperationAnswered, tally: Tally, trace: _Trace) -> Attributes:
    attributes: Attributes = {
        "gateway.outcome": one.outcome,
        "gateway.request_id": tally.request_id,
        "gateway.upstream_requests": tally.upstream_requests,
        "gateway.cache_hits": tally.cache_hits,
    }
    if one.kind is not None:
        attributes["graphql.operation.type"] = one.kind
    if one.name is not None:
        attributes["graphql.operation.name"] = one.name
    if one.codes:
        attributes["gateway.error_codes"] = one.codes
    if tally.viewer is not None:
        attributes["gateway.viewer"] = tally.viewer
    if tally.client is not None:
        attributes["graphql.client.name"], attributes["graphql.client.version"] = tally.client
    if tally.cost is not None:
        attributes["gateway.cost"] = tally.cost
    if trace.left_out:
        attributes["gateway.spans_left_out"] = trace.left_out
    return attributes


def a_hundredth(parent: SpanContext | None, trace_id: int) -> bool:
    """As whoever asks decided, or one of a hundred: as the SDK's samplers do, in less time."""
    return trace_id & _LOW < _LOW // 100 if parent is None else parent.trace_flags.sampled


def as_sampled_by(sampler: Sampler) -> Decide:
    """What a sampler of the SDK's decides."""

    def decide(parent: SpanContext | None, trace_id: int) -> bool:
        above = Context()
        if parent is not None:
            above = set_span_in_context(NonRecordingSpan(parent), above)
        result = sampler.should_sample(above, trace_id, "operation", SpanKind.SERVER)
        return result.decision is Decision.RECORD_AND_SAMPLE

    return decide


def _parent(header: str) -> SpanContext | None:
    """The span of whoever asks, unless the header is not one."""
    above = _PROPAGATOR.extract({"traceparent": header}, Context())
    parent = get_current_span(above).get_span_context()
    return parent if parent.is_valid else None


def _resource(environment: Mapping[str, str]) -> Resource:
    """What the variables of the SDK's say of this service, and its name if they do not."""
    resource = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own: Attributes = {"service.version": __version__}
    if not environment.get("OTEL_SERVICE_NAME") and "service.name=" not in resource:
        own["service.name"] = NAME
    return Resource.create(own)
