"""The Calls explorer with viewers, without a warehouse, and on a day when all else is down."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from gateway.config.settings import Settings
from gateway.config.viewers import Scope
from gateway.sandbox import Sandbox
from gateway.sandbox.faults import Fault
from gateway.server.app import create_app
from tests.browser import browsing
from tests.explorer import Reader, needs_the_explorer, reading
from tests.graphiql import listening
from tests.servers import RedisServer, free_port
from tests.viewers import ALL, READ, People

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_the_explorer, pytest.mark.browser]

REFUSED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
"""What a browser itself says of each 401, which no page can keep it from."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=200)


@pytest_asyncio.fixture(loop_scope="module")
async def origin(sandbox: Sandbox) -> AsyncIterator[str]:
    """A gateway with a viewer who sees all, and one who sees calls with masked data."""
    people = People(sandbox)
    people.add("ana", None, ALL)
    people.add("ben", None, READ)
    transport = httpx.ASGITransport(app=sandbox.app)
    async with listening(create_app(Settings(), people.access, transport=transport)) as origin:
        yield origin


async def introduce(reader: Reader, token: str) -> None:
    """Give a token where the page asks for it."""
    dialog = reader.page.get_by_role("dialog", name="Your token")
    await dialog.get_by_label("Token", exact=True).fill(token)
    await dialog.get_by_role("button", name="Use this token").click()


async def test_who_may_see_all_sees_all(browser: Browser, origin: str, sandbox: Sandbox) -> None:
    """Numbers as they are, the raw summary, and a form to annotate."""
    sid = sandbox.examples()["bad_carrier"]
    async with reading(browser, origin) as reader:
        await reader.open(f"#/calls/{sid}")
        await introduce(reader, "ana")
        await expect(reader.page.get_by_role("button", name="ana")).to_be_visible()
        await expect(reader.panel("Facts")).not_to_contain_text("•")
        await expect(reader.panel("Annotation").get_by_role("button", name="Save")).to_be_visible()
        raw = reader.panel("Raw summary")
        await raw.get_by_role("button", name="Show the JSON").click()
        await expect(raw).to_contain_text("call_sid")


async def test_masked_data_looks_masked_and_says_why(
    browser: Browser, origin: str, sandbox: Sandbox
) -> None:
    """Without `pii:read` a number is cut, with the reason; what is not allowed says so (ours)."""
    sid = sandbox.examples()["bad_carrier"]
    async with reading(browser, origin) as reader:
        await reader.open(f"#/calls/{sid}")
        await introduce(reader, "ben")
        masked = reader.panel("Facts").locator(".masked").first
        await expect(masked).to_contain_text("•")
        await expect(masked).to_have_attribute("title", re.compile("pii:read"))
        await expect(reader.panel("Annotation")).to_contain_text("annotations:write")
        await expect(reader.panel("Raw summary")).to_contain_text("pii:read")
        assert Scope.PII_READ not in READ
        assert await reader.violations() == []


async def test_both_pages_know_one_token(browser: Browser, origin: str) -> None:
    """A wrong token is told where it is asked for; a right one serves GraphiQL too (the issue)."""
    async with reading(browser, origin) as reader:
        await reader.open("#/calls")
        await introduce(reader, "mallory")
        alert = reader.page.get_by_role("dialog", name="Your token").get_by_role("alert")
        await expect(alert).to_be_visible()
        assert await reader.violations() == []
        await introduce(reader, "ben")
        await expect(reader.page.locator("tbody tr[data-sid]").first).to_be_visible()
        await reader.page.get_by_role("link", name="GraphiQL").click()
        await expect(
            reader.page.locator(".brand").get_by_role("button", name="ben")
        ).to_be_visible()
        await reader.page.go_back()
        await reader.page.get_by_role("button", name="ben").click()
        await reader.page.get_by_role("button", name="Forget the token").click()
        await expect(reader.page.get_by_label("Token", exact=True)).to_be_visible()
        assert {*reader.complaints} == {REFUSED}
        reader.complaints.clear()


async def test_without_a_warehouse_it_works_on_lists(
    browser: Browser, origin: str, sandbox: Sandbox
) -> None:
    """It says what it cannot show, and lists, filters and opens calls all the same (the issue)."""
    async with reading(browser, origin) as reader:
        await reader.open()
        await introduce(reader, "ana")
        await expect(reader.page.get_by_text("Figures need a warehouse")).to_be_visible()
        await expect(reader.page.get_by_text("No warehouse: lists alone")).to_be_visible()
        assert await reader.violations() == []
        await reader.page.get_by_role("link", name="The latest calls with a tag").click()
        await expect(reader.page.get_by_text("Has tag is yes")).to_be_visible()
        row = reader.page.locator("tbody tr[data-sid]").first
        await expect(row.locator("[data-column=tags]")).not_to_have_text("None")
        await reader.page.go_back()
        await reader.page.get_by_role("link", name="All calls").click()
        await expect(row).to_be_visible()
        await reader.page.go_back()
        await reader.page.get_by_role("link", name="The latest calls with a tag").click()
        await expect(row).to_be_visible()
        assert any(request.params.get("HasTag") == "true" for request in sandbox.requests)
        await row.get_by_role("link").click()
        await expect(reader.panel("Legs")).to_contain_text("takes a warehouse")


async def test_what_is_known_stays_in_sight_while_twilio_is_down(
    browser: Browser, sandbox: Sandbox
) -> None:
    """A call that is cached is shown, one that is not says why (stale-if-error, ours)."""
    people = People(sandbox)
    people.add("ana", None, ALL)
    known, other = sandbox.examples()["bad_carrier"], sandbox.examples()["trunking"]
    settings = Settings(
        gateway_cache_url=f"redis://127.0.0.1:{free_port()}/0", gateway_deadline=5.0
    )
    transport = httpx.ASGITransport(app=sandbox.app)
    app = create_app(settings, people.access, transport=transport)
    async with listening(app) as origin, reading(browser, origin) as reader:
        await reader.open(f"#/calls/{known}")
        await introduce(reader, "ana")
        await expect(reader.panel("Diagnosis")).to_be_visible()
        sandbox.inject(Fault(kind="server_error"))
        await reader.open(f"#/calls/{known}")
        await expect(reader.panel("Diagnosis")).to_be_visible()
        await reader.open(f"#/calls/{other}")
        alert = reader.page.get_by_role("main").get_by_role("alert")
        await expect(alert).to_be_visible(timeout=20_000)
        await expect(alert).not_to_contain_text("null")
        sandbox.clear_faults()
        await expect(alert.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.redis
async def test_redis_may_go_away(browser: Browser, sandbox: Sandbox) -> None:
    """The page goes on without a cache server, as the gateway does (docs/caching.md)."""
    people = People(sandbox)
    people.add("ana", None, ALL)
    transport = httpx.ASGITransport(app=sandbox.app)
    with RedisServer() as server:
        settings = Settings(gateway_cache_url=server.url)
        app = create_app(settings, people.access, transport=transport)
        async with listening(app) as origin, reading(browser, origin) as reader:
            await reader.open("#/calls")
            await introduce(reader, "ana")
            await expect(reader.page.locator("tbody tr[data-sid]").first).to_be_visible()
            server.stop()
            await reader.open("#/calls?since=7d")
            await expect(reader.page.locator("tbody tr[data-sid]").first).to_be_visible()
