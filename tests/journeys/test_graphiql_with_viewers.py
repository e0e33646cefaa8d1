"""GraphiQL where viewers are named: the token is given once, and in one place."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.sandbox import Sandbox
from gateway.server.access.jwt import LEEWAY
from gateway.server.app import create_app
from tests.browser import browsing
from tests.graphiql import JOBS, OF_THE_WAREHOUSE, Visit, listening, needs_the_page, visiting
from tests.servers import serving

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_the_page]

KEY = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256"})
FOLLOWING, NEWEST = "FollowACall", "WhatIsNew"
SOON = 1000
"""Milliseconds within which a reader is told."""

REFUSED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
"""What a browser itself says of each 401, which no page can keep it from."""


def token(lasting: float = 600) -> str:
    """A token of `ana`, which is let in for so many seconds."""
    expiry = int(time.time() + lasting - LEEWAY)
    claims = {"iss": "acme", "aud": "calls", "sub": "ana", "exp": expiry}
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, KEY)


async def _publish(_: Request) -> Response:
    return JSONResponse(KeySet([KEY]).as_dict(private=False))


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=200)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def origin(sandbox: Sandbox) -> AsyncIterator[str]:
    """A gateway with one viewer, who may spend as little as docs/security.md shows."""
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    ana = Viewer("ana", Realm(account), frozenset({Scope.CALLS_READ}), 200, 2000)
    access = Configuration((account,), (Grant(ana, jwt_subject="ana"),))
    with serving(Starlette(routes=[Route("/keys", _publish)])) as issuer:
        settings = Settings(
            gateway_jwks_url=f"{issuer}/keys",
            gateway_jwt_issuer="acme",
            gateway_jwt_audience="calls",
        )
        app = create_app(
            settings,
            access,
            transport=httpx.ASGITransport(app=sandbox.app),
            examples=sandbox.examples,
        )
        async with listening(app) as origin:
            yield origin


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, origin: str) -> AsyncIterator[Visit]:
    """Somebody who has just opened the page."""
    async with visiting(browser, origin) as visit:
        await visit.appear()
        yield visit


def asking(page: Page) -> Any:
    """What is said of the place where a token is given."""
    return expect(page.get_by_role("dialog", name="Your token"))


def problem(page: Page) -> Any:
    """What is said of the reason, there, why it is asked for."""
    return expect(page.get_by_role("dialog", name="Your token").get_by_role("alert"))


async def all_works(visit: Visit) -> None:
    """Schema, completion, each tab, a subscription, and who one is."""
    await expect(visit.viewer("ana")).to_be_visible()
    await visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    await expect(visit.page.get_by_role("link", name="Query", exact=True)).to_be_visible()
    await visit.page.get_by_role("button", name="Hide Documentation Explorer").click()
    for job in JOBS[: -len(OF_THE_WAREHOUSE)]:  # there is none here
        await visit.open(job)
        if job == FOLLOWING:
            await visit.page.get_by_role("button", name="Execute query").click()
            result = visit.region("Result Window")
            await expect(result).to_contain_text('"status": "PARTIAL"')
            await visit.page.get_by_role("button", name="Stop query").click()
        else:
            _, answer = await visit.run()
            assert "errors" not in answer, job
    assert answer["data"]["viewer"]["name"] == "ana"
    await visit.page.get_by_role("button", name="New tab").click()
    await visit.write("query TypedByHand { callL")
    await visit.page.keyboard.press("Control+Space")
    await expect(visit.page.get_by_role("option", name="callLookup")).to_be_visible()
    await visit.page.keyboard.press("Escape")


async def test_a_token_is_given_once(visit: Visit) -> None:
    """For all tabs, the schema, subscriptions and the panel, and it lasts over a reload.

    Nothing was asked before, so that the browser has nothing to complain about.
    """
    await asking(visit.page).to_be_visible()
    await visit.give(f"Bearer {token()}")
    await all_works(visit)
    await visit.arrive()
    await all_works(visit)
    await visit.viewer("ana").click()
    panel = visit.page.get_by_role("dialog", name="ana")
    await expect(panel).to_contain_text("CALLS_READ")
    await expect(panel).to_contain_text("until this tab is closed")


async def test_a_wrong_token_is_told_at_once(visit: Visit) -> None:
    """Where it was given, and nothing is asked with it."""
    await visit.give("wrong")
    await problem(visit.page).to_have_text(
        "The token is not known here, or not any more.", timeout=SOON
    )
    assert visit.complaints == [REFUSED]
    visit.complaints.clear()
    await visit.give(token())
    await expect(visit.viewer("ana")).to_be_visible()
    await asking(visit.page).not_to_be_visible()


async def test_an_expired_token_is_told_at_once(visit: Visit) -> None:
    """When it is given, and when the page is opened with it again."""
    await visit.give(token(lasting=0))
    await problem(visit.page).to_have_text("The token has expired: get a new one.", timeout=SOON)
    visit.complaints.clear()


async def test_a_subscription_ends_with_its_token(visit: Visit) -> None:
    """The answer says why and has no stack, and the page asks for another token.

    The gateway closes with 4403, the page comes back with what it has, and that ends with 4401.
    """
    await visit.give(token(lasting=4))
    await expect(visit.viewer("ana")).to_be_visible()
    await visit.open(FOLLOWING)
    await visit.page.get_by_role("button", name="Execute query").click()
    result = visit.region("Result Window")
    await expect(result).to_contain_text('"status": "PARTIAL"')
    await problem(visit.page).to_contain_text("expired", timeout=10_000)
    await expect(result).to_contain_text("The token has expired")
    await expect(result).not_to_contain_text("stack")
    await visit.give(token())
    await asking(visit.page).not_to_be_visible()
    await visit.page.get_by_role("button", name="Execute query").click()
    await expect(result).to_contain_text('"status": "PARTIAL"')


async def test_a_request_after_the_token_expired_asks_for_another(visit: Visit) -> None:
    """The answer has the error, and so has the place where a token is given."""
    await visit.give(token(lasting=3))
    await expect(visit.viewer("ana")).to_be_visible()
    await visit.open(NEWEST)
    status = 200
    while status == 200:
        asked, _ = await visit.run()
        response = await asked.response()
        assert response
        status = response.status
    assert status == 401
    await problem(visit.page).to_contain_text("has expired", timeout=SOON)
    await expect(visit.region("Result Window")).to_contain_text("UNAUTHENTICATED")
    visit.complaints.clear()


async def test_a_token_is_kept_for_as_long_as_its_reader_says(visit: Visit) -> None:
    """For this tab of the browser alone, or for the next ones, until it is forgotten: in all."""
    await visit.give(token())
    await expect(visit.viewer("ana")).to_be_visible()
    first, visit.page = visit.page, await visit.page.context.new_page()
    await visit.appear()
    await asking(visit.page).to_be_visible()
    await visit.give(token(), keep="in this browser")
    await expect(visit.viewer("ana")).to_be_visible()
    other, visit.page = visit.page, await visit.page.context.new_page()
    await visit.appear()
    await expect(visit.viewer("ana")).to_be_visible()
    kept = await visit.page.evaluate(
        "Object.keys(localStorage).filter((key) => key.includes('token'))"
    )
    assert kept == ["bearer-token:/graphql"]
    await visit.viewer("ana").click()
    await visit.page.get_by_role("button", name="Forget the token").click()
    for page in (visit.page, other):
        await asking(page).to_be_visible()
    assert "bearer-token" not in await visit.page.evaluate("JSON.stringify(localStorage)")
    await expect(first.get_by_role("button", name="ana")).to_be_visible()


async def test_the_storage_of_the_page_is_cleared_with_the_token(visit: Visit) -> None:
    """Whoever clears it in GraphiQL's own settings leaves no token behind."""
    await visit.give(token(), keep="in this browser")
    await expect(visit.viewer("ana")).to_be_visible()
    await visit.page.get_by_role("button", name="Open settings dialog").click()
    await visit.page.get_by_role("button", name="Clear data").click()
    await asking(visit.page).to_be_visible()
    assert "bearer-token" not in await visit.page.evaluate("JSON.stringify(localStorage)")


