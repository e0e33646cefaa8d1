"""Visits to the Calls explorer: a real browser, a real server, and no other host within reach."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, ViewportSize

from gateway.server.explorer import BUILT
from tests.node import install

needs_the_explorer = pytest.mark.skipif(
    not (BUILT / "index.html").is_file(), reason="built without Node.js: there is no page to open"
)
PACKAGES = Path(__file__).parent / "pages"
ZONE = "Europe/Berlin"

AXE = """async () => {
  const { violations } = await axe.run();
  return violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map((n) => n.html) }));
}"""


@dataclass
class Reader:
    """A browser's page at the explorer, and what was noticed on the way."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    async def open(self, address: str = "") -> None:
        """Open a view by its address behind `#`, as a bookmark does."""
        await self.page.goto("about:blank")
        await self.page.goto(f"{self.origin}/explorer/{address}")

    def panel(self, title: str) -> Locator:
        """A panel by its title."""
        return self.page.get_by_role("region", name=title, exact=True)

    async def violations(self) -> list[dict[str, Any]]:
        """What axe finds wrong with the page as it is."""
        install(PACKAGES)
        script = (PACKAGES / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
        await self.page.evaluate(script)
        found: list[dict[str, Any]] = await self.page.evaluate(AXE)
        return found

    def hear(self, said: ConsoleMessage) -> None:
        """Take note of what the browser complains about, a breach of the policy among others."""
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)


@asynccontextmanager
async def reading(
    browser: Browser, origin: str, width: int = 1400, height: int = 900, **options: Any
) -> AsyncIterator[Reader]:
    """A visit by somebody new in Berlin; it leaves the gateway nowhere, and nothing complains."""
    size = ViewportSize(width=width, height=height)
    async with await browser.new_context(
        viewport=size, timezone_id=ZONE, reduced_motion="reduce", **options
    ) as context:
        reader = Reader(await context.new_page(), origin)
        context.on("request", lambda request: reader.urls.append(request.url))
        context.on("weberror", lambda error: reader.complaints.append(str(error.error)))
        context.on("console", reader.hear)
        yield reader
    assert reader.complaints == []
    ours = (f"{origin}/", "about:", "blob:")
    assert [url for url in reader.urls if not url.startswith(ours)] == []
