from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.sandbox import Sandbox
from gateway.sandbox.filters import FILTERS
from tests.sandbox.conftest import HOUR, NOON, Clock, Json, Visitor, sids, visitor


@pytest.fixture(scope="module")
def world() -> Sandbox:
    return Sandbox(calls=1100, seed=3, clock=Clock(), arrivals=False)


@pytest.fixture
def account(world: Sandbox) -> Visitor:
    return visitor(world)


def dig(summary: Json, path: str) -> Any:
    value: Any = summary
    for name in path.split("."):
        value = (value or {}).get(name)
    return value


def age(summary: Json, name: str) -> float:
    """Seconds before the clock; a time that is not there is now."""
    raw = summary[name]
    return NOON - datetime.fromisoformat(raw).timestamp() if raw else 0.0


def direction(summary: Json) -> str:
    return str(dig(summary, "properties.direction")).replace("-", "_")


def begun(summary: Json) -> bool:
    partial = summary["processing_state"] == "partial"
    return partial and (summary["end_time"] is None or summary["processing_version"] == 1)


Rule = Callable[[Json], bool]
UNBRANDED = "trust.branded_call.branded"

# Each filter with a value, and the rule that a reader of the documentation would write.
CASES: tuple[tuple[str, str, Rule], ...] = (
    ("From", "client:ada", lambda s: dig(s, "from.caller") == "client:ada"),
    ("From", "+12065550142", lambda s: dig(s, "from.caller") == "+12065550142"),
    ("To", "marta", lambda s: dig(s, "to.callee") == "client:marta"),
    ("FromCarrier", "Murkwater Telecom", lambda s: dig(s, "from.carrier") == "Murkwater Telecom"),
    (
        "ToCarrier",
        "Lantern Mobile USA, Inc.",
        lambda s: dig(s, "to.carrier") == "Lantern Mobile USA, Inc.",
    ),
    ("FromCountryCode", "GB", lambda s: dig(s, "from.country_code") == "GB"),
    ("ToCountryCode", "IE", lambda s: dig(s, "to.country_code") == "IE"),
    ("VerifiedCaller", "true", lambda s: bool(dig(s, "trust.verified_caller.verified"))),
    ("VerifiedCaller", "false", lambda s: not dig(s, "trust.verified_caller.verified")),
    ("HasTag", "true", lambda s: bool(s["tags"])),
    ("HasTag", "false", lambda s: not s["tags"]),
    ("StartTime", "2h", lambda s: age(s, "start_time") <= 2 * HOUR),
    ("EndTime", "90m", lambda s: s["end_time"] is None or age(s, "end_time") >= 1.5 * HOUR),
    ("CallType", "sip", lambda s: s["call_type"] == "sip"),
    ("CallType", "whatsapp,trunking", lambda s: s["call_type"] in ("whatsapp", "trunking")),
    ("CallState", "busy", lambda s: s["call_state"] == "busy"),
    ("Direction", "inbound", lambda s: direction(s) == "inbound"),
    (
        "Direction",
        "outbound_dial,trunking_originating",
        lambda s: direction(s) in ("outbound_dial", "trunking_originating"),
    ),
    ("ProcessingState", "completed", lambda s: s["processing_state"] == "complete"),
    ("ProcessingState", "partial", lambda s: s["processing_state"] == "partial"),
    ("ProcessingState", "started", begun),
    (
        "AbnormalSession",
        "true",
        lambda s: dig(s, "properties.last_sip_response_num") not in (None, 0, 200),
    ),
    ("AnsweredBy", "machine_end_beep", lambda s: s["answered_by"] == "machine_end_beep"),
    ("AnsweredByAnnotation", "human", lambda s: dig(s, "annotation.answered_by") == "human"),
    (
        "ConnectivityIssueAnnotation",
        "dropped_call,caller_id",
        lambda s: dig(s, "annotation.connectivity_issue") in ("dropped_call", "caller_id"),
    ),
    (
        "QualityIssueAnnotation",
        "echo,no_quality_issue",
        lambda s: bool(
            {"echo", "no_quality_issue"} & {*(dig(s, "annotation.quality_issues") or ())}
        ),
    ),
    ("SpamAnnotation", "true", lambda s: bool(dig(s, "annotation.spam"))),
    ("CallScoreAnnotation", "1,5", lambda s: dig(s, "annotation.call_score") in (1, 5)),
    (
        "BrandedEnabled",
        "true",
        lambda s: bool(dig(s, "trust.branded.enabled") or dig(s, UNBRANDED)),
    ),
    ("VoiceIntegrityEnabled", "true", lambda s: bool(dig(s, "trust.voice_integrity.enabled"))),
    (
        "BrandedBundleSid",
        f"BU{11:032x}",
        lambda s: dig(s, "trust.branded.bundle_sid") == f"BU{11:032x}",
    ),
    ("BrandedLogo", "true", lambda s: bool(dig(s, "trust.branded.logo"))),
    ("BrandedType", "in_band", lambda s: dig(s, "trust.branded.type") == "in_band"),
    ("BrandedUseCase", "Deliveries", lambda s: dig(s, "trust.branded.use_case") == "Deliveries"),
    (
        "BrandedCallReason",
        "Fraud check",
        lambda s: dig(s, "trust.branded.call_reason") == "Fraud check",
    ),
    (
        "VoiceIntegrityBundleSid",
        f"BU{30:032x}",
        lambda s: dig(s, "trust.voice_integrity.bundle_sid") == f"BU{30:032x}",
    ),
    (
        "VoiceIntegrityUseCase",
        "therapy_(individual+group)",
        lambda s: dig(s, "trust.voice_integrity.use_case") == "therapy_(individual+group)",
    ),
    (
        "BusinessProfileIdentity",
        "direct_customer",
        lambda s: dig(s, "trust.business_profile.identity") == "direct_customer",
    ),
    (
        "BusinessProfileIndustry",
        "healthcare",
        lambda s: dig(s, "trust.business_profile.industry") == "HEALTHCARE",
    ),
    (
        "BusinessProfileBundleSid",
        f"BU{22:032x}",
        lambda s: dig(s, "trust.business_profile.bundle_sid") == f"BU{22:032x}",
    ),
    (
        "BusinessProfileType",
        "primary",
        lambda s: dig(s, "trust.business_profile.type") == "primary",
    ),
)


