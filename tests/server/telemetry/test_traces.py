"""Traces: what an exporter of OpenTelemetry is given, and when it is given nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags

from gateway.config.settings import Settings
from gateway.insights.catalogue import CallSid
from gateway.instrumentation import OperationExecuted
from gateway.request_stats import current
from gateway.sandbox import Fault, Sandbox
from gateway.schema.types.node import encode_id
from gateway.server.telemetry.spans import MAX_SPANS, Spans, a_hundredth, as_sampled_by
from gateway.server.telemetry.tracing import is_wanted, traces_of
from tests.conftest import Clock, Gateway
from tests.live import hear, say
from tests.server.conftest import listening, opened
from tests.servers import RedisServer

CALL = "query Jitter($sid: CallSid!) { call(sid: $sid) { sid to { callee } } }"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


class Traced(Gateway):
    """A gateway whose spans are kept here."""

    def __init__(
        self,
        sandbox: Sandbox,
        clock: Clock,
        settings: Settings | None = None,
        sampler: Sampler = ALWAYS_ON,
        **options: Any,
    ) -> None:
        self.exporter = InMemorySpanExporter()
        decide = as_sampled_by(ParentBased(sampler))
        spans = Spans(decide, Resource({}), SimpleSpanProcessor(self.exporter))
        super().__init__(sandbox, clock, settings or Settings(), traces=spans, **options)

    def spans(self) -> dict[str, list[ReadableSpan]]:
        """The spans that were exported, by their names."""
        found: dict[str, list[ReadableSpan]] = {}
        for span in self.exporter.get_finished_spans():
            found.setdefault(span.name, []).append(span)
        return found

    def span(self, name: str) -> ReadableSpan:
        """The only one of that name."""
        (span,) = self.spans()[name]
        return span

    async def post(self, query: str, headers: dict[str, str], **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = await self.http.post("/graphql", json=body, headers=headers)
        found: dict[str, Any] = answer.json()
        return found


class Listening(httpx.AsyncBaseTransport):
    """A way to the sandbox that notes the names of headers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox.app)
        self.headers = set[str]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.headers |= {name.lower() for name in request.headers}
        return await self._inner.handle_async_request(request)


@pytest.fixture
async def traced(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Traced]:
    async with Traced(sandbox, clock) as gateway:
        yield gateway


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def times(span: ReadableSpan) -> tuple[int, int]:
    assert span.start_time is not None
    assert span.end_time is not None
    return span.start_time, span.end_time


async def test_an_operation_is_a_span_above_its_lookups_and_attempts(traced: Traced) -> None:
    """One trace tells what was asked, that the cache did not know, and how Twilio fared."""
    await traced.ask(CALL, sid=traced.sandbox.examples()["client"])
    operation = traced.span("query Jitter")
    assert operation.parent is None
    assert operation.kind is SpanKind.SERVER
    assert said(operation)["graphql.operation.type"] == "query"
    assert said(operation)["graphql.operation.name"] == "Jitter"
    assert said(operation)["gateway.upstream_requests"] == 1
    lookup, attempt = traced.span("cache"), traced.span("Twilio Summary")
    assert said(lookup) == {"gateway.cache.kind": "summary", "gateway.cache.outcome": "miss"}
    assert attempt.kind is SpanKind.CLIENT
    assert said(attempt)["http.response.status_code"] == 200
    assert said(attempt)["http.request.resend_count"] == 0
    for span in (lookup, attempt):
        assert span.parent == operation.context
        assert times(operation)[0] <= times(span)[0] <= times(span)[1] <= times(operation)[1]
    assert len({span.context.span_id for span in (operation, lookup, attempt) if span.context}) == 3


async def test_each_attempt_is_told(traced: Traced) -> None:
    """Which one failed, and that there was another."""
    traced.sandbox.inject(Fault(kind="server_error", times=1))
    await traced.ask(CALL, sid=traced.sandbox.examples()["client"])
    first, second = traced.spans()["Twilio Summary"]
    assert first.status.status_code is StatusCode.ERROR
    assert said(first)["http.response.status_code"] == 500
    assert second.status.status_code is StatusCode.UNSET
    assert said(second)["http.request.resend_count"] == 1
    assert traced.span("query Jitter").status.status_code is StatusCode.UNSET


