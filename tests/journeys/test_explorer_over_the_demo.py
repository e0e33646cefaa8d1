"""The Calls explorer over `gateway demo`, as somebody meets it who looks for a bad carrier."""

import asyncio
import csv
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from gateway.config.extras import is_installed
from tests.browser import browsing
from tests.cli.test_commands import running
from tests.explorer import Reader, needs_the_explorer, reading

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_the_explorer, pytest.mark.browser]
needs_the_engine = pytest.mark.skipif(
    not is_installed("warehouse"), reason="needs the extra `warehouse`"
)

EVERYTHING = """
query ($after: String) {
  calls(first: 500, after: $after, filter: {startTime: "29d", processingState: ALL}) {
    pageInfo { hasNextPage endCursor }
  }
}
"""
THRESHOLDS = """
query ($sid: CallSid!) {
  call(sid: $sid) { diagnosis { findings { rule threshold } } }
}
"""
BAD = "Murkwater Telecom"
"""The carrier that is worse than all others."""

PATIENCE = 20_000
"""Milliseconds that a busy machine may take."""

DEMO = ("demo", "--port", "0", "--calls", "1500")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a demo whose calls have all been asked for, and what it printed."""
    with running(tmp_path_factory.mktemp("demo"), *DEMO, until="ringing") as (address, said):
        after = None
        while True:
            asked = {"query": EVERYTHING, "variables": {"after": after}}
            answer = httpx.post(f"{address}/graphql", json=asked, timeout=60).json()
            page = answer["data"]["calls"]["pageInfo"]
            after = page["endCursor"]
            if not page["hasNextPage"]:
                break
        assert not is_installed("warehouse") or _is_filled(address)
        yield address, said


STATISTICS = "{ callStatistics { total { count } coverage { from } } }"


def _is_filled(address: str) -> bool:
    """Whether what was listed is found in time: the warehouse is written aside."""
    return _becomes(address, lambda found: found["total"]["count"] > 1000)


def _becomes(address: str, condition: Callable[[dict[str, Any]], bool], within: int = 60) -> bool:
    """Whether the statistics of all calls fulfil a condition within so many seconds."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        answer = httpx.post(f"{address}/graphql", json={"query": STATISTICS}, timeout=60).json()
        if answer["data"] and condition(answer["data"]["callStatistics"]):
            return True
        time.sleep(0.5)
    return False


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def reader(browser: Browser, demo: tuple[str, str]) -> AsyncIterator[Reader]:
    """Somebody who has just opened the page."""
    async with reading(browser, demo[0], accept_downloads=True) as reader:
        reader.page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield reader


def example(demo: tuple[str, str], kind: str) -> str:
    """The SID of a call of some kind, as the demo prints it."""
    found: list[str] = re.findall(rf"^ +{kind} +(CA\w+)$", demo[1], re.MULTILINE)
    return found[0]


async def test_the_demo_says_where_the_explorer_is(demo: tuple[str, str]) -> None:
    """Whoever starts it finds the page (the issue)."""
    assert f"{demo[0]}/explorer/" in demo[1]


@needs_the_engine
async def test_the_first_questions_are_sent_once_and_before_the_page_is_there(
    reader: Reader,
) -> None:
    """Figures would wait for all scripts otherwise, or be asked twice (ours)."""
    sent: list[str] = []
    reader.page.on(
        "request",
        lambda request: sent.append(
            request.post_data_json["operationName"]
            if request.method == "POST" and request.post_data_json
            else request.url
        ),
    )
    await reader.open()
    await expect(reader.page.locator(".figures strong").first).to_be_visible()
    await expect(reader.panel("Called carriers").get_by_role("link").first).to_be_visible()
    (view,) = [place for place, one in enumerate(sent) if "/assets/page-" in one]
    for operation in ("WarehouseCoverage", "Figures", "WhoAmI"):
        assert sent.count(operation) == 1
        assert sent.index(operation) < view


