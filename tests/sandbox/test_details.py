from collections import Counter
from typing import Any

import pytest

from gateway.sandbox import Sandbox
from tests.sandbox.conftest import MINUTE, Clock, Json, Visitor, visitor

EDGES = ("carrier_edge", "sip_edge", "client_edge", "sdk_edge")
COUNTERS = {"inbound": "packets_received", "outbound": "packets_sent"}


@pytest.fixture(scope="module")
def world() -> Sandbox:
    return Sandbox(calls=400, seed=5, clock=Clock(), arrivals=False)


@pytest.fixture
def asker(world: Sandbox) -> Visitor:
    return visitor(world)


@pytest.fixture
async def summaries(asker: Visitor) -> list[Json]:
    return await asker.calls(ProcessingState="completed", PageSize="400")


async def details(asker: Visitor, sid: str, resource: str, **params: str) -> list[Json]:
    """All items of one question, page after page."""
    answer = await asker.get(f"/v1/Voice/{sid}/{resource}", PageSize="1000", **params)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    items = list(page[resource.lower()])
    while url := page["meta"]["next_page_url"]:
        page = await asker.follow(url)
        items += page[resource.lower()]
    return items


def measured(samples: list[Json], edge: str, direction: str, name: str) -> list[Json]:
    """A measurement in each interval of a stream that has intervals."""
    parts = [one[edge] for one in samples if one["direction"] == direction]
    return [part["interval"][name] for part in parts if name in part.get("interval", {})]


def adds_up(parts: list[Json], whole: Json) -> None:
    """The mean of averages, the largest maximum, the smallest minimum."""
    assert sum(part["avg"] for part in parts) / len(parts) == pytest.approx(whole["avg"], abs=2e-6)
    assert max(part["max"] for part in parts) == whole["max"]
    assert all(part["avg"] <= part["max"] for part in parts)
    if "min" in whole:
        assert min(part["min"] for part in parts) == whole["min"]
        assert all(part["min"] <= part["avg"] for part in parts)


async def test_samples_of_gateways_add_up_to_the_summary(
    asker: Visitor, summaries: list[Json]
) -> None:
    """Packets, losses and late packets; jitter and latency on average and at most."""
    seen = Counter[str]()
    for summary in summaries:
        for edge in EDGES[:3]:
            metrics = (summary[edge] or {}).get("metrics") or {}
            for direction, whole in metrics.items():
                samples = await details(
                    asker, summary["call_sid"], "Metrics", Edge=edge, Direction=direction
                )
                assert {one["direction"] for one in samples} == {direction}
                last = samples[-1][edge]["cumulative"]
                counter = COUNTERS[direction]
                assert last[counter] == whole[counter]
                assert last["packets_lost"] == whole["packets_lost"]
                assert last["jitter"]["max"] == whole["jitter"]["max"]
                assert last["jitter"]["avg"] == pytest.approx(whole["jitter"]["avg"], abs=2e-6)
                parts = [one[edge].get("interval") for one in samples]
                seen[f"{edge} {'with' if parts[0] else 'without'} intervals"] += 1
                if not parts[0]:
                    continue
                assert sum(part[counter] for part in parts) == whole[counter]
                assert sum(part["packets_lost"] for part in parts) == whole["packets_lost"]
                adds_up(measured(samples, edge, direction, "jitter"), whole["jitter"])
                if "latency" in whole:
                    adds_up(measured(samples, edge, direction, "latency"), whole["latency"])
                late = Counter[str]()
                for one in measured(samples, edge, direction, "packet_delay_variation"):
                    late.update(one)
                    steps = [one[step] for step in sorted(one, key=lambda step: int(step[1:]))]
                    assert steps == sorted(steps, reverse=True)
                assert late == whole.get("packet_delay_variation", {})
    assert set(seen) == {f"{e} {w} intervals" for e in EDGES[:3] for w in ("with", "without")}


