"""Filters of the graph arrive upstream as the parameters that Twilio documents."""

from typing import Any

import pytest

from gateway.sandbox import Fault
from tests.conftest import Gateway

QUERY = "query($f: CallFilter, $s: CallSort) { calls(filter: $f, sortBy: $s) { nodes { sid } } }"
_BUNDLE = "BU" + "0" * 31 + "a"

FILTERS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"from": "+14155550100"}, {"From": "+14155550100"}),
    ({"to": "client:ana"}, {"To": "client:ana"}),
    ({"fromCarrier": "T-Mobile USA, Inc."}, {"FromCarrier": "T-Mobile USA, Inc."}),
    ({"toCarrier": "AT&T Wireless"}, {"ToCarrier": "AT&T Wireless"}),
    ({"fromCountryCode": "US"}, {"FromCountryCode": "US"}),
    ({"toCountryCode": "DE"}, {"ToCountryCode": "DE"}),
    ({"verifiedCaller": True}, {"VerifiedCaller": "true"}),
    ({"hasTag": False}, {"HasTag": "false"}),
    ({"type": ["SIP", "CARRIER"]}, {"CallType": "carrier,sip"}),
    ({"state": "NOANSWER"}, {"CallState": "noanswer"}),
    ({"direction": ["OUTBOUND_API"]}, {"Direction": "outbound_api"}),
    ({"processingState": "COMPLETED"}, {"ProcessingState": "completed"}),
    ({"abnormalSession": True}, {"AbnormalSession": "true"}),
    ({"answeredBy": "MACHINE_END_BEEP"}, {"AnsweredBy": "machine_end_beep"}),
    ({"answeredByAnnotation": "HUMAN"}, {"AnsweredByAnnotation": "human"}),
    (
        {"connectivityIssueAnnotation": ["DROPPED_CALL", "CALLER_ID"]},
        {"ConnectivityIssueAnnotation": "caller_id,dropped_call"},
    ),
    ({"qualityIssueAnnotation": ["OWA"]}, {"QualityIssueAnnotation": "owa"}),
    ({"spamAnnotation": True}, {"SpamAnnotation": "true"}),
    ({"callScoreAnnotation": [2, 1]}, {"CallScoreAnnotation": "1,2"}),
    ({"brandedEnabled": True}, {"BrandedEnabled": "true"}),
    ({"brandedBundleSid": _BUNDLE}, {"BrandedBundleSid": _BUNDLE}),
    ({"brandedLogo": False}, {"BrandedLogo": "false"}),
    ({"brandedType": "OUT_OF_BAND"}, {"BrandedType": "out_of_band"}),
    ({"brandedUseCase": "Customer Care"}, {"BrandedUseCase": "Customer Care"}),
    ({"brandedCallReason": "Your order"}, {"BrandedCallReason": "Your order"}),
    ({"voiceIntegrityEnabled": True}, {"VoiceIntegrityEnabled": "true"}),
    ({"voiceIntegrityBundleSid": _BUNDLE}, {"VoiceIntegrityBundleSid": _BUNDLE}),
    (
        {"voiceIntegrityUseCase": "THERAPY_INDIVIDUAL_GROUP"},
        {"VoiceIntegrityUseCase": "therapy_(individual+group)"},
    ),
    (
        {"businessProfileIdentity": "DIRECT_CUSTOMER"},
        {"BusinessProfileIdentity": "direct_customer"},
    ),
    ({"businessProfileIndustry": "OIL_AND_GAS"}, {"BusinessProfileIndustry": "oil_and_gas"}),
    ({"businessProfileBundleSid": _BUNDLE}, {"BusinessProfileBundleSid": _BUNDLE}),
    ({"businessProfileType": "PRIMARY"}, {"BusinessProfileType": "primary"}),
    ({"startTime": "2026-05-28"}, {"StartTime": "2026-05-28T00:00:00Z"}),
    ({"startTime": "2026-05-28T10:00:00+02:00"}, {"StartTime": "2026-05-28T08:00:00Z"}),
    ({"endTime": "30m"}, {"EndTime": "2026-05-28T19:56:40Z"}),
]


@pytest.mark.parametrize(("asked", "parameters"), FILTERS)
async def test_a_filter_is_spelled_as_twilio_wants_it(
    gateway: Gateway, asked: dict[str, Any], parameters: dict[str, str]
) -> None:
    """Each argument becomes its exact parameter; the upstream refuses any it does not know."""
    with gateway.upstream() as requests:
        await gateway.ask(QUERY, f=asked)
    (request,) = requests
    always = {"StartTime", "EndTime", "SortBy", "PageSize"}
    assert {**request.params, **parameters} == request.params
    assert set(request.params) == always | set(parameters)


