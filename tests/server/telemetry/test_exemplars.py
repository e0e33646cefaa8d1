"""From a bucket of latencies to a trace: exemplars of `/metrics`, as OpenMetrics has them."""

from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gateway.sandbox import Sandbox
from tests.conftest import Clock
from tests.server.conftest import Address, listening
from tests.server.telemetry.test_traces import CALL, NOT_SAMPLED, SAMPLED, TRACE, Traced

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
"""What Prometheus 3 sends (its documentation of content negotiation)."""

ANOTHER = "00-" + "a" * 32 + "-00f067aa0ba902b7-01"


@pytest.fixture
async def address(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Address]:
    async with (
        Traced(sandbox, clock) as traced,
        listening(traced.app) as address,
    ):
        yield address


async def post(address: Address, sid: str, traceparent: str) -> None:
    host, port = address
    body = {"query": CALL, "variables": {"sid": sid}}
    async with httpx.AsyncClient() as client:
        headers = {"traceparent": traceparent}
        url = f"http://{host}:{port}/graphql"
        answer = await client.post(url, json=body, headers=headers)
    assert answer.json()["data"]["call"]


async def page(address: Address, accept: str) -> httpx.Response:
    host, port = address
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://{host}:{port}/metrics", headers={"Accept": accept})


def exemplars(text: str) -> dict[str, set[str]]:
    """The traces of each histogram, by its name."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]
        for sample in family.samples:
            if sample.exemplar is not None:
                found.setdefault(family.name, set()).add(sample.exemplar.labels["trace_id"])
    return found


async def test_latencies_lead_to_their_trace(address: Address, sandbox: Sandbox) -> None:
    """Of an operation, and of each request to Twilio that it made (OpenMetrics, Exemplars)."""
    await post(address, sandbox.examples()["client"], SAMPLED)
    answer = await page(address, PROMETHEUS)

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    traces = {TRACE}
    assert exemplars(answer.text) == {
        "gateway_operation_seconds": traces,
        "gateway_upstream_request_seconds": traces,
    }


async def test_a_replayed_answer_is_of_its_own_trace(address: Address, sandbox: Sandbox) -> None:
    """Whatever is done for a request is done for a replayed one (our promise)."""
    sid = sandbox.examples()["client"]
    for parent in (SAMPLED, SAMPLED, SAMPLED, ANOTHER):
        await post(address, sid, parent)
    found = exemplars((await page(address, PROMETHEUS)).text)
    assert "a" * 32 in found["gateway_operation_seconds"]


async def test_what_is_not_sampled_has_no_exemplar(address: Address, sandbox: Sandbox) -> None:
    """It would lead to a trace that nobody sent (ours)."""
    await post(address, sandbox.examples()["client"], NOT_SAMPLED)
    assert exemplars((await page(address, PROMETHEUS)).text) == {}


@pytest.mark.parametrize(
    "accept",
    ["*/*", "text/plain", "text/plain;q=0.9,application/openmetrics-text;q=0.5", "image/png", "=;"],
)
async def test_others_read_text_as_before(address: Address, sandbox: Sandbox, accept: str) -> None:
    """Text is what Prometheus 1 and people read; it has no exemplars (ours)."""
    await post(address, sandbox.examples()["client"], SAMPLED)
    answer = await page(address, accept)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert TRACE not in answer.text
    assert "gateway_operation_seconds_bucket" in answer.text