async def test_samples_of_the_sdk_add_up_to_the_summary(
    asker: Visitor, summaries: list[Json]
) -> None:
    """One sample for both directions; each measurement also as a single value."""
    checked = 0
    for summary in summaries:
        metrics = (summary["sdk_edge"] or {}).get("metrics")
        if not metrics:
            continue
        samples = await details(asker, summary["call_sid"], "Metrics", Edge="sdk_edge")
        assert {one["direction"] for one in samples} == {"both"}
        heard, spoken = metrics["inbound"], metrics["outbound"]
        for name in ("jitter", "rtt", "mos", "audio_in", "audio_out"):
            parts = measured(samples, "sdk_edge", "both", name)
            adds_up(parts, heard[name])
            assert all(part["value"] == part["avg"] for part in parts)
        last = samples[-1]["sdk_edge"]["cumulative"]
        assert last["packets_lost"] == heard["packets_lost"]
        assert last["packets_received"] == heard["packets_received"]
        assert last["bytes_received"] == heard["bytes_received"]
        assert last["packets_sent"] == spoken["packets_sent"]
        assert last["bytes_sent"] == spoken["bytes_sent"]
        checked += 1
    assert checked > 20


async def test_a_sample_is_taken_every_ten_seconds(asker: Visitor, world: Sandbox) -> None:
    """From the answer on; the last one at the end of the call."""
    sid = world.examples()["bad_carrier"]
    summary = (await asker.summary(sid)).json()

    samples = await details(asker, sid, "Metrics", Direction="inbound")

    assert len(samples) == summary["connect_duration"] / 10 == 24
    assert samples[-1]["timestamp"] == summary["end_time"]
    assert [one["timestamp"][-3:] for one in samples[:7]] == [
        f"{(int(samples[0]['timestamp'][-3:-1]) + 10 * n) % 60:02}Z" for n in range(7)
    ]


async def test_events_of_the_sdk_are_those_that_the_summary_counts(
    asker: Visitor, summaries: list[Json]
) -> None:
    """By level, by group (with hyphens here, with underscores there) and by error."""
    raised = 0
    for summary in summaries:
        if not summary["sdk_edge"]:
            continue
        events = await details(asker, summary["call_sid"], "Events", Edge="sdk_edge")
        counts = summary["sdk_edge"]["events"]
        assert Counter(one["level"] for one in events) == counts["levels"]
        groups = Counter(one["group"].replace("-", "_") for one in events)
        assert groups == counts["groups"]
        errors = [one["sdk_edge"]["error"] for one in events if "error" in one["sdk_edge"]]
        assert Counter(str(one["code"]) for one in errors) == counts.get("errors", {})
        told = [one["sdk_edge"]["feedback"] for one in events if one["group"] == "feedback"]
        assert told == ([counts["feedback"]] if "feedback" in counts else [])
        raised += groups["network_quality_warning_raised"]
    assert raised > 10


async def test_a_warning_is_raised_before_it_is_cleared(
    asker: Visitor, summaries: list[Json]
) -> None:
    """Each with the values that passed the threshold of the SDK, or no longer did."""
    warned = 0
    for summary in summaries:
        if not summary["sdk_edge"]:
            continue
        active = set[str]()
        for event in await details(asker, summary["call_sid"], "Events", Edge="sdk_edge"):
            if not event["group"].startswith("network-quality-warning"):
                continue
            was_raised = event["group"].endswith("raised")
            assert (event["name"] in active) is not was_raised
            active ^= {event["name"]}
            metric = event["sdk_edge"]["metric"]
            bad = [value < metric["threshold"] for value in metric["values"]]
            low = event["name"].startswith("low-")
            assert set(bad) == {was_raised if low else not was_raised}
            assert event["level"] == ("WARNING" if was_raised else "INFO")
            warned += was_raised
    assert warned > 10


async def test_events_of_gateways_tell_the_progress_of_the_call(
    asker: Visitor, world: Sandbox
) -> None:
    """Also of calls that nobody answered; their level says nothing."""
    examples = world.examples()
    for name, names in (
        ("trunking", ["initiated", "ringing", "connected", "disconnected"]),
        ("busy", ["initiated", "ringing", "disconnected"]),
    ):
        events = await details(asker, examples[name], "Events")
        assert [one["name"] for one in events] == [f"call.{step}" for step in names]
        assert {one["level"] for one in events} == {"UNKNOWN"}
        assert not await details(asker, examples["busy"], "Metrics")


