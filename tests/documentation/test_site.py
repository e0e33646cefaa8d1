"""The documentation as it is built: what a reader can click leads somewhere."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from graphql import is_introspection_type, is_specified_scalar_type, parse, validate

from gateway.config.settings_table import table
from gateway.documentation.build import build
from gateway.documentation.sources import place
from gateway.errors import GatewayError
from gateway.schema.operations import build_schema
from tests.test_docs import CLOSED_LIST, PAGES, examples
from tests.write_docs import ROOT

# MyST's own, of Sphinx 11
pytestmark = pytest.mark.filterwarnings("ignore::sphinx.deprecation.RemovedInSphinx11Warning")


class Page(HTMLParser):
    """A page of the site: what it links to and loads, and the anchors it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src", "action"} and tag != "use" and value:
                self.links.append(value)
            if name == "id" and value:
                self.anchors.add(value)


class Site:
    """A built site."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.files = {path for path in home.rglob("*") if path.is_file()}

    @cached_property
    def pages(self) -> dict[Path, Page]:
        return {path: Page(path) for path in self.files if path.suffix == ".html"}

    def page(self, name: str) -> Page:
        return self.pages[self.home / name]

    def dead(self) -> Iterator[str]:
        """The links that lead nowhere within the site, with their pages."""
        for path, page in self.pages.items():
            for link in page.links:
                address = urlsplit(link)
                target = (path.parent / unquote(address.path)).resolve() if address.path else path
                if address.scheme or target == self.home.parent:
                    continue
                anchors = self.pages[target].anchors if target in self.pages else set()
                if target not in self.files or (
                    address.fragment and unquote(address.fragment) not in anchors
                ):
                    yield f"{path.relative_to(self.home)}: {link}"

    def questions(self) -> Iterator[dict[str, str]]:
        """What the links to GraphiQL bring there."""
        for path, page in self.pages.items():
            for link in page.links:
                address = urlsplit(link)
                if (path.parent / address.path).resolve() == self.home.parent and address.fragment:
                    yield {name: value for name, (value,) in parse_qs(address.fragment).items()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of this checkout. Sphinx's warnings are errors: a link to no page is one."""
    home = tmp_path_factory.mktemp("gateway") / "docs"
    build(home)
    return Site(home)


def test_no_link_is_dead(site: Site) -> None:
    """Every page, anchor, style, script, picture and download that a page names is in the site."""
    assert len(site.pages) > 25
    assert sum(len(page.links) for page in site.pages.values()) > 1000
    assert [*site.dead()] == []


def test_a_dead_link_is_found(site: Site) -> None:
    """The check can fail: a file that is gone, and an anchor that is gone."""
    broken = Site(site.home)
    broken.files.discard(site.home / "tutorial.html")
    broken.page("errors.html").anchors.discard("FORBIDDEN")
    dead = [*broken.dead()]
    assert "recipes.html: tutorial.html" in dead
    assert "errors.html: #FORBIDDEN" in dead


def test_no_address_is_absolute(site: Site) -> None:
    """A proxy may put the gateway below a path of its own (RFC 3986 §4.2)."""
    links = {link for page in site.pages.values() for link in page.links}
    assert {link for link in links if link.startswith("/")} == set()
    assert {urlsplit(link).scheme for link in links} <= {"", "data", "http", "https"}


def test_nothing_is_loaded_from_another_host(site: Site) -> None:
    """The site works offline, and tells nobody that it is read."""
    for path in site.files:
        if path.suffix in {".html", ".css"}:
            loads = r'(?:src="|<link[^>]* href="|url\(["\']?|@import ["\'])(?=https?:|//)[^"\')]*'
            assert re.findall(loads, path.read_text("utf-8")) == [], path.name


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CHANGELOG.md",
        "schema.graphql",
        "docs/README.md",
        "docs/operations/compose.yaml",
        "docs/operations/grafana/dashboard.json",
        "docs/operations/prometheus/alerts.yaml",
        "docs/operations/kubernetes/deployment.yaml",
        "tests/clients/live/graphql-ws.mjs",
    ],
)
def test_what_is_no_page_of_the_documentation_can_be_had_too(site: Site, name: str) -> None:
    """README and changelog are pages; programs, Compose file, dashboard and alerts downloads."""
    if name.endswith(".md"):
        assert site.home / place(name).replace(".md", ".html") in site.files
    else:
        (download,) = [path for path in site.files if path.name == Path(name).name]
        assert download.read_bytes() == (ROOT / name).read_bytes()


def test_every_part_of_the_schema_has_an_anchor(site: Site) -> None:
    """Types by their names in lower case, all else by its schema coordinate.

    <https://spec.graphql.org/draft/#sec-Schema-Coordinates>
    """
    anchors = site.page("schema.html").anchors
    for name, kind in build_schema().type_map.items():
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            assert name.lower() in anchors, name
            parts: dict[str, Any] = getattr(kind, "fields", getattr(kind, "values", {}))
            wanted = {f"{name}.{part}" for part in parts}
            wanted |= {
                f"{name}.{part}({argument}:)"
                for part, field in parts.items()
                for argument in getattr(field, "args", {})
            }
            assert wanted <= anchors, wanted - anchors


def test_every_error_code_and_setting_has_an_anchor(site: Site) -> None:
    """`errors.html#FORBIDDEN`: GraphiQL links there, and so can a program that shows a code."""
    assert site.page("errors.html").anchors >= CLOSED_LIST
    assert GatewayError.code in CLOSED_LIST
    assert site.page("settings.html").anchors >= {setting.name for setting in table()}


def test_every_alert_has_its_runbook(site: Site) -> None:
    """`runbook_url` opens the part of the page that says what to do."""
    rules = (ROOT / "docs/operations/prometheus/alerts.yaml").read_text("utf-8")
    runbooks = re.findall(r"runbook_url: .*?}}/([\w/.-]+)#([\w-]+)", rules)
    assert len(runbooks) == rules.count("- alert:")
    assert [one for one in runbooks if one[1] not in site.page(one[0]).anchors] == []


def test_every_query_opens_in_graphiql(site: Site) -> None:
    """With the variables beside it, and as it stands on the page."""
    asked = {(one["query"], one.get("variables", "")) for one in site.questions()}
    shown = {(one.query, json.dumps(one.variables)) for one in examples()}
    subscriptions = r"^```graphql subscription\n(.*?)^```$"
    for text in PAGES.values():
        shown |= {
            (code, "{}") for code in re.findall(subscriptions, text, re.DOTALL | re.MULTILINE)
        }
    assert {(query, json.dumps(json.loads(text or "{}"))) for query, text in asked} == shown
    for query, _ in asked:
        assert validate(build_schema(), parse(query)) == []


def test_a_block_says_what_it_is(site: Site) -> None:
    """Query, variables or answer: somebody who copies one knows where to put it."""
    text = (site.home / "readme.html").read_text("utf-8")
    captions = re.findall(r'class="code-block-caption"><span class="caption-text">(\w+)', text)
    assert captions[:4] == ["Query", "Variables", "Answer", "Query"]


def test_all_pages_are_in_the_navigation(site: Site) -> None:
    """The first page is where pages are put into their order."""
    text = (site.home / "index.html").read_text("utf-8")
    there = set(
        re.findall(r'<li class="toctree-l1"><a class="reference internal" href="([^"]+)"', text)
    )
    pages = {path.relative_to(site.home).as_posix() for path in site.pages}
    assert pages - there == {"index.html", "search.html"}