async def test_an_operation_that_failed_says_by_which_codes(traced: Traced) -> None:
    """Failed is what had no answer but errors; that a client was refused is no failure of ours."""
    await traced.send('query Walk { calls(after: "x") { nodes { sid } } }')
    walk = traced.span("query Walk")
    assert walk.status.status_code is StatusCode.ERROR
    assert walk.status.description == "INVALID_CURSOR"
    await traced.send("{ nothing }")
    refused = traced.span("query")
    assert said(refused)["gateway.outcome"] == "refused"
    assert said(refused)["gateway.error_codes"] == ("GRAPHQL_VALIDATION_FAILED",)
    assert refused.status.status_code is StatusCode.UNSET


async def test_a_trace_goes_on_that_the_client_began(
    sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """`traceparent` says of which trace an operation is part, and whether it is sampled."""
    sid = sandbox.examples()["client"]
    async with Traced(sandbox, clock, sampler=ALWAYS_OFF) as traced:
        with caplog.at_level(logging.INFO, "gateway.requests"):
            await traced.post(CALL, {"traceparent": SAMPLED}, sid=sid)
        operation = traced.span("query Jitter")
        assert operation.context is not None
        assert operation.parent is not None
        assert f"{operation.context.trace_id:032x}" == TRACE
        assert f"{operation.parent.span_id:016x}" == SPAN
        assert f"trace_id={TRACE}" in caplog.text
        traced.exporter.clear()
        for header in (NOT_SAMPLED, "garbage", f"ff-{TRACE}-{SPAN}-01", ""):
            await traced.post(CALL, {"traceparent": header}, sid=sid)
        assert traced.spans() == {}
    async with Traced(sandbox, clock, sampler=ALWAYS_ON) as traced:
        await traced.post(CALL, {"traceparent": NOT_SAMPLED}, sid=sid)
        assert traced.spans() == {}
        await traced.post(CALL, {"traceparent": "garbage"}, sid=sid)
        assert traced.span("query Jitter").parent is None


async def test_twilio_is_not_told_of_traces(sandbox: Sandbox, clock: Clock) -> None:
    """They are the operator's: no header of theirs goes to somebody else."""
    twilio = Listening(sandbox)
    async with Traced(sandbox, clock, transport=twilio) as traced:
        sid = sandbox.examples()["client"]
        await traced.post(CALL, {"traceparent": SAMPLED, "baggage": "caller=alice"}, sid=sid)
        assert traced.span("Twilio Summary")
    assert "authorization" in twilio.headers
    assert not {"traceparent", "tracestate", "baggage"} & twilio.headers


async def test_nothing_personal_is_in_a_span(traced: Traced) -> None:
    """No number, no name and no variable, whatever was asked and answered."""
    number = "+14155550100"
    sandbox = traced.sandbox
    for sid in sandbox.examples().values():
        await traced.send(CALL, sid=sid)
    listed = await traced.ask("{ calls(first: 50) { nodes { from { caller } } } }")
    await traced.send(f'{{ calls(filter: {{ from: "{number}" }}) {{ nodes {{ sid }} }} }}')
    await traced.send(f'query Call{number[1:]} {{ call(sid: "{number}") {{ sid }} }}')
    numbers = {node["from"]["caller"] for node in listed["calls"]["nodes"]} | {number, "alice"}
    told = "".join(span.to_json() for span in traced.exporter.get_finished_spans())
    assert [one for one in numbers if one.lstrip("+") in told] == []


async def test_what_is_shared_is_told_of_whoever_asked_first(traced: Traced) -> None:
    """An attempt is part of one trace, also when it answers many."""
    traced.sandbox.inject(Fault(kind="slow", seconds=0.1, times=1))
    sid = traced.sandbox.examples()["client"]
    await asyncio.gather(*(traced.ask(CALL, sid=sid) for _ in range(5)))
    assert len(traced.spans()["query Jitter"]) == 5
    assert traced.span("Twilio Summary").parent in [
        span.context for span in traced.spans()["query Jitter"]
    ]


async def test_a_question_to_the_cache_server_is_a_span(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """With what it had of what was asked, and how long it took."""
    async with Traced(sandbox, clock, Settings(gateway_cache_url=redis.url)) as traced:
        await traced.ask(CALL, sid=sandbox.examples()["client"])
        asked = traced.spans()["cache server"][0]
        begun, over = times(asked)
        assert over > begun
        assert asked.kind is SpanKind.CLIENT
        assert said(asked)["gateway.cache.misses"] == 1


async def test_a_large_operation_has_a_bounded_number_of_spans(traced: Traced) -> None:
    """Beyond some, they are counted."""
    sids = [f"CA{n:032x}" for n in range(60)]  # each is looked up, and then asked for
    ids = ", ".join(f'"{encode_id(CallSid(sid))}"' for sid in sids)
    await traced.send(f"query Many {{ nodes(ids: [{ids}]) {{ id }} }}")
    assert len(traced.exporter.get_finished_spans()) == MAX_SPANS + 1
    assert said(traced.span("query Many"))["gateway.spans_left_out"] == 2 * len(sids) - MAX_SPANS


async def test_an_operation_on_a_websocket_is_a_span(traced: Traced) -> None:
    """However an operation arrives, it is told."""
    async with listening(traced.app) as address, opened(address) as connection:
        await say(connection, type="connection_init")
        await hear(connection)
        payload = {"query": CALL, "variables": {"sid": traced.sandbox.examples()["client"]}}
        await say(connection, type="subscribe", id="1", payload=payload)
        await hear(connection)
        await hear(connection)
    operation = traced.span("query Jitter")
    assert traced.span("Twilio Summary").parent == operation.context


async def test_an_answer_that_is_given_again_is_a_span_of_its_own(traced: Traced) -> None:
    """In the trace of whoever asked, though their requests are known as one."""
    parents = [f"00-{number:032x}-{SPAN}-01" for number in range(1, 5)]
    body = {"query": CALL, "variables": {"sid": traced.sandbox.examples()["client"]}}
    async with listening(traced.app) as (host, port), httpx.AsyncClient() as client:
        for parent in parents:
            headers = {"traceparent": parent}
            answer = await client.post(f"http://{host}:{port}/graphql", json=body, headers=headers)
            assert answer.json()["data"]
    operations, lookups = traced.spans()["query Jitter"], traced.spans()["cache"]
    assert [one.context.trace_id for one in operations] == [1, 2, 3, 4]
    assert [one.parent for one in lookups] == [one.context for one in operations]
    assert OperationExecuted("remembered") in traced.happenings
    assert said(operations[3])["gateway.cache_hits"] == 1
    assert said(operations[3])["gateway.upstream_requests"] == 0


async def test_other_requests_are_no_spans(traced: Traced) -> None:
    """Probes and scrapes would be most of what is sent, and say nothing."""
    for path in ("/healthz", "/readyz", "/metrics", "/", "/nothing"):
        await traced.http.get(path)
    assert traced.spans() == {}
    assert current.get() is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "gateway"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, False),
    ],
    ids=str,
)
def test_traces_are_sent_where_the_environment_says_so(said: dict[str, str], wanted: bool) -> None:  # noqa: FBT001 - a table
    """By OpenTelemetry's own variables; without them there is nothing to pay for."""
    assert is_wanted(said) is wanted
    if not wanted:
        assert traces_of(said) is None


def test_one_of_a_hundred_is_sampled_unless_somebody_says_otherwise() -> None:
    """The same ones as the SDK's sampler would take, and all of those that others sampled."""
    as_the_sdk_does = as_sampled_by(ParentBased(TraceIdRatioBased(0.01)))
    ids = [RandomIdGenerator().generate_trace_id() for _ in range(20_000)]
    assert [a_hundredth(None, one) for one in ids] == [as_the_sdk_does(None, one) for one in ids]
    assert 100 < sum(a_hundredth(None, one) for one in ids) < 320
    for flags in (0, 1):
        parent = SpanContext(1, 1, is_remote=True, trace_flags=TraceFlags(flags))
        assert {a_hundredth(parent, one) for one in ids} == {bool(flags)}
        assert as_the_sdk_does(parent, ids[0]) is bool(flags)
