"""The documentation as the server sends it: only files of the site, under a strict policy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette

from gateway.server.documentation import Documentation

HASH = "sha256-n0tOneOfAScriptButOfTheLengthThatSuchHashesHave="


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A site as the build leaves it."""
    site = tmp_path / "dist"
    for name in ("index.html", "operations/running.html", "_static/site.css", "_static/site.js"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(f"<h1>{name}</h1>" * 100, "utf-8")
    (site / "_downloads").mkdir()
    (site / "_downloads" / "compose.yaml").write_text("services: {}", "utf-8")
    (site / "script-hashes.txt").write_text(HASH, "utf-8")
    (tmp_path / "secret.html").write_text("not for the public", "utf-8")
    return site


@asynccontextmanager
async def reading(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=Documentation(built).routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("", "index.html", "text/html"),
        ("index.html", "index.html", "text/html"),
        ("operations/running.html", "operations/running.html", "text/html"),
        ("operations/running", "operations/running.html", "text/html"),
        ("_static/site.css", "_static/site.css", "text/css"),
        ("_static/site.js", "_static/site.js", "text/javascript"),
    ],
)
async def test_every_file_has_its_address(built: Path, path: str, name: str, kind: str) -> None:
    """A page is found with and without `.html`; no system's table of types is asked."""
    async with reading(built) as client:
        answer = await client.get(f"/docs/{path}")
    assert answer.status_code == 200
    assert answer.text == (built / name).read_text("utf-8")
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"


async def test_what_readers_download_is_text(built: Path) -> None:
    """Under `nosniff` a browser shows or saves it, and runs nothing of it."""
    async with reading(built) as client:
        answer = await client.get("/docs/_downloads/compose.yaml")
    assert answer.text == "services: {}"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_page_that_did_not_change_is_not_sent_again(built: Path) -> None:
    """After an upgrade it is (RFC 9110 §13.1.2): readers never see a page of the version before."""
    async with reading(built) as client:
        first = await client.get("/docs/operations/running")
        known = {"If-None-Match": first.headers["etag"]}
        again = await client.get("/docs/operations/running", headers=known)
        (built / "operations" / "running.html").write_text("<h1>of the next version</h1>", "utf-8")
        upgraded = await client.get("/docs/operations/running", headers=known)
    assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    for name in ("content-security-policy", "etag"):  # a browser takes them over: RFC 9111 §3.2
        assert again.headers[name] == first.headers[name]
    assert (upgraded.status_code, upgraded.text) == (200, "<h1>of the next version</h1>")


@pytest.mark.parametrize("path", ["", "_static/site.js", "none.html"])
async def test_only_scripts_of_the_site_run(built: Path, path: str) -> None:
    """Files of the gateway, and what the build found inline: the policy names its hash.

    CSP Level 3 §2.3.1: a hash allows one script, where 'unsafe-inline' would allow any.
    """
    async with reading(built) as client:
        answer = await client.get(f"/docs/{path}")
    policy = dict(
        directive.split(" ", 1)
        for directive in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == f"'self' '{HASH}'"
    assert policy["connect-src"] == policy["form-action"] == "'self'"  # the search is a form
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path", ["../secret.html", "../secret", "..%2Fsecret.html", "%00", "operations", "none.html"]
)
async def test_nothing_but_the_site_is_served(built: Path, path: str) -> None:
    """No spelling of a path leads to a file beside it."""
    async with reading(built) as client:
        request = client.build_request("GET", "/docs/")
        request.url = request.url.copy_with(raw_path=f"/docs/{path}".encode())
        answer = await client.send(request)
    assert answer.status_code == 404
    assert "not for the public" not in answer.text


async def test_the_site_without_its_slash_is_next_to_it(built: Path) -> None:
    """The redirect is relative: a proxy may have put it below another path (RFC 9110 §10.2.2)."""
    async with reading(built) as client:
        answer = await client.get("/docs")
    assert answer.status_code == 307
    assert urljoin("https://a.example/insights/docs", answer.headers["location"]) == (
        "https://a.example/insights/docs/"
    )


async def test_without_the_built_site_the_gateway_says_how_to_get_it(tmp_path: Path) -> None:
    """An installation made without the pages answers honestly."""
    async with reading(tmp_path / "dist") as client:
        answer = await client.get("/docs/")
    assert answer.status_code == 404
    assert "GATEWAY_SKIP_GRAPHIQL" in answer.text