@needs_the_engine
async def test_a_view_that_cannot_be_loaded_says_so(reader: Reader) -> None:
    """Where the gateway is away or newer, the rest of the page stays (ours)."""
    await reader.page.route("**/assets/page-*", lambda route: route.abort())
    await reader.open()
    await expect(reader.page.get_by_text("This view could not be loaded")).to_be_visible()
    await expect(reader.page.get_by_role("navigation", name="Views")).to_be_visible()
    assert await reader.violations() == []
    await reader.page.unroute("**/assets/page-*")
    await reader.page.get_by_role("button", name="Load the page again").click()
    await expect(reader.page.locator(".figures strong").first).to_be_visible()
    reader.complaints.clear()  # of the browser, about files that did not come


@needs_the_engine
async def test_the_bad_carrier_is_three_clicks_from_the_start(reader: Reader) -> None:
    """Overview, its bar, one of its calls, and who is to blame (the issue)."""
    await reader.open()
    carriers = reader.panel("Called carriers")
    worst = carriers.get_by_role("link").first
    await expect(worst).to_contain_text(BAD)
    await expect(worst).to_contain_text(re.compile(r"\d+ calls"))

    await worst.click()
    await expect(reader.page.get_by_text(f"To carrier is {BAD}")).to_be_visible()
    rows = reader.page.locator("tbody tr[data-sid]")
    await expect(rows.first.locator("[data-column=toCarrier]")).to_have_text(BAD)

    blamed = rows.filter(has=reader.page.locator("[data-column=suspect]", has_text="Carrier"))
    await blamed.first.get_by_role("link").click()
    await expect(reader.page.get_by_role("heading", level=1)).to_contain_text(BAD)
    suspects = reader.page.get_by_role("list", name="Suspects, the likeliest first")
    await expect(suspects.get_by_role("listitem").first).to_contain_text("Carrier")


async def _tab_to(reader: Reader, described: str) -> None:
    """Press Tab until what has the focus is as described; a trap of the focus would not end."""
    for _ in range(150):
        await reader.page.keyboard.press("Tab")
        if await reader.page.evaluate(f"document.activeElement.matches({described!r})"):
            return
    raise AssertionError(f"Tab never came to {described}")


@needs_the_engine
@pytest.mark.parametrize("width", [1400, 390])
async def test_the_bad_carrier_is_found_by_the_keyboard_alone(
    browser: Browser, demo: tuple[str, str], width: int
) -> None:
    """Overview, its bar, one of its calls, and a note on it, without a pointer (the issue)."""
    async with reading(browser, demo[0], width=width) as reader:
        page = reader.page
        await reader.open()
        await expect(reader.panel("Called carriers").get_by_role("link").first).to_be_visible()
        await _tab_to(reader, ".ranking:first-child .bars a")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Calls")
        await expect(page.locator("tbody tr[data-sid]").first).to_be_visible()
        await _tab_to(reader, "tbody tr[data-sid] a")
        await page.keyboard.press("Enter")
        await expect(reader.panel("Facts")).to_contain_text(BAD)
        await expect(reader.panel("Annotation").get_by_label("Comment")).to_be_visible()
        await _tab_to(reader, ".scores input")
        await page.keyboard.press("ArrowRight")
        await _tab_to(reader, "input[maxlength]")
        await page.keyboard.type("Choppy")
        await page.keyboard.press("Enter")
        await expect(reader.panel("Annotation").get_by_text("Saved at Twilio.")).to_be_visible()


