"""The page of docs/examples/calls: typed by the schema, built, and seen in a browser."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from gateway.config.extras import is_installed
from gateway.sandbox import Sandbox
from tests.browser import browsing
from tests.cli.test_commands import running
from tests.conftest import Clock
from tests.live import becomes, life
from tests.node import CLIENTS, install
from tests.servers import free_port

ROOT = CLIENTS.parents[1]
EXAMPLE = ROOT / "docs" / "examples" / "calls"
BIN = EXAMPLE / "node_modules" / ".bin"


def run(*command: str, folder: Path = EXAMPLE) -> str:
    """What a program of the example's packages says; it must succeed."""
    ended = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    install(EXAMPLE)


def copied(folder: Path) -> Path:
    """The example as it is in the repository, in a place of its own, with its packages."""
    copy = folder / "docs" / "examples" / "calls"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "gql"))
    (copy / "node_modules").symlink_to(EXAMPLE / "node_modules")
    shutil.copy(ROOT / "schema.graphql", folder)
    return copy


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built."""
    example = copied(tmp_path_factory.mktemp("example"))
    npm = shutil.which("npm")
    assert npm is not None
    subprocess.run([npm, "run", "--silent", "build"], cwd=example, check=True)
    return example


@pytest.fixture
def page_at(built: Path, url: str) -> Iterator[str]:
    """Where the built page is served, with `/graphql` passed on to the gateway."""
    with served(built, url.removesuffix("/graphql")) as address:
        yield address


@contextmanager
def served(built: Path, gateway: str) -> Iterator[str]:
    """The address of the page over a gateway."""
    port = str(free_port())
    process = subprocess.Popen(
        [BIN / "vite", "preview", "--host", "127.0.0.1", "--port", port, "--strictPort"],
        cwd=built,
        env={**os.environ, "GATEWAY": gateway},
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def page(page_at: str) -> AsyncIterator[Page]:
    """The page over a gateway without a warehouse."""
    async with opened(page_at) as page:
        yield page


@asynccontextmanager
async def opened(page_at: str) -> AsyncIterator[Page]:
    """The page, open in a browser that reaches nothing else; it may complain about nothing."""
    assert await becomes(lambda: _answers(page_at), within=20)
    complaints: list[str] = []
    async with browsing() as browser:
        page = await browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))
        await page.goto(page_at)
        yield page
    assert complaints == []


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.TransportError:
        return False


def test_documents_have_the_types_that_they_should(tmp_path: Path) -> None:
    """DateTime is a string, JSON is unknown, and what is misspelt does not compile."""
    example = copied(tmp_path)
    shutil.copy(CLIENTS / "typed-documents" / "scalars.ts", example / "src")
    run("graphql-codegen", folder=example)
    run("tsc", folder=example)


@pytest.mark.usefixtures("impatient")
async def test_the_page_shows_calls_and_what_becomes_of_one(
    page: Page, sandbox: Sandbox, clock: Clock
) -> None:
    """Calls with their worst edge, older ones on demand, and one that is followed to its end."""
    partial, bad = sandbox.examples()["partial"], sandbox.examples()["bad_carrier"]
    await expect(page.get_by_role("alert")).to_have_text("The worst carriers need a warehouse.")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(10)
    while not await page.locator(f"#{bad}").count():
        shown = await rows.count()
        await page.get_by_role("button", name="Older calls").click()
        await expect(rows).to_have_count(shown + 10)
    await expect(page.locator(f"#{bad}")).to_contain_text("Carrier: 14.7 % lost, jitter up to")
    await page.locator(f"#{partial}").get_by_role("button", name="Follow").click()
    summary = page.get_by_role("region", name="Live summary")
    await expect(summary).to_contain_text("PARTIAL")
    passing = asyncio.create_task(life(clock))
    await expect(summary).to_contain_text("COMPLETE")
    await expect(summary).to_contain_text("the last one")
    passing.cancel()


@pytest.mark.skipif(not is_installed("warehouse"), reason="needs the extra `warehouse`")
async def test_a_panel_of_the_explorer_is_made_from_its_query(built: Path, tmp_path: Path) -> None:
    """The demo's bad carrier comes first, with the calls behind its share (docs/explorer.md)."""
    demo = running(tmp_path, "demo", "--port", "0", "--calls", "1500", until="ringing")
    with demo as (gateway, _), served(built, gateway) as address:
        assert await becomes(lambda: _has_counted(gateway), within=60)
        async with opened(address) as page:
            worst = page.get_by_role("region", name="Worst carriers").get_by_role("listitem")
            await expect(worst).to_have_count(5)
            await expect(worst.first).to_contain_text(re.compile(r"% of \d+ calls carry a tag"))
            assert any("Murkwater" in text for text in await worst.all_text_contents())


def _has_counted(gateway: str) -> bool:
    query = "{ callStatistics { total { count } } }"
    answer = httpx.post(f"{gateway}/graphql", json={"query": query}, timeout=30).json()
    return bool(answer["data"] and answer["data"]["callStatistics"]["total"]["count"] > 1000)
