"""The GraphiQL page as the server sends it; what a browser makes of it is a journey of its own."""

import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.sandbox import Sandbox
from gateway.schema.operations import build_schema
from gateway.server.graphiql import PLACEHOLDER, SOURCES, TABS, GraphiQL, Tab
from tests.conftest import Clock

SID = "CA" + "0123456789abcdef" * 2
HOSTILE = "</script><script>alert(1)</script>&<!--"


@asynccontextmanager
async def visit(graphiql: GraphiQL, root_path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=graphiql.routes()), root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as the build leaves it: our `index.html`, its sources turned into hashed assets."""
    page = (SOURCES / "index.html").read_text("utf-8")
    page = page.replace("./main.jsx", "./assets/index-1.js")
    page = page.replace("./favicon.svg", "./assets/favicon-1.svg")
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(page, "utf-8")
    (tmp_path / "secret.txt").write_text("not for the public", "utf-8")
    for name in ("index-1.js", "index-1.css", "favicon-1.svg"):
        (tmp_path / "assets" / name).write_text(f"/* {name} */" * 100, "utf-8")
    return tmp_path


def tabs_of(page: str) -> list[dict[str, str]]:
    block = re.search(r'<script type="application/json" id="tabs">(.*?)</script>', page, re.DOTALL)
    assert block
    tabs: list[dict[str, str]] = json.loads(block[1])
    return tabs


def directives(policy: str) -> dict[str, str]:
    return dict(directive.split(" ", 1) for directive in policy.split("; "))


async def test_the_page_may_run_only_scripts_from_its_own_origin(built: Path) -> None:
    """A script that somebody smuggles into the page, inline or from elsewhere, does not run."""
    async with visit(GraphiQL(built=built)) as client:
        page = await client.get("/")
    policy = directives(page.headers["content-security-policy"])
    assert page.status_code == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", page.text)
    assert inline == [' type="application/json" id="tabs"']


@pytest.mark.parametrize(
    "path",
    ["/", "/graphiql/assets/index-1.js", "/graphiql/assets/none.js"],
)
async def test_every_answer_forbids_sniffing_and_referrers(built: Path, path: str) -> None:
    """Page, asset and refusal alike carry the security headers."""
    async with visit(GraphiQL(built=built)) as client:
        answer = await client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "content-security-policy" in answer.headers


async def test_assets_are_kept_for_ever_and_the_page_never(built: Path) -> None:
    """An upgrade is seen at once, and costs no more than what changed."""
    async with visit(GraphiQL(built=built)) as client:
        page = await client.get("/")
        asset = await client.get("/graphiql/assets/index-1.js")
    assert page.headers["cache-control"] == "no-store"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index-1.js", "text/javascript; charset=utf-8"),
        ("index-1.css", "text/css; charset=utf-8"),
        ("favicon-1.svg", "image/svg+xml"),
    ],
)
async def test_assets_say_what_they_are(built: Path, name: str, media_type: str) -> None:
    """Under `nosniff` a script runs only as JavaScript, so no system's table of types is asked."""
    async with visit(GraphiQL(built=built)) as client:
        asset = await client.get(f"/graphiql/assets/{name}")
    assert asset.headers["content-type"] == media_type
    assert asset.headers["content-encoding"] == "gzip"
    assert asset.text.startswith(f"/* {name} */")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2Fsecret.txt",
        "%2e%2e/secret.txt",
        "..%5Csecret.txt",
        "....//secret.txt",
        "%00",
        ".",
        "none.js",
        "",
    ],
)
async def test_nothing_but_an_asset_is_served(built: Path, path: str) -> None:
    """No spelling of a path leads out of the built assets."""
    async with visit(GraphiQL(built=built)) as client:
        request = client.build_request("GET", "/graphiql/assets/")
        request.url = request.url.copy_with(raw_path=f"/graphiql/assets/{path}".encode())
        answer = await client.send(request)
    assert answer.status_code == 404
    assert "not for the public" not in answer.text