@needs_the_engine
async def test_rankings_have_both_parties_all_edges_and_the_window_before(reader: Reader) -> None:
    """Callers and called parties, each edge that measures, and what was before (the issue)."""
    early = (datetime.now(UTC) - timedelta(days=2, hours=1)).isoformat()
    await asyncio.to_thread(
        _becomes, reader.origin, lambda found: (found["coverage"]["from"] or "9") < early, 300
    )
    await reader.open("#/?since=1d&by=jitter")
    await expect(reader.panel("Called carriers")).to_contain_text(
        re.compile(r"[\d,]+ calls, [\d.]+\s?ms before")
    )
    for choice, option, title, row in (
        ("Whose carrier", "Calling", "Calling carriers", r"\w"),
        ("Whose SDK", "Called", "Called SDK versions", r"twilio-voice-\w+ \d+\.\d+"),
        ("Of which edge", "Client", "Client edge locations", "dublin|ashburn|sydney"),
        ("Of which edge", "SIP", "SIP edge locations", "dublin|ashburn|sydney"),
    ):
        await reader.page.get_by_role("button", name=re.compile(choice)).click()
        await reader.page.get_by_role("option", name=option, exact=True).click()
        first = reader.panel(title).get_by_role("link").first
        await expect(first).to_contain_text(re.compile(row))
        await expect(first).to_contain_text(re.compile(r"\d+ calls?"))
    assert "sdks=to" in reader.page.url
    sdk = reader.panel("Called SDK versions").get_by_role("link").first
    name = await sdk.locator(".bar-name").inner_text()
    await sdk.click()
    await expect(reader.page.get_by_text(f"To SDK type is {name.split()[0]}")).to_be_visible()
    await expect(reader.page.get_by_text(f"To SDK version is {name.split()[1]}")).to_be_visible()
    await expect(reader.page.locator("tbody tr[data-sid]").first).to_be_visible()


@needs_the_engine
async def test_facets_are_there_on_a_phone(browser: Browser, demo: tuple[str, str]) -> None:
    """Where there is no room beside the calls, a button opens them (ours)."""
    async with reading(browser, demo[0], width=390) as reader:
        await reader.open("#/calls?since=30d")
        await reader.page.get_by_role("button", name="Facets", exact=True).click()
        facet = reader.page.get_by_role("button", name=re.compile("^High packet loss"))
        await facet.click()
        await expect(facet).to_have_attribute("aria-pressed", "true")
        assert await reader.violations() == []
        await reader.page.get_by_role("button", name="Close").click()
        await expect(reader.page.get_by_text("Tags has High packet loss")).to_be_visible()
        await expect(reader.page.locator("tbody tr[data-sid]").first).to_contain_text("Loss")


async def test_the_thresholds_of_the_timeline_are_those_of_the_diagnosis(
    reader: Reader, demo: tuple[str, str]
) -> None:
    """The page reads them off the schema; the diagnosis has them in its findings (ours)."""
    sid = example(demo, "client")
    asked = {"query": THRESHOLDS, "variables": {"sid": sid}}
    async with httpx.AsyncClient(timeout=60) as client:
        answer = (await client.post(f"{demo[0]}/graphql", json=asked)).json()
    findings = answer["data"]["call"]["diagnosis"]["findings"]
    found = {finding["rule"]: finding["threshold"] for finding in findings}
    await reader.open(f"#/calls/{sid}")
    course = reader.panel("Timeline").get_by_role("img")
    for rule, drawn in (
        ("HIGH_PACKET_LOSS", r"Packet loss: [^:]*threshold is {}\s%"),
        ("HIGH_JITTER", r"Jitter: [^:]*threshold is {}\sms"),
        ("LOW_MOS", r"MOS: [^:]*threshold is {}\."),
    ):
        words = re.compile(drawn.format(f"{found[rule]:g}"))
        await expect(course).to_have_attribute("aria-label", words)


async def test_an_address_without_a_sid_is_told_so(reader: Reader) -> None:
    """A SID that was cut in a mail is no outage: nothing is to be tried again (ours)."""
    await reader.open("#/calls/CA123")
    await expect(reader.page.get_by_text("This is not the SID of a call")).to_be_visible()
    await expect(reader.page.get_by_role("button", name="Try again")).to_have_count(0)


@needs_the_engine
async def test_a_bar_of_the_chart_leads_to_the_calls_of_its_time(reader: Reader) -> None:
    """By the keyboard too: one tab stop, and arrows from bar to bar (ARIA, roving tabindex)."""
    await reader.open("#/?since=4h")
    chart = reader.page.get_by_role("group", name="Calls over time")
    bars = chart.get_by_role("link")
    await expect(chart.locator("a[tabindex='0']")).to_have_count(1)
    assert await bars.count() > 10
    await bars.last.focus()
    await reader.page.keyboard.press("ArrowLeft")
    name = await reader.page.evaluate("document.activeElement.getAttribute('aria-label')")
    counted = re.search(r": ([\d,]+) calls?, ", name)
    assert counted, name
    await reader.page.keyboard.press("Enter")
    await expect(reader.page.get_by_role("heading", level=1)).to_have_text("Calls")
    await expect(reader.page.locator(".page-head [role=status]")).to_have_text(
        re.compile(rf"^{counted[1]} calls?$")
    )


