from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.sandbox import Sandbox
from tests.sandbox.conftest import DAY, EVER, HOUR, MINUTE, Clock, Json, sids, visitor

PROMISED = {
    "bad_carrier",
    "client",
    "trunking",
    "sip",
    "child",
    "agent",
    "annotated",
    "branded",
    "branded_legacy",
    "partial",
    "not_ready",
    "expired",
    "not_enabled",
    "not_found",
}


async def everything(sandbox: Sandbox) -> list[Json]:
    return await visitor(sandbox).calls()


async def test_the_same_seed_makes_the_same_world() -> None:
    """Two sandboxes made alike agree on every call, every credential and every example."""
    one, other = (Sandbox(calls=400, seed=5, clock=Clock()) for _ in range(2))

    assert await everything(one) == await everything(other)
    assert one.examples() == other.examples()
    assert (one.account_sid, one.auth_token) == (other.account_sid, other.auth_token)


async def test_another_seed_makes_another_world() -> None:
    """Nothing is shared between two seeds, not even the account."""
    one, other = (Sandbox(calls=50, seed=seed, clock=Clock()) for seed in (5, 6))

    assert not {*sids(await everything(one))} & {*sids(await everything(other))}
    assert one.account_sid != other.account_sid


@pytest.mark.parametrize("seed", range(5))
async def test_the_examples_show_what_they_promise(seed: int) -> None:
    """Whatever the seed, each example is there and has what it is named for."""
    sandbox = Sandbox(calls=30, seed=seed, clock=Clock())
    account, examples = visitor(sandbox), sandbox.examples()
    complete = (
        "bad_carrier",
        "client",
        "trunking",
        "sip",
        "child",
        "agent",
        "annotated",
        "branded",
    )
    shown = {name: (await account.summary(examples[name])).json() for name in complete}
    legacy = (await account.summary(examples["branded_legacy"])).json()

    assert set(examples) >= PROMISED
    assert {"high_jitter", "high_packet_loss"} <= {*shown["bad_carrier"]["tags"]}
    assert shown["client"]["sdk_edge"]["events"]["errors"]
    assert shown["client"]["client_edge"]["metrics"]["inbound"]
    assert "low_mos" in shown["client"]["tags"]
    assert shown["client"]["sdk_edge"]["metrics"]["inbound"]["mos"]["avg"] < 3.5
    assert shown["trunking"]["sip_edge"]
    assert shown["trunking"]["carrier_edge"]
    assert shown["sip"]["sip_edge"]
    assert (await account.summary(shown["child"]["parent_call_sid"])).status_code == 200
    assert shown["agent"]["agent_session_summaries"]
    assert shown["annotated"]["annotation"]["quality_issues"]
    assert shown["branded"]["trust"]["branded"]["display_name"]
    assert legacy["trust"]["branded_call"]["branded"] is True


async def test_most_calls_are_recent_and_some_are_too_old(clock: Clock) -> None:
    """A third lies in the default window; a few are known only as expired."""
    sandbox = Sandbox(calls=900, clock=clock, arrivals=False)
    recent = await visitor(sandbox).calls(StartTime="4h", ProcessingState="completed")
    listed = len(await everything(sandbox))
    for sid in sandbox.subaccounts:
        listed += len(await visitor(sandbox).calls(Subaccount=sid))

    assert len(recent) > 300
    assert 850 < listed < 900
    newest = (await visitor(sandbox).calls(EndTime="0m"))[0]
    assert newest["end_time"] is None


async def test_calls_keep_ending_as_time_passes(clock: Clock) -> None:
    """About three a minute; those that were there before are still there."""
    sandbox = Sandbox(calls=100, clock=clock)
    account = visitor(sandbox)
    before = await account.calls(StartTime="1d", ProcessingState="completed")

    clock.advance(2 * HOUR)

    after = await account.calls(StartTime="1d", ProcessingState="completed")
    assert {*sids(before)} < {*sids(after)}
    assert 150 < len(after) - len(before) < 450


async def test_the_world_does_not_depend_on_when_one_looks() -> None:
    """Looked at every minute or once in a day, it has become the same."""
    slow, fast = Clock(), Clock()
    watched, left_alone = (Sandbox(calls=20, clock=clock) for clock in (slow, fast))
    for _ in range(60):
        slow.advance(MINUTE)
        await everything(watched)
    fast.advance(60 * MINUTE)

    assert await everything(watched) == await everything(left_alone)


