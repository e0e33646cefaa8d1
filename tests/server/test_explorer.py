"""The Calls explorer as the server sends it; what a browser makes of it is a journey of its own."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.server.explorer import BUILT, MANIFEST, SOURCES, Explorer, explorer_documents
from tests.conftest import Clock, Gateway
from tests.explorer import needs_the_explorer

MOST = 500_000
"""Bytes, compressed, that a first visit may load in all."""


@asynccontextmanager
async def visit(explorer: Explorer, root_path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=explorer.routes()), root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as the build leaves it: our `index.html`, its sources turned into hashed assets."""
    page = (SOURCES / "index.html").read_text("utf-8")
    page = page.replace("./src/main.ts", "./assets/index-1.js")
    page = page.replace("../graphiql/favicon.svg", "./assets/favicon-1.svg")
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(page, "utf-8")
    (tmp_path / MANIFEST).write_text('{"id": "{ viewer { name } }"}', "utf-8")
    for name in ("index-1.js", "font-1.woff2", "favicon-1.svg"):
        (tmp_path / "assets" / name).write_text(f"/* {name} */" * 100, "utf-8")
    return tmp_path


async def test_the_page_may_run_only_scripts_from_its_own_origin(built: Path) -> None:
    """Our choice: what somebody smuggles into the page does not run, and nothing is inline."""
    async with visit(Explorer(built=built)) as client:
        page = await client.get("/explorer/")
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    assert page.status_code == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert re.findall(r"<script(?![^>]*\bsrc=)", page.text) == []
    assert page.headers["cache-control"] == "no-store"


async def test_assets_are_kept_for_ever_and_say_what_they_are(built: Path) -> None:
    """Under `nosniff` (WHATWG Fetch) a script or font of another type is not used."""
    async with visit(Explorer(built=built)) as client:
        font = await client.get("/explorer/assets/font-1.woff2")
        none = await client.get("/explorer/assets/none.js")
        manifest = await client.get("/explorer/assets/..%2Fdocuments.json")
    assert font.headers["content-type"] == "font/woff2"
    assert font.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert none.status_code == manifest.status_code == 404


async def test_scripts_are_sent_compressed_to_who_takes_that(built: Path) -> None:
    """Both answers name what they depend on (RFC 9110 §12.5.5); a font is compressed already."""
    async with visit(Explorer(built=built)) as client:
        packed = await client.get("/explorer/assets/index-1.js")
        again = await client.get("/explorer/assets/index-1.js")
        plain = await client.get(
            "/explorer/assets/index-1.js", headers={"Accept-Encoding": "identity"}
        )
        font = await client.get("/explorer/assets/font-1.woff2")
    assert packed.headers["content-encoding"] == again.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.text == again.text == plain.text
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in {*plain.headers, *font.headers}


@pytest.mark.parametrize("root_path", ["", "/calls"])
async def test_the_page_works_below_whatever_path_a_proxy_puts_it(
    built: Path, root_path: str
) -> None:
    """Endpoint and assets are below it, though the gateway knows nothing of it (RFC 3986 §5.2)."""
    async with visit(Explorer(built=built), root_path) as client:
        text = (await client.get(f"{root_path}/explorer/")).text
        moved = await client.get(f"{root_path}/explorer")
    addresses = re.findall(r'(?:src|href|name="graphql-endpoint" content)="([^"]*)"', text)
    assert {urljoin("https://a.example/insights/explorer/", one) for one in addresses} == {
        "https://a.example/insights/graphql",
        "https://a.example/insights/explorer/assets/index-1.js",
        "https://a.example/insights/explorer/assets/favicon-1.svg",
    }
    assert moved.status_code == 307
    assert urljoin("https://a.example/insights/explorer", moved.headers["location"]) == (
        "https://a.example/insights/explorer/"
    )


@pytest.mark.parametrize(("needs_token", "access"), [(True, "token"), (False, "open")])
async def test_the_page_is_told_whether_a_token_is_needed(
    built: Path, access: str, *, needs_token: bool
) -> None:
    """So it asks for one before its first request is refused."""
    async with visit(Explorer(needs_token=lambda: needs_token, built=built)) as client:
        page = await client.get("/explorer/")
    assert f'name="graphql-access" content="{access}"' in page.text


@pytest.mark.parametrize(("graphiql", "beside"), [(True, "graphiql"), (False, "")])
async def test_the_page_links_to_what_is_there(built: Path, beside: str, *, graphiql: bool) -> None:
    """With `GATEWAY_GRAPHIQL=false` it has no links that lead nowhere."""
    async with visit(Explorer(graphiql=graphiql, built=built)) as client:
        page = await client.get("/explorer/")
    assert f'name="graphql-beside" content="{beside}"' in page.text


async def test_without_node_the_page_says_how_to_get_it(tmp_path: Path) -> None:
    """Whoever installed without Node.js finds out why there is none, and of the endpoint."""
    async with visit(Explorer(built=tmp_path)) as client:
        page = await client.get("/explorer/")
    assert "Node.js" in page.text
    assert "http://gateway.test/graphql" in page.text
    assert explorer_documents(tmp_path) == {}


def test_its_documents_are_known_by_their_hash(built: Path) -> None:
    """The manifest of the build is read as it is."""
    assert explorer_documents(built) == {"id": "{ viewer { name } }"}


async def test_it_can_be_turned_off(sandbox: Sandbox, clock: Clock) -> None:
    """`GATEWAY_EXPLORER=false` takes the page away, and its documents."""
    async with Gateway(sandbox, clock, Settings(gateway_explorer=False)) as gateway:
        assert (await gateway.http.get("/explorer/")).status_code == 404
        assert (await gateway.http.get("/")).status_code == 200


@needs_the_explorer
def test_each_document_is_named_by_its_own_hash() -> None:
    """Apollo's protocol: a page of another version finds its document or registers it."""
    documents = json.loads((BUILT / MANIFEST).read_text("utf-8"))
    assert len(documents) > 3
    for name, text in documents.items():
        assert sha256(text.encode()).hexdigest() == name


@needs_the_explorer
async def test_its_documents_run_where_trusted_documents_run_alone(
    sandbox: Sandbox, clock: Clock, tmp_path: Path
) -> None:
    """With `GATEWAY_TRUSTED_DOCUMENTS_ONLY` the page works, and other documents do not run."""
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"id": "{ viewer { name } }"}', "utf-8")
    settings = Settings(
        gateway_trusted_documents=str(manifest), gateway_trusted_documents_only=True
    )
    (mine,) = [name for name, text in explorer_documents().items() if "query OneCall(" in text]
    variables = {"sid": sandbox.examples()["bad_carrier"]}
    async with Gateway(sandbox, clock, settings) as gateway:
        asked = {"documentId": mine, "variables": variables}
        answer = (await gateway.http.post("/graphql", json=asked)).json()
        other = (await gateway.http.post("/graphql", json={"query": "{ viewer { name } }"})).json()
    assert answer["data"]["callLookup"]["status"] == "COMPLETE"
    assert other["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_REQUIRED"


@needs_the_explorer
def test_a_first_visit_loads_little() -> None:
    """Our choice: scripts, styles and the font of Latin scripts stay below 500 kB, compressed."""
    assets = [path for path in (BUILT / "assets").iterdir() if path.suffix in {".js", ".css"}]
    fonts = [path.stat().st_size for path in BUILT.glob("assets/inter-latin-wght-*.woff2")]
    assert len(fonts) == 1
    packed = sum(len(gzip.compress(path.read_bytes(), 6)) for path in assets)
    assert packed + fonts[0] < MOST