@needs_the_engine
async def test_each_slice_has_its_share_in_sight(reader: Reader) -> None:
    """How many calls have a tag, and which share of them, is read without a pointer (the issue)."""
    await reader.open("#/?since=4h")
    chart = reader.page.get_by_role("group", name="Calls over time")
    await expect(chart.get_by_text("Share with a tag")).to_be_visible()
    slices = await chart.get_by_role("link").evaluate_all(
        "(all) => all.map((one) => [one.getAttribute('aria-label').includes('no calls'),"
        " one.querySelectorAll('.slice-share').length])"
    )
    assert {(is_empty, dots) for is_empty, dots in slices} <= {(True, 0), (False, 1)}
    assert [False, 1] in slices


@needs_the_engine
async def test_a_time_that_the_warehouse_lacks_is_not_called_quiet(reader: Reader) -> None:
    """No call was counted there, which is not to say that there was none (ours)."""
    await reader.open("#/?since=2026-01-01T00:00:00Z&until=2026-01-01T01:00:00Z")
    course = reader.panel("Calls over time")
    await expect(course).to_contain_text("The warehouse has nothing of this time")


@needs_the_engine
async def test_no_figure_of_a_table_is_cut(reader: Reader) -> None:
    """Names may be cut, and are whole on hover; of a number each digit counts (ours)."""
    await reader.open("#/calls?since=30d")
    await expect(reader.page.locator("tbody tr[data-sid]").first).to_be_visible()
    cut = await reader.page.locator("tbody td[data-number=true]").evaluate_all(
        "(cells) => cells.filter((one) => one.scrollWidth > one.clientWidth)"
        ".map((one) => one.innerText)"
    )
    assert cut == []


async def test_errors_of_a_call_have_names_on_its_timeline(
    reader: Reader, demo: tuple[str, str]
) -> None:
    """A dot says when; its name and the legend say what (ours)."""
    await reader.open(f"#/calls/{example(demo, 'client')}")
    course = reader.panel("Timeline")
    await expect(course.locator(".legend")).to_contain_text("Error")
    await expect(course.locator("text.event-name").first).to_contain_text("error")
    series = await course.locator(".legend [data-series]").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert len({*series}) == len(series) > 1


@needs_the_engine
async def test_facets_filters_and_columns_make_an_address_that_finds_the_same_again(
    reader: Reader,
) -> None:
    """A bookmark is a saved search (the issue)."""
    await reader.open("#/calls?since=30d")
    page = reader.page
    await (
        page.get_by_role("complementary", name="Facets")
        .get_by_role("button", name=re.compile("High packet loss"))
        .click()
    )
    await page.get_by_role("button", name="Add filter").click()
    await page.get_by_role("searchbox", name="Field").fill("post-dial")
    option = page.get_by_role("option", name=re.compile("^PDD ms"))
    await expect(option).to_contain_text("from dialling to ringing")  # the schema's own words
    await option.click()
    await page.get_by_role("button", name=re.compile("Comparison")).click()
    await page.get_by_role("option", name=">", exact=True).click()
    await page.get_by_label("Value").fill("100")
    await page.get_by_role("button", name="Add this filter").click()
    await page.get_by_role("button", name="Columns").click()
    await page.get_by_role("checkbox", name="Post-dial delay").check(force=True)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Post-dial delay", exact=True).click()
    heading = page.get_by_role("columnheader", name="Post-dial delay")
    await expect(heading).to_have_attribute("aria-sort", "descending")
    counted = page.locator(".page-head [role=status]")
    await expect(counted).to_have_text(re.compile(r"^[1-9][\d,]* calls?$"))

    await reader.open(page.url.partition("/explorer/")[2])
    await expect(counted).to_have_text(re.compile(r"^[1-9][\d,]* calls?$"))
    await expect(heading).to_have_attribute("aria-sort", "descending")
    await expect(page.get_by_text("Tags has High packet loss")).to_be_visible()
    await expect(page.get_by_text("PDD ms > 100")).to_be_visible()
    cell = page.locator("tbody tr[data-sid]").first.locator("[data-column=pdd]")
    await expect(cell).to_contain_text("ms")