@pytest.mark.parametrize(("name", "value", "rule"), CASES, ids=[f"{c[0]}={c[1]}" for c in CASES])
async def test_a_filter_finds_exactly_the_calls_that_its_rule_describes(
    account: Visitor, name: str, value: str, rule: Rule
) -> None:
    """What a filter finds is what brute force over the world finds: some calls, not all."""
    everything = await account.calls()

    found = sids(await account.calls(**{name: value}))

    assert found == sids([summary for summary in everything if rule(summary)])
    assert 0 < len(found) < len(everything)


def test_every_filter_has_a_case() -> None:
    """No row of the table goes untested."""
    assert {name for name, _, _ in CASES} == {row.name for row in FILTERS}


async def test_filters_narrow_each_other(account: Visitor) -> None:
    """Two filters together find what both of them find."""
    carrier = await account.calls(CallType="carrier")
    tagged = await account.calls(HasTag="true")

    both = sids(await account.calls(CallType="carrier", HasTag="true"))

    assert both == [sid for sid in sids(carrier) if sid in sids(tagged)]
    assert 0 < len(both) < min(len(carrier), len(tagged))


async def test_a_subaccount_is_listed_only_when_asked_for(account: Visitor, world: Sandbox) -> None:
    """Without Subaccount a list holds the account's own calls, with it the subaccount's alone."""
    own = await account.calls()
    theirs = await account.calls(Subaccount=world.subaccounts[1])

    assert {call["account_sid"] for call in own} == {world.account_sid}
    assert {call["account_sid"] for call in theirs} == {world.subaccounts[1]}
    assert {call["parent_account_sid"] for call in theirs} == {world.account_sid}


