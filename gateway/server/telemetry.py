"""What operators see: Prometheus metrics, fed by the hook."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from gateway import __version__
from gateway.instrumentation import (
    CacheAsked,
    CacheServerChanged,
    Coalesced,
    EventReceived,
    FieldDropped,
    FollowersChanged,
    Happening,
    SummaryProgressed,
    TierAsked,
    UpstreamAnswered,
    ValueUnrecognized,
    WebhookAnswered,
)

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BUCKETS_AFTER_END = (60, 300, 600, 900, 1200, 1500, 1800, 2100, 2700, 3600, 7200)
_SCHEMAS = range(1, 8)


class Telemetry:
    """A listener that counts; label values are names of the code and of the catalogue alone."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._upstream = self._histogram(
            "gateway_upstream_request_seconds",
            "Requests to Twilio, by resource and HTTP status (0: no answer).",
            ("resource", "status"),
        )
        self._progress = Histogram(
            "gateway_summary_after_call_end_seconds",
            "From the end of a call to its first partial and its complete summary, as fetched.",
            ("state",),
            registry=self._registry,
            buckets=_BUCKETS_AFTER_END,
        )
        self._followers = Gauge(
            "gateway_followers", "Who follows a call now.", registry=self._registry
        )
        self._dropped = self._counter(
            "gateway_fields_dropped", "Fields of the wrong type, made null.", ("field",)
        )
        self._unrecognized = self._counter(
            "gateway_values_unrecognized", "Values that the catalogue lacks.", ("field",)
        )
        self._cached = _Cached(self._registry)
        self._pushed = _Pushed(self._registry)
        build = Gauge(
            "gateway_build_info", "The version, as a label.", ("version",), registry=self._registry
        )
        build.labels(__version__).set(1)

    def __call__(self, happening: Happening) -> None:
        """Count what happened."""
        match happening:
            case UpstreamAnswered(resource=resource, status=status, seconds=seconds):
                self._upstream.labels(resource, str(status)).observe(seconds)
            case SummaryProgressed(state=state, after_end=after_end):
                self._progress.labels(state).observe(after_end)
            case FollowersChanged(by=by):
                self._followers.inc(by)
            case FieldDropped(field=field):
                self._dropped.labels(field).inc()
            case ValueUnrecognized(field=field):
                self._unrecognized.labels(field).inc()
            case WebhookAnswered() | EventReceived():
                self._pushed(happening)
            case _:
                self._cached(happening)

    async def metrics(self, _: Request) -> Response:
        """`GET /metrics`."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    def _counter(self, name: str, told: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, told, labels, registry=self._registry)

    def _histogram(self, name: str, told: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, told, labels, registry=self._registry, buckets=_BUCKETS)


class _Cached:
    """What the cache knew, and what that saved."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lookups = Counter(
            "gateway_cache_lookups",
            "Lookups in the cache, by outcome.",
            ("kind", "outcome"),
            registry=registry,
        )
        self._entries = Counter(
            "gateway_cache_entries",
            "Entries asked of a tier, by outcome.",
            ("tier", "outcome"),
            registry=registry,
        )
        self._coalesced = Counter(
            "gateway_coalesced",
            "Askers that shared a fetch under way.",
            ("kind",),
            registry=registry,
        )
        self._saved = Counter(
            "gateway_upstream_requests_saved",
            "Questions that Twilio was not asked: answered from the cache, or shared.",
            ("kind",),
            registry=registry,
        )
        self._server_up = Gauge(
            "gateway_cache_server_up", "Whether the cache server answers.", registry=registry
        )
        self._server_up.set(1)

    def __call__(self, happening: CacheAsked | TierAsked | CacheServerChanged | Coalesced) -> None:
        match happening:
            case CacheAsked(kind=kind, outcome=outcome):
                self._lookups.labels(kind, outcome).inc()
                if outcome == "hit":
                    self._saved.labels(kind).inc()
            case TierAsked(tier=tier, hits=hits, misses=misses):
                self._entries.labels(tier, "hit").inc(hits)
                self._entries.labels(tier, "miss").inc(misses)
            case CacheServerChanged(up=up):
                self._server_up.set(int(up))
            case Coalesced(kind=kind):
                self._coalesced.labels(kind).inc()
                self._saved.labels(kind).inc()


class _Pushed:
    """What Event Streams bring."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "gateway_webhook_requests",
            "Requests to the Event Streams sink, by outcome.",
            ("outcome",),
            registry=registry,
        )
        self._events = Counter(
            "gateway_events",
            "Events pushed by Twilio, by kind, outcome and version of their schema.",
            ("kind", "outcome", "schema"),
            registry=registry,
        )
        self._after_end = Histogram(
            "gateway_event_after_call_end_seconds",
            "From the end of a call to a new summary of it by event, by kind.",
            ("kind",),
            registry=registry,
            buckets=_BUCKETS_AFTER_END,
        )

    def __call__(self, happening: WebhookAnswered | EventReceived) -> None:
        if isinstance(happening, WebhookAnswered):
            self._requests.labels(happening.outcome).inc()
            return
        schema = str(happening.schema) if happening.schema in _SCHEMAS else "other"
        self._events.labels(happening.kind, happening.outcome, schema).inc()
        if happening.after_end is not None:
            self._after_end.labels(happening.kind).observe(happening.after_end)
