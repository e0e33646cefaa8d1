import pytest

from gateway.sandbox import Sandbox
from gateway.sandbox.accounts import Accounts
from gateway.sandbox.errors import ApiError
from tests.sandbox.conftest import Json, Visitor


def subaccount(sandbox: Sandbox, number: int) -> Visitor:
    sid = sandbox.subaccounts[number]
    return Visitor(sandbox, (sid, sandbox.subaccount_token(sid)))


async def a_call_of(account: Visitor, sandbox: Sandbox, number: int) -> Json:
    return (
        await account.calls(Subaccount=sandbox.subaccounts[number], ProcessingState="completed")
    )[0]


async def test_token_and_api_key_open_the_same_door(sandbox: Sandbox, account: Visitor) -> None:
    """An API key sees what its account sees."""
    by_key = Visitor(sandbox, (sandbox.api_key, sandbox.api_secret))

    assert await by_key.calls() == await account.calls()


async def test_wrong_credentials_are_refused(sandbox: Sandbox) -> None:
    """401 with code 20003, for nobody, somebody else, and the right name with a wrong word."""
    strangers = [
        None,
        (sandbox.account_sid, "guess"),
        (sandbox.account_sid, sandbox.api_secret),
        ("AC" + "0" * 32, sandbox.auth_token),
    ]
    for auth in strangers:
        answer = await Visitor(sandbox, auth).ask()
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)
        assert "Basic" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Bearer abc", "Basic /w=="])
def test_a_header_that_makes_no_sense_is_refused(header: str) -> None:
    """Malformed is as good as wrong."""
    with pytest.raises(ApiError) as refused:
        Accounts.of(11).authenticate(header)
    assert refused.value.status == 401


async def test_credentials_are_checked_before_anything_else(sandbox: Sandbox) -> None:
    """Nobody learns by a 404 or a 400 what exists."""
    nobody = Visitor(sandbox, None)

    assert (await nobody.summary("CA123")).status_code == 401
    assert (await nobody.ask(Colour="red")).status_code == 401


async def test_a_parent_finds_the_calls_of_its_subaccounts(
    sandbox: Sandbox, account: Visitor
) -> None:
    """By SID, the parent's credentials reach everything below it."""
    call = await a_call_of(account, sandbox, 0)

    assert (await account.summary(call["call_sid"])).status_code == 200


async def test_a_subaccount_finds_its_own_calls_and_nobody_elses(
    sandbox: Sandbox, account: Visitor
) -> None:
    """A sibling's or the parent's call does not exist for it."""
    own, siblings = [await a_call_of(account, sandbox, number) for number in (0, 1)]
    first = subaccount(sandbox, 0)

    assert (await first.summary(own["call_sid"])).status_code == 200
    for sid in (siblings["call_sid"], sandbox.examples()["sip"]):
        answer = await first.summary(sid)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
        assert (await first.annotate(sid, Comment="mine?")).status_code == 404


async def test_a_subaccounts_list_is_what_its_parent_sees_of_it(
    sandbox: Sandbox, account: Visitor
) -> None:
    """Asking as the subaccount, or for it, makes no difference."""
    sid = sandbox.subaccounts[0]
    own = await subaccount(sandbox, 0).calls()

    assert own == await account.calls(Subaccount=sid)
    assert own == await subaccount(sandbox, 0).calls(Subaccount=sid)


async def test_other_accounts_cannot_be_listed(sandbox: Sandbox, account: Visitor) -> None:
    """403 with code 17000: a stranger for the parent, parent and sibling for a subaccount."""
    answers = [
        await account.ask(Subaccount="AC" + "0" * 32),
        await subaccount(sandbox, 0).ask(Subaccount=sandbox.account_sid),
        await subaccount(sandbox, 0).ask(Subaccount=sandbox.subaccounts[1]),
    ]

    assert {(a.status_code, a.json()["code"]) for a in answers} == {(403, 17000)}


async def test_a_token_is_of_no_use_to_another_account(sandbox: Sandbox, account: Visitor) -> None:
    """The same parameters from another asker are another list."""
    sid = sandbox.subaccounts[0]
    params = {"Subaccount": sid, "StartTime": "3d", "PageSize": "2"}
    url = (await account.page(**params))["meta"]["next_page_url"]
    token = url.rpartition("PageToken=")[2]

    answer = await subaccount(sandbox, 0).ask(**params, PageToken=token)

    assert answer.json()["code"] == 17400


def test_only_subaccounts_have_a_subaccounts_token(sandbox: Sandbox) -> None:
    """Asking for anybody else's is a mistake of the test that asks."""
    with pytest.raises(KeyError):
        sandbox.subaccount_token(sandbox.account_sid)