async def test_a_voice_agent_is_told_turn_by_turn(asker: Visitor, world: Sandbox) -> None:
    """Its events belong to no edge, and together give its session's numbers."""
    sid = world.examples()["agent"]
    summary = (await asker.summary(sid)).json()

    events = await details(asker, sid, "Events")

    relay = [one for one in events if one["group"] == "conversation_relay"]
    assert {one["edge"] for one in relay} == {None}
    for session in summary["agent_session_summaries"]:
        data = [one["conversation_relay_data"] for one in relay]
        mine = [one for one in data if one["session_id"] == session["session_id"]]
        assert [one["sequence_number"] for one in mine] == list(range(len(mine)))
        spoken = [one["tts_latency"]["latency_ms"] for one in mine if "tts_latency" in one]
        assert len(spoken) == session["turns"]
        assert sum(spoken) / len(spoken) == pytest.approx(session["tts_latency_ms"]["avg"], abs=0.5)
        tokens = [one["last_token_received"] for one in mine if "last_token_received" in one]
        assert sum(one["total_tokens"] for one in tokens) == session["tokens"]["total"]
        assert sum(one["total_words"] for one in tokens) == session["words"]["total"]
        interrupts = sum("interrupt" in one for one in mine)
        assert interrupts == session["interruptions"]["customer_to_agent"]
    assert not [
        one for one in await details(asker, sid, "Events", Edge="carrier_edge") if not one["edge"]
    ]


@pytest.mark.parametrize(
    ("example", "edge"),
    [
        ("bad_carrier", "carrier_edge"),
        ("sip", "sip_edge"),
        ("whatsapp", "sip_edge"),
        ("client", "sdk_edge"),
        ("trunking", "sip_edge"),
        ("child", "carrier_edge"),
    ],
)
@pytest.mark.parametrize("resource", ["Metrics", "Events"])
async def test_without_an_edge_only_the_default_edge_answers(
    asker: Visitor, world: Sandbox, example: str, edge: str, resource: str
) -> None:
    """As Twilio's table of defaults has it: a call with two edges takes two requests."""
    sid = world.examples()[example]

    told = await details(asker, sid, resource)

    assert {one["edge"] for one in told} == {edge}
    assert told == await details(asker, sid, resource, Edge=edge)


async def test_a_trunk_from_the_network_answers_of_its_carrier(
    asker: Visitor, summaries: list[Json]
) -> None:
    """Trunking originating: the carrier edge first; terminating, the SIP edge."""
    originating = next(
        one
        for one in summaries
        if one["properties"]["direction"] == "trunking_originating" and one["connect_duration"]
    )
    told = await details(asker, originating["call_sid"], "Metrics")
    assert {one["edge"] for one in told} == {"carrier_edge"}


async def test_pages_together_are_the_whole(asker: Visitor, world: Sandbox) -> None:
    """Forward by next_page_url, back by previous_page_url, and by number without a token."""
    path = f"/v1/Voice/{world.examples()['bad_carrier']}/Metrics"
    whole = (await asker.get(path, PageSize="1000")).json()["metrics"]

    pages = [(await asker.get(path, PageSize="7")).json()]
    while url := pages[-1]["meta"]["next_page_url"]:
        pages.append(await asker.follow(url))

    assert [item for page in pages for item in page["metrics"]] == whole
    assert [page["meta"]["page"] for page in pages] == list(range(len(pages)))
    back = await asker.follow(pages[-1]["meta"]["previous_page_url"])
    assert back["metrics"] == pages[-2]["metrics"]
    numbered = (await asker.get(path, PageSize="7", Page="1")).json()
    assert numbered["metrics"] == pages[1]["metrics"]
    assert pages[0]["meta"]["key"] == "metrics"
    assert pages[0]["meta"]["previous_page_url"] is None
    assert pages[0]["meta"]["url"].startswith(f"https://insights.twilio.com{path}?")


