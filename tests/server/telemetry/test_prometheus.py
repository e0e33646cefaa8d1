"""What `/metrics` tells, and what it costs."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.instrumentation import Happening
from gateway.server.telemetry.operation_names import MAX_NAMES
from gateway.server.telemetry.prometheus import Telemetry
from tests.conftest import Gateway

ASK = "query Jitter($sid: CallSid!) { call(sid: $sid) { sid } }"


async def samples(gateway: Gateway) -> dict[tuple[str, ...], float]:
    """Each series of `/metrics`, by its name and its labels in the order of their names."""
    page = (await gateway.http.get("/metrics")).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_whatever_happens_is_counted() -> None:
    """Each kind of happening has its listener, so that a new one is not forgotten."""
    assert set(Telemetry().listeners()) == set(Happening.__subclasses__())


async def test_operations_are_told_by_name_and_outcome(gateway: Gateway) -> None:
    """Who was answered, who in part, and who was refused; errors by their codes."""
    sid = gateway.sandbox.examples()["bad_carrier"]
    await gateway.ask(ASK, sid=sid)
    await gateway.send("query Wrong { nothing }")
    await gateway.send("{ viewer { name } }")
    await gateway.send('query Walk { calls(after: "x") { nodes { sid } } }')
    seen = await samples(gateway)
    assert seen["gateway_operations_total", "query", "Jitter", "ok"] == 1
    assert seen["gateway_operations_total", "query", "Wrong", "refused"] == 1
    assert seen["gateway_operations_total", "query", "anonymous", "ok"] == 1
    assert seen["gateway_operations_total", "query", "Walk", "failed"] == 1
    assert seen["gateway_errors_total", "GRAPHQL_VALIDATION_FAILED"] == 1
    assert seen["gateway_errors_total", "INVALID_CURSOR"] == 1
    assert seen["gateway_operation_seconds_count", "Jitter"] == 1
    assert seen["gateway_http_requests_total", "/graphql", "200"] == 4


async def test_names_that_clients_make_up_are_a_bounded_number_of_series(
    gateway: Gateway,
) -> None:
    """Nobody makes the page grow by asking under ever new names."""
    for number in range(MAX_NAMES + 20):
        await gateway.send(f"query Q{number} {{ viewer {{ name }} }}")
    seen = await samples(gateway)
    names = {labels[1] for name, *labels in seen if name == "gateway_operations_total"}
    assert len(names) == MAX_NAMES + 1
    assert seen["gateway_operations_total", "query", "other", "ok"] == 20


async def test_paths_that_clients_make_up_are_one_series(gateway: Gateway) -> None:
    """A scanner makes the page no longer either, and its paths are not repeated."""
    for number in range(5):
        await gateway.http.get(f"/wp-login/{number}")
    seen = await samples(gateway)
    assert seen["gateway_http_requests_total", "other", "404"] == 5


async def test_the_process_tells_how_it_is(gateway: Gateway) -> None:
    """Memory, open files, tasks and the lag of the event loop, without being asked for."""
    seen = await samples(gateway)
    assert seen["gateway_workers",] == 1
    assert seen["gateway_memory_bytes",] > 10e6
    assert seen["gateway_open_files",] > 0
    assert seen["gateway_tasks",] > 0
    assert "gateway_event_loop_lag_seconds_count" in {name for name, *_ in seen}
