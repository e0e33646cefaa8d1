"""GraphiQL as a visitor meets it: a real browser, a real server, and no other host within reach."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config.accounts import Account
from gateway.config.load import read
from gateway.config.settings import Secret
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from tests.browser import browsing
from tests.graphiql import JOBS, OF_THE_WAREHOUSE, Visit, listening, needs_the_page, visiting
from tests.servers import free_port

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_the_page]

FOLLOWING = "FollowACall"

CLICKING_EARLY = """
new MutationObserver((_, observer) => {
  const button = document.querySelector(".graphiql-execute-button");
  if (!button) return;
  observer.disconnect();
  button.click();
}).observe(document, { childList: true, subtree: true });
"""
"""Clicks ▶ as soon as the page has it, which is before its editors are loaded."""


@pytest.fixture
def sandbox() -> Sandbox:
    """A small Twilio, with calls to ask about."""
    return Sandbox(calls=200)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of all visitors."""
    async with browsing() as browser:
        yield browser


class Stripped:
    """A proxy that has the gateway below `/insights/`, and tells it nothing of that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "path" not in scope or scope["path"].startswith("/insights/"):
            path = scope.get("path", "").removeprefix("/insights")
            await self._app({**scope, "path": path}, receive, send)
        else:
            await PlainTextResponse("Not the gateway", 404)(scope, receive, send)


@pytest_asyncio.fixture(loop_scope="module")
async def origin(sandbox: Sandbox) -> AsyncIterator[str]:
    """Where the gateway over the sandbox listens."""
    async with listening(gateway_over(sandbox)) as origin:
        yield origin


def gateway_over(
    sandbox: Sandbox, examples: Callable[[], Mapping[str, str]] | None = None
) -> ASGIApp:
    """The gateway over the sandbox; its tabs ask about the sandbox's examples if not others."""
    return create_app(
        read({}),
        Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token)),
        transport=httpx.ASGITransport(app=sandbox.app),
        examples=examples or sandbox.examples,
    )


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, origin: str) -> AsyncIterator[Visit]:
    """A first visit."""
    async with visiting(browser, origin) as visit:
        await visit.arrive()
        yield visit


async def test_a_click_before_the_editors_are_there_is_not_lost(
    browser: Browser, origin: str
) -> None:
    """The README says to open the page and press ▶; GraphiQL drops a click that comes too early."""
    async with visiting(browser, origin) as visit:
        await visit.page.add_init_script(CLICKING_EARLY)
        await visit.appear()
        await expect(visit.region("Result Window")).to_contain_text('"headline"', timeout=30_000)


async def test_a_visitor_finds_a_tab_for_each_job(visit: Visit, sandbox: Sandbox) -> None:
    """The first visit opens a tab per job, the first one filled with a call that exists."""
    await expect(visit.page).to_have_title("Call Insights")
    assert await visit.page.get_by_role("tab").all_inner_texts() == list(JOBS)
    await expect(visit.region("Operation Editor")).to_contain_text("Why was this call bad?")
    await expect(visit.region("Variables")).to_contain_text(sandbox.examples()["bad_carrier"])


async def test_every_tab_has_an_answer(visit: Visit) -> None:
    """Over the sandbox each tab is good to run as it is, and its answer says something."""
    for job in JOBS:
        if job == FOLLOWING or job in OF_THE_WAREHOUSE:
            continue  # it has no end, or no warehouse to ask
        async with visit.keeps("query", job):
            await visit.page.get_by_role("tab", name=job).click()
        _, answer = await visit.run()
        (field,) = answer["data"].values()
        assert "errors" not in answer, job
        assert field, job
        await expect(visit.region("Result Window")).to_contain_text('"data": {')


async def test_a_call_is_picked_from_the_newest(browser: Browser, sandbox: Sandbox) -> None:
    """`gateway serve` knows no call to ask about: it begins with a tab that finds some.

    Choose one with a click in its answer, or below: the tabs about a call ask about that one then.
    """
    app = gateway_over(sandbox, examples=dict)
    async with listening(app) as origin, visiting(browser, origin) as visit:
        await visit.arrive()
        await expect(visit.page.get_by_role("tab", selected=True)).to_contain_text("WhatIsNew")
        _, answer = await visit.run()
        sids = [node["sid"] for node in answer["data"]["calls"]["nodes"]]
        pick = visit.page.get_by_role("group", name="Ask about a call of this answer")
        assert await pick.get_by_role("option").all_inner_texts() == sids
        await visit.region("Result Window").get_by_text(sids[1]).click()
        await expect(pick.get_by_role("combobox")).to_have_value(sids[1])
        for sid, job in ((sids[1], "WhyWasThisCallBad"), (sids[2], "IsItFinal")):
            await visit.page.get_by_role("tab", name="WhatIsNew").click()
            await pick.get_by_role("combobox").select_option(sid)
            async with visit.keeps("query", job):
                await pick.get_by_role("button", name=job).click()
            await expect(visit.page.get_by_role("tab", selected=True)).to_contain_text(job)
            asked, answer = await visit.run()
            assert json.loads(asked.post_data or "")["variables"] == {"sid": sid}
            assert "errors" not in answer