@needs_the_engine
@pytest.mark.parametrize(
    ("choice", "carrier", "sid"),
    [("As shown", "Called carrier", "SID"), ("All of them", "to.carrier", "sid")],
)
async def test_the_list_is_a_file(
    reader: Reader, tmp_path: Path, choice: str, carrier: str, sid: str
) -> None:
    """*Download CSV* has the columns that are shown, or all rows of the query (RFC 4180)."""
    await reader.open(f"#/calls?since=30d&f=to.carrier:eq:{BAD}")
    button = reader.page.get_by_role("button", name="Download CSV")
    await expect(button).to_be_enabled()
    await button.click()
    async with reader.page.expect_download() as started:
        await reader.page.get_by_role("menuitem", name=choice).click()
    file = tmp_path / "calls.csv"
    await (await started.value).save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = [*csv.DictReader(text)]
    assert len(rows) > 5
    assert {row[carrier] for row in rows} == {BAD}
    assert all(re.fullmatch("CA[0-9a-f]{32}", row[sid]) for row in rows)


@needs_the_engine
async def test_a_long_list_keeps_few_rows_in_the_page(reader: Reader) -> None:
    """However far one scrolls: what is out of sight is not drawn (ours), and pages follow."""
    await reader.open("#/calls?since=30d")
    frame = reader.page.get_by_role("region", name="Table of calls")
    rows = reader.page.locator("tbody tr[data-sid]")
    await expect(rows.first).to_be_visible()
    counted = re.compile(r"^\d{3,}$")
    await expect(frame.get_by_role("table")).to_have_attribute("aria-rowcount", counted)
    for page in range(2, 6):
        await frame.evaluate("(element) => { element.scrollTop = element.scrollHeight }")
        await reader.page.wait_for_function(
            "(height) => document.querySelector('.table-frame').scrollHeight > height",
            arg=(page * 100 - 20) * 44,
        )
        assert await rows.count() < 60


@needs_the_engine
async def test_calls_come_in_while_one_looks(browser: Browser, tmp_path: Path) -> None:
    """*Live* puts calls on top as their summaries become complete (the issue)."""
    hurried = ("demo", "--port", "0", "--calls", "60", "--speed", "120")
    with running(tmp_path, *hurried, until="ringing") as (address, _):
        async with reading(browser, address) as reader:
            await reader.open("#/calls?since=4h")
            live = reader.page.get_by_role("button", name="Live")
            await expect(live).to_be_visible(timeout=3 * PATIENCE)
            await live.click()
            counted = reader.page.locator(".page-head [role=status]")
            await expect(counted).to_contain_text(re.compile(r"\d+ new"), timeout=3 * PATIENCE)
            assert "live=yes" in reader.page.url


async def test_a_call_has_its_path_its_course_and_its_query(
    reader: Reader, demo: tuple[str, str]
) -> None:
    """Each direction has its numbers, a bad one its threshold; each panel its query (the issue)."""
    sid = example(demo, "bad_carrier")
    await reader.open(f"#/calls/{sid}")
    path = reader.panel("Path")
    await expect(path.get_by_text("Carrier edge")).to_be_visible()
    await expect(path.locator("dd[data-bad]", has_text="14.7")).to_contain_text("threshold 5 %")
    course = reader.panel("Timeline").get_by_role("img")
    await expect(course).to_have_attribute(
        "aria-label", re.compile(r"Packet loss: at worst [\d.]+\s%")
    )
    assert "null" not in await reader.page.locator("main").inner_text()

    await path.get_by_role("button", name="Query of Path").click()
    dialog = reader.page.get_by_role("dialog")
    await expect(dialog.get_by_role("tabpanel")).to_contain_text("query OneCall($sid: CallSid!)")
    address = await dialog.get_by_role("link", name="Open in GraphiQL").get_attribute("href")
    assert address
    assert address.startswith(f"{reader.origin}/#query=")
    await dialog.get_by_role("tab", name="Variables").click()
    await expect(dialog.get_by_role("tabpanel")).to_contain_text(sid)
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_be_hidden()