async def test_a_tab_may_be_somebody_else(visit: Visit) -> None:
    """By an Authorization of its own, among its headers; what that is refused is its own affair."""
    await visit.give(token())
    await expect(visit.viewer("ana")).to_be_visible()
    await visit.open(NEWEST)
    await visit.write_headers('{"Authorization": "Bearer of-mine"}')
    asked, answer = await visit.run()
    assert await asked.header_value("authorization") == "Bearer of-mine"
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    await expect(visit.viewer("ana")).to_be_visible()
    await asking(visit.page).not_to_be_visible()
    await visit.open("WhoAmI")
    _, answer = await visit.run()
    assert answer["data"]["viewer"]["name"] == "ana"
    visit.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_fits_a_phone(
    browser: Browser, origin: str, scheme: str, tmp_path: Path
) -> None:
    """390 pixels: nothing is cut off at the side, and the answer is below the question."""
    async with visiting(browser, origin, width=390, height=844) as visit:
        await visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await visit.appear()
        await asking(visit.page).to_be_in_viewport(ratio=1)
        await visit.give(token())
        await visit.open(NEWEST)
        await visit.run()
        for name in ("Operation Editor", "Result Window"):
            box = await visit.region(name).bounding_box()
            assert box
            assert box["width"] > 250
            assert box["x"] + box["width"] <= 390
        await visit.page.screenshot(path=tmp_path / f"{scheme}.png")