async def test_a_call_is_followed_in_the_page(visit: Visit, sandbox: Sandbox) -> None:
    """Over WebSocket: the state now is shown at once, and the button ends what it began."""
    async with visit.keeps("query", FOLLOWING):
        await visit.page.get_by_role("tab", name=FOLLOWING).click()
    async with visit.page.expect_websocket() as opened:
        await visit.page.get_by_role("button", name="Execute query").click()
    socket = await opened.value
    assert socket.url == visit.origin.replace("http:", "ws:") + "/graphql"
    await expect(visit.region("Result Window")).to_contain_text('"status": "PARTIAL"')
    await expect(visit.region("Variables")).to_contain_text(sandbox.examples()["partial"])
    async with socket.expect_event("framesent", lambda frame: '"complete"' in str(frame)):
        await visit.page.get_by_role("button", name="Stop query").click()


async def test_a_gateway_that_restarts_is_found_again(browser: Browser, sandbox: Sandbox) -> None:
    """What is asked meanwhile says so, without a stack; what is followed goes on by itself."""
    app, port = gateway_over(sandbox), free_port()
    result = '"status": "PARTIAL"'
    async with AsyncExitStack() as first:
        origin = await first.enter_async_context(listening(app, port))
        async with visiting(browser, origin) as visit:
            await visit.arrive()
            await visit.open(FOLLOWING)
            await visit.page.get_by_role("button", name="Execute query").click()
            await expect(visit.region("Result Window")).to_contain_text(result)
            await first.aclose()
            lost = visit.page.get_by_text("Connection lost: reconnecting")
            await expect(lost).to_be_visible()
            async with visit.page.expect_websocket(), listening(gateway_over(sandbox), port):
                await expect(lost).not_to_be_visible(timeout=20_000)
                await visit.page.get_by_role("button", name="Stop query").click()
            await visit.open("WhoAmI")
            await visit.page.get_by_role("button", name="Execute query").click()
            shown = visit.region("Result Window")
            await expect(shown).to_contain_text("The gateway cannot be reached")
            await expect(shown).not_to_contain_text("stack")
            visit.complaints.clear()  # the browser's own, of connections that were refused


