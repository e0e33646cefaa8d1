import base64
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.sandbox import Sandbox
from gateway.sandbox.filters import instant
from tests.sandbox.conftest import DAY, HOUR, MINUTE, Clock, Json, Visitor, sids, visitor

LIST = "https://insights.twilio.com/v1/Voice/Summaries"
DAY_LONG = {"StartTime": "1d", "ProcessingState": "all", "CallType": "carrier,client"}


async def walk(account: Visitor, **params: str) -> list[Json]:
    """Every page, forward, from the first."""
    pages = [await account.page(**params)]
    while url := pages[-1]["meta"]["next_page_url"]:
        pages.append(await account.follow(url))
    return pages


def items(pages: list[Json]) -> list[str]:
    return [sid for page in pages for sid in sids(page["call_summaries"])]


def token(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["PageToken"]


@pytest.mark.parametrize("order", ["start_time", "end_time"])
@pytest.mark.parametrize("size", ["1", "7", "50"])
async def test_pages_together_are_the_list(account: Visitor, order: str, size: str) -> None:
    """Page by page one sees each call once, in the order of one large page."""
    whole = await account.page(**DAY_LONG, SortBy=order, PageSize="1000")

    pages = await walk(account, **DAY_LONG, SortBy=order, PageSize=size)

    assert items(pages) == items([whole])
    assert [page["meta"]["page"] for page in pages] == list(range(len(pages)))


@pytest.mark.parametrize("order", ["start_time", "end_time"])
async def test_back_is_exactly_where_one_came_from(account: Visitor, order: str) -> None:
    """previous_page_url leads to the same calls and the same number, down to the first page."""
    pages = await walk(account, **DAY_LONG, SortBy=order, PageSize="9")
    assert len(pages) > 3
    page = pages[-1]

    for expected in reversed(pages[:-1]):
        page = await account.follow(page["meta"]["previous_page_url"])
        assert page["call_summaries"] == expected["call_summaries"]
        assert page["meta"]["page"] == expected["meta"]["page"]

    assert page["meta"]["previous_page_url"] is None


async def test_forward_again_after_going_back_is_the_same_page(account: Visitor) -> None:
    """There is no drift in going to and fro."""
    first, second, *_ = await walk(account, **DAY_LONG, PageSize="9")

    back = await account.follow(second["meta"]["previous_page_url"])
    again = await account.follow(back["meta"]["next_page_url"])

    assert back["call_summaries"] == first["call_summaries"]
    assert again["call_summaries"] == second["call_summaries"]


async def test_a_last_page_that_is_exactly_full_has_no_next(account: Visitor) -> None:
    """next_page_url is null when nothing follows, whether or not the page has room."""
    size = str(len(items([await account.page(**DAY_LONG, PageSize="1000")])))

    page = await account.page(**DAY_LONG, PageSize=size)

    assert len(page["call_summaries"]) == int(size)
    assert page["meta"]["next_page_url"] is None


async def test_an_empty_list_has_neither_neighbour(account: Visitor) -> None:
    """No calls is a page like any other."""
    page = await account.page(ToCarrier="Nobody & Sons")

    assert page == {
        "meta": {
            "page": 0,
            "page_size": 50,
            "first_page_url": f"{LIST}?ToCarrier=Nobody+%26+Sons&PageSize=50&Page=0",
            "previous_page_url": None,
            "next_page_url": None,
            "key": "call_summaries",
            "url": f"{LIST}?ToCarrier=Nobody+%26+Sons&PageSize=50&Page=0",
        },
        "call_summaries": [],
    }


async def test_addresses_are_absolute_and_repeat_every_parameter(account: Visitor) -> None:
    """Whoever follows a URL asks for the same list as before."""
    page = await account.page(**DAY_LONG, PageSize="5")
    url = page["meta"]["next_page_url"]

    assert url.startswith(f"{LIST}?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        **DAY_LONG,
        "PageSize": "5",
        "Page": "1",
        "PageToken": token(url),
    }
    assert (await account.follow(url))["meta"]["url"] == url


async def test_list_items_carry_the_address_of_the_list(account: Visitor) -> None:
    """In a list `url` says nothing about the call."""
    page = await account.page()

    assert {call["url"] for call in page["call_summaries"]} == {LIST}


async def test_a_walk_sees_the_world_as_it_was_when_it_began(clock: Clock) -> None:
    """New calls, new versions and a moving window neither repeat a call nor leave one out."""
    account = visitor(Sandbox(calls=300, clock=clock))
    params = {"StartTime": "4h", "ProcessingState": "all", "PageSize": "20"}
    whole = items([await account.page(**(params | {"PageSize": "1000"}))])

    pages = [await account.page(**params)]
    while url := pages[-1]["meta"]["next_page_url"]:
        clock.advance(11 * MINUTE)
        pages.append(await account.follow(url))
    back = await account.follow(pages[-1]["meta"]["previous_page_url"])

    assert items(pages) == whole
    assert back["call_summaries"] == pages[-2]["call_summaries"]
    assert items([await account.page(**params)]) != items(pages[:1])


async def test_pages_can_be_asked_for_by_number(account: Visitor) -> None:
    """Page without a token counts from the newest call."""
    pages = await walk(account, **DAY_LONG, PageSize="9")

    third = await account.page(**DAY_LONG, PageSize="9", Page="2")

    assert third["call_summaries"] == pages[2]["call_summaries"]
    assert (await account.follow(third["meta"]["previous_page_url"]))["call_summaries"] == pages[1][
        "call_summaries"
    ]


async def test_a_page_beyond_the_last_is_empty_and_leads_back(account: Visitor) -> None:
    """Nothing there is not an error."""
    page = await account.page(**DAY_LONG, Page="9999")

    assert page["call_summaries"] == []
    assert page["meta"]["next_page_url"] is None
    assert (await account.follow(page["meta"]["previous_page_url"]))["call_summaries"]


async def test_a_token_is_good_for_the_same_filter_and_any_page_size(account: Visitor) -> None:
    """Only what filters and sorts belongs to a token."""
    first = await account.page(**DAY_LONG, PageSize="5")
    mark = token(first["meta"]["next_page_url"])

    larger = await account.page(**DAY_LONG, PageSize="10", PageToken=mark)

    assert len(larger["call_summaries"]) == 10


async def test_a_token_of_another_filter_is_refused(account: Visitor) -> None:
    """A token cannot be carried over to another list, nor used with no filter at all."""
    first = await account.page(**DAY_LONG, PageSize="5")
    mark = token(first["meta"]["next_page_url"])

    for other in ({}, DAY_LONG | {"StartTime": "2d"}, DAY_LONG | {"HasTag": "true"}):
        answer = await account.ask(**other, PageToken=mark)
        assert (answer.status_code, answer.json()["code"]) == (400, 17400)
        assert "PageToken" in answer.json()["message"]


async def test_a_token_that_is_altered_foreign_or_nonsense_is_refused(
    account: Visitor, clock: Clock
) -> None:
    """Every single character of a token counts."""
    first = await account.page(**DAY_LONG, PageSize="5")
    mark = token(first["meta"]["next_page_url"])
    stranger = visitor(Sandbox(calls=300, seed=12, clock=clock, arrivals=False))
    foreign = token((await stranger.page(**DAY_LONG, PageSize="5"))["meta"]["next_page_url"])
    altered = [
        mark[:n] + ("A" if mark[n] != "A" else "B") + mark[n + 1 :] for n in range(len(mark))
    ]
    own_make = "PT" + base64.urlsafe_b64encode(b"x" * 60).decode()

    for wrong in [
        *altered,
        mark[:-1],
        mark + "A",
        mark + "=",
        foreign,
        own_make,
        "",
        "PT",
        "é",
        "PT!!!!",
    ]:
        answer = await account.ask(**DAY_LONG, PageToken=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, 17400), wrong


async def test_a_large_world_is_walked_quickly(clock: Clock) -> None:
    """Thousands of calls in one window come in full, whatever the page size."""
    account = visitor(Sandbox(calls=3000, clock=clock, arrivals=False))

    pages = await walk(account, StartTime="60d", ProcessingState="all", PageSize="250")

    found = items(pages)
    assert len(found) == len(set(found)) > 2000
    assert sum(len(page["call_summaries"]) for page in pages[:-1]) == 250 * (len(pages) - 1)


async def test_running_calls_lead_the_list_until_they_end(account: Visitor, clock: Clock) -> None:
    """A call without an end is the newest there is, and takes its place when it has one."""
    begun = await account.calls(ProcessingState="started", StartTime="1h")
    assert begun[0]["end_time"] is None

    clock.advance(HOUR)

    ended = await account.calls(StartTime="2h")
    assert begun[0]["call_sid"] in sids(ended)
    assert all(call["end_time"] for call in ended)


@pytest.mark.parametrize("until", ["0m", "45m", "2h", "1d"])
async def test_a_window_holds_what_ended_in_it_and_what_tells_no_end(
    clock: Clock, until: str
) -> None:
    """In either order, from either side, however much has ended since."""
    sandbox = Sandbox(calls=400, clock=clock, arrivals=False)
    account, asked = visitor(sandbox), {"StartTime": "30d", "ProcessingState": "all"}
    endless = [
        sandbox.add({"call_type": "sip", "start_time": told}) for told in (None, "2026-05-29")
    ]
    clock.advance(HOUR)
    bound = clock.now - {"0m": 0, "45m": 45 * MINUTE, "2h": 2 * HOUR, "1d": DAY}[until]
    ends = {call["call_sid"]: instant(call.get("end_time")) for call in await account.calls()}
    inside = {sid for sid, end in ends.items() if end is None or end <= bound}
    assert inside >= set(endless)

    for order in ("start_time", "end_time"):
        pages = await walk(account, **asked, EndTime=until, SortBy=order, PageSize="40")
        assert set(items(pages)) == inside
        before = await account.follow(
            pages[-1]["meta"]["previous_page_url"] or pages[-1]["meta"]["url"]
        )
        assert before["call_summaries"] == pages[max(0, len(pages) - 2)]["call_summaries"]
