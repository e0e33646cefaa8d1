"""One line per request says what it took, in words for people or as JSON for machines."""

import json
import logging
from typing import Any

import pytest

from gateway.sandbox import Sandbox
from gateway.server.telemetry.logs import JsonLines
from tests.conftest import Clock, Gateway
from tests.live import application, hear, subscribe, web_socket
from tests.servers import serving

ASK = "query Jitter($sid: CallSid!) { call(sid: $sid) { sid } }"
LIST = """
query Walk($first: Int) {
  calls(first: $first, filter: {from: "+14155550123"}) { nodes { sid } }
}
"""


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="gateway.requests")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of requests, as machines read them."""
    ours = [record for record in log.records if record.name == "gateway.requests"]
    return [json.loads(JsonLines().format(record)) for record in ours]


async def test_a_line_tells_who_asked_what_and_what_it_took(
    gateway: Gateway, log: pytest.LogCaptureFixture
) -> None:
    """The first question asks Twilio, whose request id is told; the second does not."""
    sid = gateway.sandbox.examples()["bad_carrier"]
    with gateway.upstream() as asked:
        await gateway.ask(ASK, sid=sid)
        await gateway.ask(ASK, sid=sid)
    first, second = lines(log)
    assert len(asked) == 1
    told = {name: first[name] for name in ("method", "path", "status", "viewer", "kind")}
    assert told == {
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "viewer": "everybody",
        "kind": "query",
    }
    assert (first["operation"], first["outcome"], first["cost"]) == ("Jitter", "ok", 21)
    assert (first["upstream_requests"], second["upstream_requests"]) == (1, 0)
    assert first["twilio_request_ids"].startswith("RQ")
    assert "twilio_request_ids" not in second
    assert first["milliseconds"] >= 0


async def test_people_read_the_same_in_words(
    gateway: Gateway, log: pytest.LogCaptureFixture
) -> None:
    """Method, path, status and time come first, as everywhere."""
    await gateway.ask("query Me { viewer { name } }")
    (record,) = [record for record in log.records if record.name == "gateway.requests"]
    words = record.getMessage().split()
    assert words[:3] == ["POST", "/graphql", "200"]
    assert words[4] == "ms"
    assert {"viewer=everybody", "operation=Me", "outcome=ok"} <= set(words)


async def test_an_operation_without_a_name_is_called_as_in_the_metrics(
    gateway: Gateway, log: pytest.LogCaptureFixture
) -> None:
    """One word for one thing, so that a line leads to a series."""
    await gateway.ask("{ viewer { name } }")
    (line,) = lines(log)
    metrics = (await gateway.http.get("/metrics")).text
    assert line["operation"] == "anonymous"
    assert 'gateway_operations_total{kind="query",operation="anonymous",outcome="ok"}' in metrics


async def test_errors_are_told_by_their_codes(
    gateway: Gateway, log: pytest.LogCaptureFixture
) -> None:
    """What a client complains about is found without its body."""
    await gateway.send("query Wrong { nothing }")
    (line,) = lines(log)
    assert (line["outcome"], line["errors"]) == ("refused", "GRAPHQL_VALIDATION_FAILED")


async def test_no_line_holds_what_was_asked_with(
    gateway: Gateway, log: pytest.LogCaptureFixture
) -> None:
    """Neither arguments nor variables, nor a phone number in the name of an operation."""
    await gateway.send(LIST, first=2)
    await gateway.send("query Of_14155550123 { viewer { name } }")
    await gateway.http.get("/graphql", params={"query": '{ call(sid: "+14155550123") { sid } }'})
    assert len(lines(log)) == 3
    assert "5550123" not in json.dumps(lines(log))


async def test_each_operation_on_a_websocket_has_its_line(
    sandbox: Sandbox, clock: Clock, log: pytest.LogCaptureFixture, settings: Any
) -> None:
    """One connection may carry thousands of them."""
    with serving(application(sandbox, clock, settings)) as address:
        async with web_socket(address) as connection:
            await subscribe(connection, "query Me { viewer { name } }")
            assert (await hear(connection))["type"] == "next"
            assert (await hear(connection))["type"] == "complete"
    (line,) = lines(log)
    assert (line["method"], line["operation"], line["viewer"]) == ("WS", "Me", "everybody")
    assert line["outcome"] == "ok"
    assert len(line["request_id"]) == 16