async def test_a_question_says_under_query_what_it_costs(
    reader: Reader, demo: tuple[str, str]
) -> None:
    """Field by field, after a click; nothing is asked twice before (the issue)."""
    await reader.open(f"#/calls/{example(demo, 'bad_carrier')}")
    path = reader.panel("Path")
    await expect(path.get_by_text("Carrier edge")).to_be_visible()
    await path.get_by_role("button", name="Query of Path").click()
    cost = reader.page.get_by_role("dialog").get_by_role("region", name="Cost")
    async with reader.page.expect_response("**/graphql") as answered:
        await cost.get_by_role("button", name="Explain the cost").click()
    answer = await answered.value
    told = (await answer.json())["extensions"]["cost"]
    assert await answer.request.header_value("graphql-cost-debug") == "1"
    await expect(cost).to_contain_text(f"Cost: {told['actual']} of at most {told['requested']}")
    for field in told["fields"]:
        name = ".".join(field["path"])
        await expect(cost.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await expect(cost).to_contain_text("Estimate")
    assert await reader.violations() == []


async def test_people_say_what_they_heard(reader: Reader, demo: tuple[str, str]) -> None:
    """A score and a comment are written, and are there the next time (the issue)."""
    sid = example(demo, "trunking")
    await reader.open(f"#/calls/{sid}")
    form = reader.panel("Annotation")
    poor = form.get_by_role("radio", name="2: Poor")
    for _ in range(5):  # a press is lost where the form is drawn anew in that moment
        await poor.click(force=True)
        if await poor.is_checked():
            break
    await expect(poor).to_be_checked()
    await form.get_by_role("checkbox", name="Echo").check(force=True)
    await form.get_by_label("Comment").fill("Echo from the start")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_text("Saved at Twilio.")).to_be_visible()

    await form.get_by_label("Comment").fill("call me at +4930901820")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("phone number")

    await reader.open(f"#/calls/{sid}")
    await expect(form.get_by_label("Comment")).to_have_value("Echo from the start")
    await expect(form.get_by_role("radio", name="2: Poor")).to_be_checked()


async def test_a_call_becomes_final_while_one_looks(browser: Browser, tmp_path: Path) -> None:
    """Each newer version is shown as it comes, and the last one says so (the issue)."""
    hurried = ("demo", "--port", "0", "--calls", "60", "--speed", "120")
    with running(tmp_path, *hurried, until="ringing") as (address, said):
        (sid,) = re.findall(r"^ +partial +(CA\w+)$", said, re.MULTILINE)
        async with reading(browser, address) as reader:
            await reader.open(f"#/calls/{sid}")
            progress = reader.page.locator(".progress")
            await expect(progress).to_have_text(re.compile("Partial|Final"))
            await expect(progress).to_have_text("Final", timeout=3 * PATIENCE)


VIEWS = {
    "overview": "#/?since=4h",
    "calls": "#/calls?since=30d",
    "call": "#/calls/{sid}",
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400, 2560])
async def test_no_view_shuts_anybody_out(
    browser: Browser, demo: tuple[str, str], view: str, scheme: str, width: int
) -> None:
    """Axe finds no violation of WCAG, in either scheme and on a phone; nothing is cut off."""
    address = VIEWS[view].format(sid=example(demo, "bad_carrier"))
    async with reading(browser, demo[0], width=width, color_scheme=scheme) as reader:
        await reader.open(address)
        await expect(reader.page.get_by_role("heading", level=1)).to_be_visible()
        await expect(reader.page.locator("[aria-label=Loading]")).to_have_count(0)
        await expect(reader.page.get_by_role("alert")).to_have_count(0)
        assert await reader.violations() == []
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await reader.page.evaluate(overflow) <= 0