async def test_all_36_parameters_can_be_asked_for(gateway: Gateway) -> None:
    """35 filters, of which `subaccount` is tried below, and the order."""
    data = await gateway.ask('{ __type(name: "CallFilter") { inputFields { name } } }')
    names = {field["name"] for field in data["__type"]["inputFields"]}
    assert names == {name for asked, _ in FILTERS for name in asked} | {"subaccount"}
    assert len(names) + 1 == 36


async def test_a_list_of_a_subaccount_is_that_of_no_other(gateway: Gateway) -> None:
    """`subaccount` reads with the parent's credentials."""
    subaccount = gateway.sandbox.subaccounts[0]
    query = "query($f: CallFilter) { calls(filter: $f) { nodes { accountSid } } }"
    data = await gateway.ask(query, f={"subaccount": subaccount, "startTime": "1w"})
    assert {node["accountSid"] for node in data["calls"]["nodes"]} == {subaccount}


async def test_the_order_is_sent(gateway: Gateway) -> None:
    """By end if not said otherwise."""
    with gateway.upstream() as requests:
        await gateway.ask(QUERY)
        await gateway.ask(QUERY, s="START_TIME")
    assert [request.params["SortBy"] for request in requests] == ["end_time", "start_time"]


async def test_what_is_not_said_and_what_is_null_are_not_sent(gateway: Gateway) -> None:
    """A form may send null for what was left empty."""
    with gateway.upstream() as requests:
        await gateway.ask(QUERY, f={"hasTag": None, "type": None, "from": None})
    assert set(requests[0].params) == {"StartTime", "EndTime", "SortBy", "PageSize"}


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({"from": "anybody"}, "filter.from"),
        ({"fromCountryCode": "usa"}, "filter.fromCountryCode"),
        ({"type": []}, "filter.type"),
        ({"type": ["UNRECOGNIZED"]}, "filter.type"),
        ({"callScoreAnnotation": [6]}, "filter.callScoreAnnotation"),
        ({"brandedBundleSid": "BU1"}, "filter.brandedBundleSid"),
        ({"businessProfileType": "CORPORATE"}, "filter.businessProfileType"),
        ({"fromCarrier": "a\nb"}, "filter.fromCarrier"),
        ({"subaccount": "AC../x"}, "filter.subaccount"),
        ({"startTime": "1m", "endTime": "1h"}, "filter.startTime"),
    ],
)
async def test_a_value_that_twilio_would_refuse_is_not_sent(
    gateway: Gateway, asked: dict[str, Any], argument: str
) -> None:
    """The error names the argument and what is accepted; nothing goes upstream."""
    with gateway.upstream() as requests:
        error = await gateway.fail(QUERY, f=asked)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == argument
    assert error["extensions"]["accepted"] in error["message"]
    assert requests == []


async def test_a_number_that_is_refused_is_not_repeated(gateway: Gateway) -> None:
    """An error message is no place for a phone number."""
    body = await gateway.send(QUERY, f={"from": "0170 5550199"})
    assert "5550199" not in str(body)


async def test_what_twilio_itself_refuses_is_said_so(gateway: Gateway) -> None:
    """A refusal of the upstream carries its code, and not its words."""
    gateway.sandbox.inject(Fault(kind="refused_credentials"))
    error = await gateway.fail(QUERY)
    assert error["extensions"]["code"] == "UPSTREAM_CREDENTIALS"
    assert error["extensions"]["requestId"].startswith("RQ")


async def test_a_subaccount_that_twilio_does_not_show_is_the_askers_mistake(
    gateway: Gateway,
) -> None:
    """Nothing is wrong with the credentials: however often it is asked, others are answered."""
    for number in range(30):
        error = await gateway.fail(QUERY, f={"subaccount": f"AC{number:032}"})
        assert error["message"] == (
            "`filter.subaccount` is no subaccount whose calls may be seen. Accepted: the SID of a "
            "subaccount of this account."
        )
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argument"] == "filter.subaccount"
    assert await gateway.ask(QUERY, f={"startTime": "1d"})
    ready = (await gateway.http.get("/readyz")).json()
    (account,) = ready["accounts"].values()
    assert account == {"upstream": "ok", "circuit": "closed"}
