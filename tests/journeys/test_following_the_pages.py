"""Whoever does what a page says, gets what it shows: every command and every program is run."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import browsing
from tests.walking import ROOT, Reader

DOCS = ROOT / "docs"
HURRY = {"gateway demo --speed 20": "GATEWAY_PAGE_MAX_AGE=0 gateway demo --speed 150"}

pytestmark = [
    pytest.mark.processes,
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("npm") is None, reason="the pages need Node.js"),
]


@pytest.mark.parametrize("page", ["recipes.md", "migrating.md"])
def test_a_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    """Files are written, commands typed, and what they print is what is shown."""
    with Reader(DOCS / page, tmp_path):
        pass


async def test_the_tutorial_ends_with_a_page_that_follows_a_call(tmp_path: Path) -> None:
    """From the demo to a React page in a browser, which shows a summary become complete.

    It begins with calls that have something to show; what is null at first appears meanwhile. In
    a world that ages in seconds, for those who cannot wait for a minute and a half.
    """
    with Reader(DOCS / "tutorial.md", tmp_path, HURRY) as reader:
        async with browsing() as browser:
            page = await browser.new_page()
            complaints: list[str] = []
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"http://localhost:{reader.port('5173')}/")
            tagged = page.get_by_role("table", name="Something was wrong").get_by_role("row")
            await expect(tagged).to_have_text([re.compile("→.*[A-Z]{3}_")] * 5, timeout=20_000)
            row = page.get_by_role("row").filter(has_text="not final yet").first
            sid = await row.get_by_role("button").inner_text(timeout=20_000)
            await page.get_by_role("button", name=sid).click()
            await expect(page.get_by_role("heading")).to_have_text(f"{sid}: PARTIAL")
            talked = page.get_by_role("row", name="Seconds of talk")
            heard = page.get_by_role("row", name="Heard")
            await expect(heard).to_contain_text("…")
            await expect(page.get_by_role("heading")).to_have_text(
                f"{sid}: COMPLETE", timeout=30_000
            )
            await expect(talked).to_have_text(re.compile(r"\d"))
            await expect(heard).to_have_text(
                re.compile(r"Edge: [\d.]+ % lost, jitter up to [\d.]+")
            )
        assert complaints == []