async def test_a_visitor_types_a_query_and_reads_the_answer(
    visit: Visit, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A query typed into the editor is sent as it was typed, and its answer is shown."""
    sid = sandbox.examples()["bad_carrier"]
    query = f'query TypedByHand {{ call(sid: "{sid}") {{ sid tags }} }}'
    await visit.write(query)
    async with visit.page.expect_request("**/graphql") as asked:
        await visit.page.keyboard.press("ControlOrMeta+Enter")
    assert json.loads((await asked.value).post_data or "")["query"] == query
    await expect(visit.region("Result Window")).to_contain_text(f'"sid": "{sid}"')
    await expect(visit.region("Result Window")).to_contain_text("HIGH_JITTER")
    assert await visit.page.screenshot(path=tmp_path / "answer.png")


async def test_the_schema_is_explained_beside_the_editor(visit: Visit) -> None:
    """Documentation and explorer open from the sidebar, made from the schema that is served."""
    await visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    await visit.page.get_by_role("link", name="Query", exact=True).click()
    await visit.page.get_by_role("link", name="callLookup", exact=True).click()
    await expect(visit.page.get_by_text("with the reason when there is no")).to_be_visible()
    await visit.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    await expect(visit.page.locator(".graphiql-explorer-root")).to_contain_text("callLookup")


async def test_the_documentation_is_a_click_away(visit: Visit) -> None:
    """It opens beside the page, leads from page to page, and comes from the gateway, too."""
    async with visit.page.context.expect_page() as opened:
        await visit.page.get_by_role("link", name="Docs", exact=True).click()
    docs = await opened.value
    docs.on("console", visit.hear)
    await docs.get_by_role("main").get_by_role("link", name="Filters").click()
    await expect(docs).to_have_title("Filters - Call Insights")
    await docs.get_by_role("link", name="Call Insights", exact=True).first.click()
    await expect(docs.get_by_role("heading", name="Documentation")).to_be_visible()


async def test_all_of_it_works_below_a_path_that_a_proxy_strips(
    browser: Browser, sandbox: Sandbox
) -> None:
    """Page, endpoint, WebSocket and documentation are asked for below that path alone."""
    async with (
        listening(Stripped(gateway_over(sandbox))) as proxy,
        visiting(browser, f"{proxy}/insights") as visit,
    ):
        await visit.arrive()
        _, answer = await visit.run()
        assert answer["data"]["call"]
        await test_a_call_is_followed_in_the_page(visit, sandbox)
        await test_the_documentation_is_a_click_away(visit)


async def test_the_explorer_writes_the_query(visit: Visit) -> None:
    """A field whose tick is taken away there leaves the editor at once, and comes back with it."""
    async with visit.keeps("query", "WhoAmI"):
        await visit.page.get_by_role("tab", name="WhoAmI").click()
    await visit.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    tick = visit.page.locator(".graphiql-explorer-root [data-field-name=scopes]")
    editor = visit.region("Operation Editor")
    await expect(editor).to_contain_text("scopes")
    await tick.click()
    await expect(editor).not_to_contain_text("scopes")
    await tick.click()
    await expect(editor).to_contain_text("scopes")


async def test_each_answer_says_what_it_took(visit: Visit) -> None:
    """Below it: the price, and who was asked; the second time that is the cache."""
    _, answer = await visit.run()
    cost = answer["extensions"]["cost"]
    told = visit.page.get_by_text("Cost:")
    await expect(told).to_contain_text(f"{cost['actual']} of at most {cost['requested']}")
    await expect(told).to_contain_text(f"requests to Twilio: {cost['upstreamRequests']}")
    await visit.run()
    await expect(told).to_contain_text("requests to Twilio: 0 · found in the cache: 1")


async def test_an_answer_is_explained_while_the_reader_wants_that(visit: Visit) -> None:
    """Field by field, with who applied which filter; the page asks by the header (the issue)."""
    button = visit.page.get_by_role("button", name="Explain", exact=True)
    panel = visit.region("Explanation of the cost")
    await visit.open("WhatIsNew")
    asked, answer = await visit.run()
    assert await asked.header_value("graphql-cost-debug") is None
    assert "fields" not in answer["extensions"]["cost"]
    await expect(panel).to_be_hidden()

    await button.click()
    await expect(panel).to_contain_text("Execute the query again")
    asked, answer = await visit.run()
    (calls,) = [one for one in answer["extensions"]["cost"]["fields"] if one["path"] == ["calls"]]
    (start,) = [one for one in calls["filters"] if one["argument"] == "filter.startTime"]
    assert await asked.header_value("graphql-cost-debug") == "1"
    await expect(panel.get_by_role("heading", name="calls", exact=True)).to_be_visible()
    await expect(panel).to_contain_text(f"{start['value']} · by Twilio, as StartTime")
    await expect(panel).to_contain_text(re.compile(r"Pages\s*1 page"))

    await button.click()
    await expect(panel).to_be_hidden()
    asked, _ = await visit.run()
    assert await asked.header_value("graphql-cost-debug") is None


async def test_what_a_subscription_took_is_explained_too(visit: Visit) -> None:
    """Over WebSocket, where a browser sets no headers."""
    await visit.open(FOLLOWING)
    await visit.page.get_by_role("button", name="Explain", exact=True).click()
    await visit.page.get_by_role("button", name="Execute query").click()
    panel = visit.region("Explanation of the cost")
    await expect(panel.get_by_role("heading", name="callUpdates", exact=True)).to_be_visible()
    await visit.page.get_by_role("button", name="Stop query").click()


async def test_a_returning_visitor_finds_the_tabs_as_they_were(
    visit: Visit, sandbox: Sandbox
) -> None:
    """Coming back opens the tab in front, with its variables and headers, and no tab more."""
    await visit.write_headers('{"Authorization": "Bearer of-mine"}')
    await visit.arrive()
    assert await visit.page.get_by_role("tab").all_inner_texts() == list(JOBS)
    await expect(visit.page.get_by_role("tab", selected=True)).to_contain_text(JOBS[0])
    asked, _ = await visit.run()
    assert await asked.header_value("authorization") == "Bearer of-mine"
    assert json.loads(asked.post_data or "")["variables"] == {
        "sid": sandbox.examples()["bad_carrier"]
    }


async def test_a_token_is_forgotten_when_the_page_is_closed(visit: Visit) -> None:
    """Tabs and history stay without their headers: nothing that outlives the page has the token."""
    await visit.write_headers('{"Authorization": "Bearer of-mine"}')
    async with visit.keeps("queries", "of-mine"):
        await visit.run()
    kept = await visit.page.evaluate("JSON.stringify(localStorage)")
    assert "WhyWasThisCallBad" in kept
    assert "of-mine" not in kept
    visit.page = await visit.page.context.new_page()
    await visit.arrive()
    assert await visit.page.get_by_role("tab").all_inner_texts() == list(JOBS)
    asked, _ = await visit.run()
    assert await asked.header_value("authorization") is None