async def test_the_page_and_its_parts_come_from_the_gateway_alone(built: Path) -> None:
    """Nothing in the page names another host: it works offline and tells nobody that it is open."""
    async with visit(GraphiQL(built=built)) as client:
        page = await client.get("/")
        parts = re.findall(r'(?:src|href)="([^"]*)"', page.text)
        answers = [await client.get(urljoin("/", part)) for part in parts]
    assert re.search(r"//[a-z0-9-]+\.[a-z]", page.text) is None
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("path", ["/", "/graphql", "/graphql/"])
@pytest.mark.parametrize("root_path", ["", "/calls"])
async def test_the_page_works_below_whatever_path_a_proxy_puts_it(
    built: Path, path: str, root_path: str
) -> None:
    """Endpoint and assets are below it, though the gateway knows nothing of it (RFC 3986 §5.2)."""
    page = GraphiQL(built=built).page
    app = Starlette(routes=[Route(path, page)])
    transport = httpx.ASGITransport(app, root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        text = (await client.get(root_path + path)).text
    addresses = re.findall(r'(?:src|href|name="graphql-endpoint" content)="([^"]*)"', text)
    outside = f"https://a.example/insights{path}"
    assert {urljoin(outside, address) for address in addresses} == {
        "https://a.example/insights/graphql",
        "https://a.example/insights/graphiql/assets/index-1.js",
        "https://a.example/insights/graphiql/assets/favicon-1.svg",
    }


async def test_the_tabs_ask_about_calls_that_exist(built: Path) -> None:
    """Over the sandbox each tab's `$sid` is the example made for its question."""
    examples = {tab.example: f"CA{number:032x}" for number, tab in enumerate(TABS) if tab.example}
    async with visit(GraphiQL(examples=lambda: examples, built=built)) as client:
        tabs = tabs_of((await client.get("/")).text)
    assert len(tabs) == len(TABS)
    for tab, shown in zip(TABS, tabs, strict=True):
        asked = json.loads(shown["variables"])
        assert asked.get("sid") == (examples[tab.example] if tab.example else None)


async def test_the_calls_that_the_tabs_ask_about_are_those_of_the_moment(built: Path) -> None:
    """A call that is partial now will not be so for ever: whoever comes later gets another."""
    clock = Clock()
    sandbox = Sandbox(calls=40, clock=clock)
    async with visit(GraphiQL(examples=sandbox.examples, built=built)) as client:
        early = tabs_of((await client.get("/")).text)
        clock.advance(3600)
        late = tabs_of((await client.get("/")).text)
    following = [tab.name for tab in TABS].index("follow-a-call")
    assert early[following] != late[following]
    assert json.loads(late[following]["variables"])["sid"] == sandbox.examples()["partial"]


async def test_without_examples_a_tab_says_that_a_sid_is_missing(built: Path) -> None:
    """Over a real account the visitor sees what to put in, not a SID that could be theirs.

    These tabs come last: the first one, of the newest calls, has an answer as it is.
    """
    async with visit(GraphiQL(built=built)) as client:
        tabs = tabs_of((await client.get("/")).text)
    lacking = [json.loads(tab["variables"]) == {"sid": PLACEHOLDER} for tab in tabs]
    assert lacking == sorted(lacking)
    assert lacking.count(True) == sum(1 for tab in TABS if tab.example)
    assert "query WhatIsNew" in tabs[0]["query"]
    assert not re.fullmatch("CA[0-9a-f]{32}", PLACEHOLDER)


@pytest.mark.parametrize(("needs_token", "told"), [(True, "token"), (False, "open")])
async def test_the_page_knows_whether_a_token_is_needed(
    built: Path,
    needs_token: bool,  # noqa: FBT001 - a parameter of the test
    told: str,
) -> None:
    """Before it asks anything, so that no request has to be refused first."""
    async with visit(GraphiQL(needs_token=lambda: needs_token, built=built)) as client:
        page = (await client.get("/")).text
    assert f'<meta name="graphql-access" content="{told}" />' in page


async def test_what_is_written_into_the_page_stays_data(built: Path) -> None:
    """A value with markup in it neither ends the tabs' data block nor an attribute."""
    graphiql = GraphiQL(
        endpoint=f'/"{HOSTILE}', examples=lambda: {"bad_carrier": HOSTILE}, built=built
    )
    async with visit(graphiql) as client:
        page = (await client.get("/")).text
    assert json.loads(tabs_of(page)[0]["variables"]) == {"sid": HOSTILE}
    assert page.count("<script") == 2
    assert "alert(1)</script>" not in page
    assert f'content="{html.escape(f"./{chr(34)}{HOSTILE}")}"' in page


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_a_tab_is_a_job_told_in_its_first_lines(tab: Tab) -> None:
    """A tab opens with its question, fits the schema, and has a name to become its title."""
    source = (SOURCES / "tabs" / f"{tab.name}.graphql").read_text("utf-8")
    document = parse(source)
    operation = document.definitions[0]
    assert validate(build_schema(), document) == []
    assert re.match(r"# \S.*[?.]\n#\n", source)
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name
    said = {definition.variable.name.value for definition in operation.variable_definitions or ()}
    assert said == set(tab.variables) | ({"sid"} if tab.example else set())


def test_every_document_has_its_tab() -> None:
    """A document added to `tabs/` is shown, not forgotten."""
    documents = {path.stem for path in (SOURCES / "tabs").iterdir()}
    assert documents == {tab.name for tab in TABS}


async def test_without_the_built_page_the_gateway_says_how_to_get_it(tmp_path: Path) -> None:
    """An installation made without Node.js still answers `/`, honestly and without a script."""
    async with visit(GraphiQL(built=tmp_path / "dist")) as client:
        page = await client.get("/")
        asset = await client.get("/graphiql/assets/index-1.js")
    assert page.status_code == 200
    assert "pip install" in page.text
    assert "curl http://gateway.test/graphql" in page.text
    assert "<script" not in page.text
    assert "{{" not in page.text
    assert "content-security-policy" in page.headers
    assert asset.status_code == 404
