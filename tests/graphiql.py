"""Visits to the GraphiQL page: a real browser, a real server, and no other host within reach."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)
from starlette.types import ASGIApp

from gateway.server.graphiql import BUILT
from tests.servers import served

needs_the_page = pytest.mark.skipif(
    not (BUILT / "index.html").is_file(), reason="built without Node.js: there is no page to open"
)
OF_THE_WAREHOUSE = ("WorstCarriers", "CallsPerHour", "SearchCalls")
"""The tabs that have an answer where there is a warehouse."""

JOBS = (
    "WhyWasThisCallBad",
    "WhatIsNew",
    "BadCarrier",
    "WhenWasItBad",
    "FollowACall",
    "HighJitter",
    "IsItFinal",
    "HeardInApp",
    "PageByPage",
    "WhoAmI",
    *OF_THE_WAREHOUSE,
)
"""The tabs of a first visit, where there are calls to ask about."""

KEEPING_ALOUD = """
const keep = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, value) {
  keep.call(this, key, value);
  console.debug(key, value);
};
"""


def listening(app: ASGIApp, port: int = 0) -> AbstractAsyncContextManager[str]:
    """Serve an application for as long as the block lasts; gives its origin."""
    return served(app, port, ws="websockets-sansio")


@dataclass
class Visit:
    """A browser's page at the gateway, and what was noticed on the way."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    async def arrive(self) -> None:
        """Open the page, or open it again, and wait until it knows the schema."""
        async with self.page.expect_response("**/graphql"):
            await self.appear()

    async def appear(self) -> None:
        """Open the page, and wait until there is something to write in."""
        await self.page.goto(f"{self.origin}/")
        await self.settle()

    async def settle(self) -> None:
        """Wait until there is something to write in."""
        for editor in ("Operation Editor", "Variables", "Result Window"):
            region = self.page.get_by_role("region", name=editor, include_hidden=True)
            box = region.get_by_role("textbox", include_hidden=True)  # a dialog may be before it
            await box.first.wait_for(state="attached")

    async def write(self, query: str) -> None:
        """Type a query, called TypedByHand, in the place of the one that is there."""
        await self.region("Operation Editor").get_by_role("textbox").focus()
        await self.page.keyboard.press("ControlOrMeta+A")
        await self.page.keyboard.press("Delete")
        await self.page.keyboard.type(query)
        await expect(self.page.get_by_role("tab", name="TypedByHand")).to_be_visible()

    async def write_headers(self, headers: str) -> None:
        """Type headers, and wait until they are kept."""
        await self.page.get_by_role("button", name="Headers").click()
        await self.region("Headers").get_by_role("textbox").focus()
        async with self.keeps("tabState", "of-mine"):
            await self.page.keyboard.type(headers.removesuffix('"}'))

    async def run(self) -> tuple[Request, dict[str, Any]]:
        """Run what the editor holds: what was asked, and the answer."""
        async with self.page.expect_response(_is_of_a_tab) as answered:
            await self.page.get_by_role("button", name="Execute query").click()
        answer = await answered.value
        return answer.request, await answer.json()

    def keeps(self, key: str, text: str) -> AbstractAsyncContextManager[object]:
        """Wait until GraphiQL has read what an editor holds, and keeps it for the next visit."""
        return self.page.expect_console_message(
            lambda said: said.text.startswith(f"graphiql:{key} ") and text in said.text
        )

    def hear(self, said: ConsoleMessage) -> None:
        """Take note of what the browser complains about, a breach of the policy among others."""
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)

    async def open(self, job: str) -> None:
        """Open a tab, and wait until the editors hold it."""
        async with self.keeps("query", job):
            await self.page.get_by_role("tab", name=job).click()

    async def give(self, token: str, *, keep: str = "until this tab is closed") -> None:
        """Give a token where the page asks for it."""
        await self.page.get_by_label("Token", exact=True).fill(token)
        await self.page.get_by_label(keep).check()
        await self.page.get_by_role("button", name="Use this token").click()

    def viewer(self, name: str) -> Locator:
        """What the head of the page says of the viewer."""
        return self.page.locator(".brand").get_by_role("button", name=name)

    def region(self, name: str) -> Locator:
        """A part of the page by its label."""
        return self.page.get_by_role("region", name=name)


def _is_of_a_tab(response: Response) -> bool:
    """Whether it answers what an editor holds, and not what the page itself asks."""
    asked = response.request.post_data or ""
    own = ("query IntrospectionQuery", "query Viewer ")
    return response.url.endswith("/graphql") and not any(name in asked for name in own)


@asynccontextmanager
async def visiting(
    browser: Browser, origin: str, width: int = 1440, height: int = 900
) -> AsyncIterator[Visit]:
    """A visit by somebody new; it leaves the gateway nowhere, and the browser has no complaints."""
    size = ViewportSize(width=width, height=height)
    async with await browser.new_context(viewport=size) as context:
        await context.add_init_script(KEEPING_ALOUD)
        visit = Visit(await context.new_page(), origin)
        context.on("request", lambda request: visit.urls.append(request.url))
        context.on("weberror", lambda error: visit.complaints.append(str(error.error)))
        context.on("console", visit.hear)
        yield visit
    assert visit.complaints == []
    ours = (f"{origin}/", "blob:")  # a file that the page itself wrote
    assert [url for url in visit.urls if not url.startswith(ours)] == []