async def test_what_a_running_call_measured_comes_with_time(clock: Clock) -> None:
    """A sample can be read 90 seconds after it was taken; a walk sees the call as it began."""
    sandbox = Sandbox(calls=30, seed=3, clock=clock, arrivals=False)
    asker, sid = visitor(sandbox), sandbox.examples()["running"]
    before = await details(asker, sid, "Metrics", Direction="inbound")
    page = (await asker.get(f"/v1/Voice/{sid}/Metrics", PageSize="5")).json()

    clock.advance(MINUTE)

    after = await details(asker, sid, "Metrics", Direction="inbound")
    assert after[: len(before)] == before
    assert len(after) - len(before) == 6
    walked = page["metrics"]
    while url := page["meta"]["next_page_url"]:
        page = await asker.follow(url)
        walked += page["metrics"]
    assert len(walked) == 2 * len(before)


async def test_an_event_is_there_ninety_seconds_after_it_happened(clock: Clock) -> None:
    """Not at once: who asks too early finds less."""
    sandbox = Sandbox(calls=30, seed=3, clock=clock, arrivals=False)
    asker, sid = visitor(sandbox), sandbox.examples()["not_ready"]

    early = await details(asker, sid, "Events")
    clock.advance(90)

    assert "call.disconnected" not in {one["name"] for one in early}
    assert "call.disconnected" in {one["name"] for one in await details(asker, sid, "Events")}


@pytest.mark.parametrize("resource", ["Metrics", "Events"])
async def test_it_refuses_as_the_summary_does(
    asker: Visitor, world: Sandbox, resource: str
) -> None:
    """No Advanced Features, too old, no such call, a call of somebody else, a wrong parameter."""
    examples = world.examples()

    async def refusal(sid: str, **params: str) -> tuple[int, int]:
        answer = await asker.get(f"/v1/Voice/{sid}/{resource}", **params)
        return answer.status_code, answer.json()["code"]

    assert await refusal(examples["not_enabled"]) == (401, 17007)
    assert await refusal(examples["expired"]) == (404, 17002)
    assert await refusal(examples["not_found"]) == (404, 20404)
    sid = examples["sip"]
    assert await refusal(sid, Edge="sip") == (400, 17400)
    assert await refusal(sid, PageToken="PTforeign") == (400, 17400)
    assert await refusal(sid, StartTime="4h") == (400, 17400)
    other = visitor(world)
    page = (await other.get(f"/v1/Voice/{examples['bad_carrier']}/Metrics", PageSize="1")).json()
    token = page["meta"]["next_page_url"].split("PageToken=")[1]
    assert await refusal(sid, PageToken=token) == (400, 17400)


async def test_what_an_app_tells_of_its_user_is_personal(asker: Visitor, world: Sandbox) -> None:
    """Name, address, city and device, as in Twilio's own example; invented, like all here."""
    sid = world.examples()["client"]
    (first, *_) = await details(asker, sid, "Events", Edge="sdk_edge")

    metadata = first["sdk_edge"]["metadata"]
    assert {"client_name", "ip_address", "city", "country_code", "sdk"} <= metadata.keys()
    (sample, *_) = await details(asker, sid, "Metrics")
    assert sample["sdk_edge"]["metadata"] == metadata
    (gateway, *_) = await details(asker, sid, "Metrics", Edge="client_edge")
    assert {"region", "edge_location", "twilio_ip", "external_ip"} == gateway["client_edge"][
        "metadata"
    ].keys()


async def test_a_call_of_a_tests_own_making_tells_what_was_given(clock: Clock) -> None:
    """Items as they are, in the order given, and nothing that was made up."""
    sandbox = Sandbox(calls=0, clock=clock)
    samples: list[Any] = [{"edge": "sip_edge", "mood": n, "timestamp": None} for n in (2, 1)]
    sid = sandbox.add({"call_type": "sip"}, metrics=samples, events=[{"edge": "sip_edge"}])
    bare = sandbox.add({"call_type": "sip", "sip_edge": {"metrics": {"inbound": {}}}})

    asker = visitor(sandbox)
    assert await details(asker, sid, "Metrics") == samples
    assert await details(asker, sid, "Events") == [{"edge": "sip_edge"}]
    assert await details(asker, bare, "Metrics") == []