async def test_without_arrivals_the_world_is_fixed(clock: Clock) -> None:
    """No call comes, and what there is grows old together."""
    sandbox = Sandbox(calls=80, clock=clock, arrivals=False)
    clock.advance(40 * MINUTE)
    later = await everything(sandbox)
    clock.advance(DAY)

    assert await everything(sandbox) == later


async def test_arrivals_are_bounded_however_long_and_fast(clock: Clock) -> None:
    """After days at high speed the world still holds a few thousand calls, the newest ones."""
    sandbox = Sandbox(calls=0, clock=clock, speed=1000)
    clock.advance(20 * DAY)
    account = visitor(sandbox)
    await account.ask()
    clock.advance(DAY)
    page = await account.page(**EVER)
    count = len(page["call_summaries"])
    while url := page["meta"]["next_page_url"]:
        page = await account.follow(url)
        count += len(page["call_summaries"])

    assert 2000 < count < 10_000


async def test_a_summary_of_a_tests_own_outlives_the_call_it_replaced(clock: Clock) -> None:
    """When the replaced call's time has come to be forgotten, the summary stays."""
    sandbox = Sandbox(calls=0, clock=clock, speed=1000)
    await visitor(sandbox).ask()
    clock.advance(HOUR)
    sid = (await visitor(sandbox).page(PageSize="1"))["call_summaries"][0]["call_sid"]
    sandbox.add({"call_sid": sid, "tags": ["mine"]})

    clock.advance(3 * HOUR)

    assert (await visitor(sandbox).summary(sid)).json()["tags"] == ["mine"]


async def test_the_examples_of_early_life_are_always_young(clock: Clock) -> None:
    """Hours later there still is a call without a summary, and one that gains versions."""
    sandbox = Sandbox(calls=50, clock=clock)
    clock.advance(5 * HOUR)
    account, examples = visitor(sandbox), sandbox.examples()

    not_ready = await account.summary(examples["not_ready"], ProcessingState="all")
    partial = await account.summary(examples["partial"], ProcessingState="partial")

    assert not_ready.json()["code"] == 20404
    assert partial.json()["processing_state"] == "partial"


async def test_an_empty_world_is_empty(clock: Clock) -> None:
    """No calls, no examples, nothing that a test did not put there."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)

    assert await everything(sandbox) == []
    assert set(sandbox.examples()) == {"not_found"}


async def test_what_has_not_begun_is_not_there(clock: Clock) -> None:
    """A call of the near future cannot be found by its SID."""
    ahead = Sandbox(calls=0, clock=clock)
    clock.advance(30 * MINUTE)
    come = sids(await everything(ahead))
    clock.advance(-30 * MINUTE)

    answers = [await visitor(ahead).summary(sid, ProcessingState="all") for sid in come]

    assert come
    assert {answer.json()["code"] for answer in answers} == {20404}


async def walked(sandbox: Sandbox) -> list[Json]:
    """All calls, page by page."""
    params, found = dict(EVER), list[Json]()
    while True:
        page = await visitor(sandbox).page(**params)
        found += page["call_summaries"]
        if (following := page["meta"]["next_page_url"]) is None:
            return found
        query = parse_qs(urlsplit(following).query)
        params |= {name: query[name][0] for name in ("Page", "PageToken")}


async def test_a_month_is_told_when_it_is_asked_for_and_has_something_to_find() -> None:
    """A start costs nothing of it; two worlds of one seed agree, in whatever order they tell."""
    one, other = (Sandbox(calls=40, clock=Clock(), arrivals=False, month=6000) for _ in range(2))
    assert len(one._world._calls) < 60  # noqa: SLF001 - what is told
    listed = await walked(one)
    assert 5000 < len(listed) < 9000
    months = [call for call in listed if call["call_sid"] not in other._world._calls]  # noqa: SLF001
    assert all(other._world.find(call["call_sid"]) for call in months[:: len(months) // 40])  # noqa: SLF001

    def share(calls: list[Json]) -> float:
        return sum(1 for call in calls if "high_jitter" in (call["tags"] or ())) / len(calls)

    answered = [call for call in months if call["call_state"] == "completed"]
    chrome = [call for call in answered if "'131'" in str(call["from"]) + str(call["to"])]
    usual = share(answered)
    assert len(chrome) > 50
    assert share(chrome) > 3 * usual
    hours: dict[str, list[Json]] = {}
    for call in answered:
        hours.setdefault(call["end_time"][:13], []).append(call)
    worst = max(
        (hour for hour in hours if len(hours[hour]) > 5), key=lambda hour: share(hours[hour])
    )
    assert share(hours[worst]) > 0.7
    assert "'ie1'" in str(hours[worst][0])
