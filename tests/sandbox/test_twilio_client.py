"""The official client, an independent reader of the same API, over a real socket."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from gateway.sandbox import Fault, Sandbox
from tests.servers import serving


class SandboxHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Sends what is meant for Twilio to another address."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Ask the sandbox instead."""
        assert url.startswith("https://insights.twilio.com/"), url
        path = url.removeprefix("https://insights.twilio.com")
        return super().request(method, self._base + path, *args, **kwargs)


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    """The sandbox on a port of its own, for as long as a test lasts."""
    with serving(sandbox.app) as address:
        yield address


@pytest.fixture
def twilio(sandbox: Sandbox, address: str) -> Iterator[Client]:
    http = SandboxHttpClient(address)
    yield Client(sandbox.account_sid, sandbox.auth_token, http_client=http)
    http.session.close()


def test_it_lists_page_after_page(twilio: Client, sandbox: Sandbox) -> None:
    """Three pages of a stream hold the same calls, in the same order, as one."""
    calls = twilio.insights.v1.call_summaries
    wanted: dict[str, Any] = {"start_time": "1d", "call_type": "carrier,sip", "limit": 25}

    paged = [call.call_sid for call in calls.stream(page_size=10, **wanted)]

    whole = [call.call_sid for call in calls.stream(page_size=25, **wanted)]
    assert paged == whole
    assert len(paged) == 25
    assert [request.params["PageSize"] for request in sandbox.requests] == ["10"] * 3 + ["25"]


def test_it_goes_back_to_the_page_before(twilio: Client) -> None:
    """previous_page_url means to the client what it means to us."""
    first = twilio.insights.v1.call_summaries.page(start_time="1d", page_size=5)
    calls = [call.call_sid for call in first]

    second = first.next_page()
    assert second is not None
    before = second.previous_page()

    assert before is not None
    assert [call.call_sid for call in before] == calls
    assert before.previous_page() is None


def test_it_fetches_complete_and_partial_summaries(twilio: Client, sandbox: Sandbox) -> None:
    """Both states come through its types: dates, durations, edges and tags."""
    examples = sandbox.examples()
    calls = twilio.insights.v1.calls

    complete = calls(examples["bad_carrier"]).summary().fetch()
    partial = calls(examples["partial"]).summary().fetch(processing_state="partial")

    assert complete.processing_state == "complete"
    assert complete.end_time is not None
    assert complete.start_time < complete.end_time
    assert complete.carrier_edge is not None
    assert "high_jitter" in (complete.tags or [])
    assert partial.processing_state == "partial"


def test_it_lists_the_metrics_of_an_edge(twilio: Client, sandbox: Sandbox) -> None:
    """Page after page, as typed samples; of the other edge of the call, by asking for it."""
    metrics = twilio.insights.v1.calls(sandbox.examples()["client"]).metrics

    paged = list(metrics.stream(edge="sdk_edge", page_size=4))
    whole = metrics.list(edge="sdk_edge", direction="both")

    assert [one.timestamp for one in paged] == [one.timestamp for one in whole]
    assert len(whole) == 10
    assert {(one.edge, one.direction) for one in whole} == {("sdk_edge", "both")}
    assert whole[0].sdk_edge is not None
    assert set(whole[0].sdk_edge["interval"]) >= {"jitter", "mos", "rtt", "packets_received"}
    assert [one.edge for one in metrics.list(limit=1)] == ["sdk_edge"]
    assert [one.edge for one in metrics.list(edge="client_edge", limit=1)] == ["client_edge"]
    assert [request.params.get("PageSize") for request in sandbox.requests[:3]] == ["4"] * 3


def test_it_lists_the_events_of_a_call(twilio: Client, sandbox: Sandbox) -> None:
    """Levels, groups and names of the SDK; those of a voice agent with what it did."""
    examples, calls = sandbox.examples(), twilio.insights.v1.calls

    events = list(calls(examples["client"]).events.stream(page_size=20))
    agent = calls(examples["agent"]).events.list(limit=200)

    assert {"connection", "network-quality-warning-raised"} <= {one.group for one in events}
    assert {"DEBUG", "INFO", "WARNING", "ERROR"} == {one.level for one in events}
    assert all(one.sdk_edge["metadata"]["client_name"] for one in events if one.sdk_edge)
    relay = [one for one in agent if one.group == "conversation_relay"]
    assert relay[0].name == "configurations"
    assert relay[0].edge is None
    assert relay[0].conversation_relay_data


def test_it_annotates(twilio: Client, sandbox: Sandbox) -> None:
    """What the client writes, it reads again, in the annotation and in the summary."""
    call = twilio.insights.v1.calls(sandbox.examples()["sip"])

    written = call.annotation().update(
        answered_by="human", quality_issues="echo,owa", spam=False, call_score=3, comment="é & ü"
    )

    read = call.annotation().fetch()
    assert (read.comment, read.call_score, read.spam) == ("é & ü", 3, False)
    assert written.quality_issues == read.quality_issues == ["echo", "owa"]
    summary = call.summary().fetch()
    assert summary.annotation is not None
    assert summary.annotation["comment"] == "é & ü"


def test_it_filters_by_every_kind_of_value(twilio: Client) -> None:
    """The client's own spelling of booleans and enums is understood."""
    found = twilio.insights.v1.call_summaries.list(
        start_time="3d", has_tag=True, call_state="completed", sort_by="start_time", limit=5
    )

    assert found
    assert all(call.tags for call in found)


def test_it_understands_what_is_refused(twilio: Client, sandbox: Sandbox) -> None:
    """Codes and messages reach the person who wrote the program."""
    with pytest.raises(TwilioRestException) as refused:
        twilio.insights.v1.calls(sandbox.examples()["not_ready"]).summary().fetch()

    assert (refused.value.status, refused.value.code) == (404, 17001)


def test_it_works_for_subaccounts(twilio: Client, sandbox: Sandbox) -> None:
    """A parent lists a subaccount's calls by its SID."""
    sid = sandbox.subaccounts[0]

    found = twilio.insights.v1.call_summaries.list(subaccount=sid, start_time="3d", limit=5)

    assert {call.account_sid for call in found} == {sid}


def test_a_cut_off_answer_breaks_the_connection(
    address: str, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """On a real socket the client sees the end before the promised length."""
    sandbox.inject(Fault(kind="cut_off", times=1))
    auth = (sandbox.account_sid, sandbox.auth_token)

    with requests.Session() as session:
        with pytest.raises(requests.exceptions.RequestException):
            session.get(f"{address}/v1/Voice/Summaries", auth=auth, timeout=10)
        again = session.get(f"{address}/v1/Voice/Summaries", auth=auth, timeout=10)

    assert again.json()["call_summaries"]
    assert "without completing" in caplog.text
