"""Traces, from the variables of an operator's to a collector of spans."""

from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox import Sandbox
from tests.configured import Configured, bearer, token_of
from tests.servers import serving

pytestmark = pytest.mark.processes

CALL = "query Jitter($sid: CallSid!) { call(sid: $sid) { sid } }"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector:
    """Takes spans by OTLP, and keeps them."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])
        self.resources = dict[str, str]()
        self.spans = list[tuple[str, str]]()

    async def _take(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/x-protobuf"
        body = await request.body()
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            said = group.resource.attributes
            self.resources |= {one.key: one.value.string_value for one in said}
            self.spans += [
                (span.trace_id.hex(), span.name)
                for scope in group.scope_spans
                for span in scope.spans
            ]
        return Response(b"", media_type="application/x-protobuf")


def test_what_was_sampled_is_sent_before_the_process_ends(tmp_path: Path) -> None:
    """`gateway serve` sends spans to the endpoint that OpenTelemetry's variables name."""
    sandbox, collector = Sandbox(calls=60, arrivals=False), Collector()
    gateway = Configured(tmp_path, sandbox)
    gateway.allow("alice")
    variables = {"sid": sandbox.examples()["client"]}
    headers = {**bearer(token_of("alice")), "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    with serving(sandbox.app) as twilio, serving(collector.app) as endpoint:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
        with gateway.running(twilio, **settings):
            answer = httpx.post(
                f"{gateway.address}/graphql",
                json={"query": CALL, "variables": variables},
                headers=headers,
            )
            assert "errors" not in answer.json(), answer.text
            assert collector.spans == []  # it waits for more, and was not told to stop
    assert sorted(collector.spans) == [
        (TRACE, "Twilio Summary"),
        (TRACE, "cache"),
        (TRACE, "query Jitter"),
    ]
    assert collector.resources["service.name"] == "call-insights-gateway"
    assert "Traceback" not in gateway.log()
