"""`viewer { accounts { voiceInsights } }`: whether there can be summaries at all, and for whom.

Source: `GET /v1/Voice/Settings[?SubaccountSid=…]` of Twilio's OpenAPI document of 2026-04.
"""

import asyncio

import pytest

from gateway.config.viewers import Scope
from gateway.sandbox import Fault, Sandbox
from gateway.sandbox.faults import Kind
from tests.conftest import Clock, Gateway
from tests.viewers import READ, Asker, People, open_to

ALL = "{ viewer { accounts { sid voiceInsights { advancedFeatures voiceTrace } } } }"
SOME = """
query ($sids: [AccountSid!]) {
  viewer { accounts(sids: $sids) { sid voiceInsights { advancedFeatures } } }
}
"""
SETTINGS = READ | {Scope.SETTINGS_READ}


async def test_a_viewer_sees_what_is_on_for_each_of_its_accounts(
    sandbox: Sandbox, clock: Clock
) -> None:
    """The account first, then the subaccounts that its token allows; no other is asked about."""
    own, (first, last) = sandbox.account_sid, sandbox.subaccounts
    people = People(sandbox)
    people.add("both", frozenset({first, last}), SETTINGS)
    people.add("one", frozenset({first}), SETTINGS)
    async with open_to(sandbox, clock, people) as gateway:
        with gateway.upstream() as asked:
            both = await Asker(gateway, "both").ask(ALL)
            one = await Asker(gateway, "one").ask(ALL)
    assert [account["sid"] for account in one["viewer"]["accounts"]] == [own, first]
    told = {account["sid"]: account["voiceInsights"] for account in both["viewer"]["accounts"]}
    assert told == {
        own: {"advancedFeatures": True, "voiceTrace": False},
        first: {"advancedFeatures": True, "voiceTrace": False},
        last: {"advancedFeatures": False, "voiceTrace": False},
    }
    assert len(asked) == 3  # what one viewer was told of an account serves another who sees it


async def test_it_needs_its_scope(sandbox: Sandbox, clock: Clock) -> None:
    """Settings of an account are its operator's business: `settings:read`, off unless granted."""
    people = People(sandbox)
    people.add("reader", None, READ)
    async with open_to(sandbox, clock, people) as gateway:
        assert await Asker(gateway, "reader").fail(ALL) == "FORBIDDEN"
        only = await Asker(gateway, "reader").ask("{ viewer { accounts { sid } } }")
    assert only == {"viewer": {"accounts": [{"sid": sandbox.account_sid}]}}


async def test_who_sees_all_subaccounts_names_them(sandbox: Sandbox, clock: Clock) -> None:
    """The gateway has no list of subaccounts; one that Twilio does not show is the asker's slip."""
    foreign = "AC" + "0" * 32
    people = People(sandbox)
    people.add("all", None, SETTINGS)
    people.add("none", frozenset(), SETTINGS)
    async with open_to(sandbox, clock, people) as gateway:
        found = await Asker(gateway, "all").ask(SOME, sids=[sandbox.subaccounts[1]])
        unknown = await Asker(gateway, "all").send(SOME, sids=[foreign])
        many = await Asker(gateway, "all").fail(SOME, sids=[foreign] * 21)
        refused = await Asker(gateway, "none").fail(SOME, sids=[sandbox.subaccounts[1]])
    (account,) = found["viewer"]["accounts"]
    assert account["voiceInsights"] == {"advancedFeatures": False}
    assert unknown["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert unknown["data"]["viewer"]["accounts"] == [{"sid": foreign, "voiceInsights": None}]
    assert many == "BAD_USER_INPUT"
    assert refused == "FORBIDDEN"


async def test_it_is_asked_once_a_minute_however_many_ask(gateway: Gateway, clock: Clock) -> None:
    """Single-flight, then a minute from memory: who switches something on looks soon after."""
    with gateway.upstream() as asked:
        await asyncio.gather(*(gateway.ask(ALL) for _ in range(20)))
    assert len(asked) == 1
    clock.advance(61)
    with gateway.upstream() as again:
        await gateway.ask(ALL)
    assert len(again) == 1


async def test_the_price_holds_for_as_many_accounts_as_may_be(gateway: Gateway) -> None:
    """Demand control is an upper bound: 20 accounts, a request to Twilio for each."""
    body = {"query": ALL, "extensions": {"cost": True}}
    cost = (await gateway.http.post("/graphql", json=body)).json()["extensions"]["cost"]

    assert cost["requested"] >= 20 * 10
    assert cost["upstreamRequests"] <= 1


@pytest.mark.parametrize("kind", ["garbage", "server_error", "refused_credentials"])
async def test_while_twilio_fails_it_is_an_error_and_no_guess(
    gateway: Gateway, sandbox: Sandbox, kind: Kind
) -> None:
    """`false` would send somebody to switch on what is on already."""
    sandbox.inject(Fault(kind=kind))
    body = await gateway.send(ALL)

    assert body["data"]["viewer"]["accounts"][0]["voiceInsights"] is None
    assert body["errors"][0]["extensions"]["code"].startswith("UPSTREAM_")


async def test_no_summary_for_want_of_insights_points_here(
    gateway: Gateway, sandbox: Sandbox
) -> None:
    """The message of the status names the question that answers "why?"."""
    found = await gateway.ask(
        "query ($sid: CallSid!) { callLookup(sid: $sid) { status message } }",
        sid=sandbox.examples()["not_enabled"],
    )

    assert found["callLookup"]["status"] == "INSIGHTS_NOT_ENABLED"
    assert "viewer { accounts { voiceInsights" in found["callLookup"]["message"]