@pytest.mark.parametrize("order", ["start_time", "end_time"])
async def test_the_newest_calls_come_first(account: Visitor, order: str) -> None:
    """Both orders fall; what has not ended yet is newer than what has."""
    times = [call[order] or "still running" for call in await account.calls(SortBy=order)]

    assert times == sorted(times, reverse=True)


async def test_the_order_is_by_end_unless_said_otherwise(account: Visitor) -> None:
    """SortBy defaults to end_time, and start_time is another order of the same calls."""
    by_end, by_start = await account.calls(), await account.calls(SortBy="start_time")

    assert by_end == await account.calls(SortBy="end_time")
    assert sids(by_end) != sids(by_start)
    assert sorted(sids(by_end)) == sorted(sids(by_start))


async def test_a_list_without_parameters_holds_the_complete_summaries_of_four_hours(
    account: Visitor,
) -> None:
    """The defaults are the documented ones, and they show a good part of the world."""
    plain = (await account.page(PageSize="1000"))["call_summaries"]
    everything = await account.calls(ProcessingState="completed")

    assert plain == [call for call in everything if age(call, "start_time") <= 4 * HOUR]
    assert len(plain) > len(everything) / 3


async def test_times_may_be_written_in_full(account: Visitor) -> None:
    """An ISO time with or without a zone says the same as the length of time before now."""
    bound = datetime.fromtimestamp(NOON - HOUR, UTC)
    relative = await account.calls(StartTime="1h")

    assert await account.calls(StartTime=bound.isoformat()) == relative
    assert await account.calls(StartTime=bound.strftime("%Y-%m-%dT%H:%M:%S")) == relative


async def test_weeks_and_days_are_lengths_of_time(account: Visitor) -> None:
    """A week is seven days."""
    assert await account.calls(StartTime="1w") == await account.calls(StartTime="7d")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CallType", "carrier,pigeon"),
        ("CallType", ""),
        ("CallState", "busy,fail"),
        ("Direction", "outbound-api"),
        ("AnsweredBy", "human,fax"),
        ("AnsweredByAnnotation", "robot"),
        ("ConnectivityIssueAnnotation", "bad"),
        ("QualityIssueAnnotation", "echo,hiss"),
        ("CallScoreAnnotation", "0"),
        ("SpamAnnotation", "yes"),
        ("HasTag", "TRUE"),
        ("HasTag", "true,false"),
        ("BusinessProfileIdentity", "stranger"),
        ("ProcessingState", "complete"),
        ("ProcessingState", "partial,completed"),
        ("SortBy", "duration"),
        ("StartTime", "4"),
        ("StartTime", "yesterday"),
        ("EndTime", "-1h"),
        ("PageSize", "0"),
        ("PageSize", "1001"),
        ("PageSize", "9" * 5000),
        ("PageSize", "ten"),
        ("Page", "-1"),
        ("Branded", "true"),
        ("callType", "carrier"),
        ("Limit", "5"),
    ],
)
async def test_a_parameter_that_is_wrong_or_unknown_is_refused_by_name(
    account: Visitor, name: str, value: str
) -> None:
    """400, code 17400, and the message says which parameter it was."""
    answer = await account.ask(**{name: value})

    assert (answer.status_code, answer.json()["code"]) == (400, 17400)
    assert name in answer.json()["message"]


async def test_a_parameter_given_twice_is_refused(account: Visitor) -> None:
    """Nobody has to guess which of the two counts."""
    answer = await account.get("/v1/Voice/Summaries?CallType=sip&CallType=client")

    assert (answer.status_code, answer.json()["code"]) == (400, 17400)


async def test_summaries_of_any_shape_can_be_filtered(clock: Clock) -> None:
    """A summary with values of the wrong types breaks no filter; it just is not found by it."""
    empty = Sandbox(calls=0, clock=clock)
    empty.add(
        {"from": "nobody", "trust": [], "properties": None, "annotation": 7, "to": {"callee": 1}}
    )
    account = visitor(empty)

    assert len(await account.calls()) == 1
    for row in FILTERS:
        if row.name not in ("StartTime", "EndTime", "ProcessingState"):
            await account.ask(**{row.name: "true"})
    assert await account.calls(VerifiedCaller="true") == []
