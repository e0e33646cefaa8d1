"""README and docs, checked against the program they describe.

Of the blocks of code in a page, `graphql` is asked as it stands, with the `json variables` after
it, and must give the `json answer` after that, if there is one.
"""

import contextlib
import io
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLInputObjectType
from starlette.routing import Route

from gateway.calls.call import LookupStatus
from gateway.cli import main, root
from gateway.config.load import read
from gateway.config.settings_table import table
from gateway.errors import GatewayError, UpstreamError, WrongSettings
from gateway.insights.annotation_input import UserErrorCode
from gateway.insights.filters import FILTERS, Filter
from gateway.schema.operations import build_schema
from gateway.server.middleware.stack import GRAPHQL
from tests.conftest import Clock, Gateway
from tests.write_docs import DOCS, PART, PARTS, ROOT, example, pages, rewritten

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *pages()]
}
EVERY_PAGE = pytest.mark.parametrize("page", PAGES)
BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?<![\w-])gateway ([a-z]+)((?: +(?:--?\w[\w-]*|\S+))*)")
OPTION = re.compile(r"--[a-z-]+")
COMMANDS = tuple(root.commands)
OTHERS = {"--env-file", "--enable-feature=exemplar-storage"}
"""Options of Docker and Prometheus."""

CLOSED_LIST = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "INVALID_CURSOR",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "COST_ESTIMATED_TOO_EXPENSIVE",
    "QUERY_TOO_COMPLEX",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_REQUIRED",
    "UPSTREAM_RATE_LIMITED",
    "UPSTREAM_TIMEOUT",
    "UPSTREAM_UNAVAILABLE",
    "UPSTREAM_CREDENTIALS",
    "UPSTREAM_REJECTED",
    "UPSTREAM_INVALID_RESPONSE",
    "DEADLINE_EXCEEDED",
    "WAREHOUSE_DISABLED",
    "WAREHOUSE_UNAVAILABLE",
    "WAREHOUSE_BUSY",
    "INTERNAL_SERVER_ERROR",
}
NO_SETTINGS = {
    "GATEWAY_SKIP_GRAPHIQL",  # read at build time
    "GATEWAY_SERVICE_HOST",  # set by Kubernetes
    "GATEWAY_TOKEN",  # of commands that are clients
}


class Asked(NamedTuple):
    """A GraphQL example: where it stands, what it asks, and the answer shown, if any."""

    page: str
    query: str
    variables: dict[str, Any]
    answer: dict[str, Any] | None


def examples() -> Iterator[Asked]:
    for page, text in PAGES.items():
        blocks = [(block[1], block[2]) for block in BLOCK.finditer(text)]
        for place, (kind, query) in enumerate(blocks):
            if kind != "graphql":
                continue
            beside: dict[str, Any] = {}
            for kind_after, content in blocks[place + 1 :]:
                if kind_after == "graphql":
                    break
                if kind_after in {"json variables", "json answer"}:
                    beside.setdefault(kind_after, json.loads(content))
            variables = beside.get("json variables", {})
            yield Asked(page, query, variables, beside.get("json answer"))


def rows(page: str, head: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    lines = PAGES[page].split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines]


def classes(root: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield root
    for child in root.__subclasses__():
        yield from classes(child)


def code_of(text: str) -> Iterator[str]:
    """What a reader may type: spans of code and blocks of shell."""
    yield from (span[1] for span in SPAN.finditer(BLOCK.sub("", text)))
    yield from (block[2] for block in BLOCK.finditer(text) if block[1] in {"sh", "sh terminal"})


@EVERY_PAGE
def test_what_the_code_says_of_itself_is_in_the_pages(page: str) -> None:
    """A reference is written by the code: after a change run `python -m tests.write_docs`."""
    assert PAGES[page] == rewritten(PAGES[page]), "run: python -m tests.write_docs"


def test_every_reference_has_its_page() -> None:
    """Settings, filters, fields and metrics are each written down in exactly one place."""
    written = [part["name"] for text in PAGES.values() for part in PART.finditer(text)]
    assert sorted(written) == sorted(PARTS)


@EVERY_PAGE
def test_no_page_names_a_setting_that_does_not_exist(page: str) -> None:
    """Whoever copies the name of a variable from a page sets something."""
    named = set(re.findall(r"\b(?:GATEWAY|TWILIO)_[A-Z_]*[A-Z]\b", PAGES[page]))
    assert named <= {setting.name for setting in table()} | NO_SETTINGS


def test_whoever_copies_the_sample_of_a_token_lets_nobody_in() -> None:
    """The hashes that are shown are of no token: those of a word would let everybody in."""
    shown = [
        re.findall(r'token_sha256 = "(.*)"', path.read_text("utf-8"))
        for path in DOCS.rglob("*")
        if path.suffix in {".md", ".toml", ".yaml"} and "node_modules" not in path.parts
    ]
    assert {"0" * 64} == {one for each in shown for one in each}


def test_every_error_code_is_explained() -> None:
    """The codes in the reference are those that the program can give: none more, none less."""
    sources = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "gateway").rglob("*.py")
        if "sandbox" not in path.parts
    )
    given = {code for code in CLOSED_LIST if f'"{code}"' in sources}
    assert {kind.code for kind in classes(GatewayError)} <= given
    assert {row[0] for row in rows("docs/errors.md", "Code")} == given


def test_the_reference_says_which_errors_are_worth_another_try() -> None:
    """`retryable` of an answer and the reference agree."""
    said = {row[0]: row[2] for row in rows("docs/errors.md", "Code")}
    for kind in classes(UpstreamError):
        if issubclass(kind, UpstreamError) and kind is not UpstreamError:
            assert said[kind.code] == ("yes" if kind.retryable else "no"), kind


def test_every_user_error_is_explained() -> None:
    """The codes of `userErrors` in the reference are those of the schema."""
    told = [row[0] for row in rows("docs/annotating.md", "`userErrors.code`")]
    assert told == [*UserErrorCode.__members__]


def test_every_status_of_a_lookup_is_explained() -> None:
    """README tells what to do in each state that a call can be in."""
    assert [row[0] for row in rows("README.md", "`status`")] == [*LookupStatus.__members__]


def test_every_argument_of_a_filter_is_explained() -> None:
    """Whatever `CallFilter` takes has a word in the reference."""
    kind = build_schema().type_map["CallFilter"]
    assert isinstance(kind, GraphQLInputObjectType)
    assert [name for name in kind.fields if f"`{name}`" not in PAGES["docs/filters.md"]] == []


@pytest.mark.parametrize("row", FILTERS, ids=lambda row: row.name)
async def test_the_example_of_a_filter_reaches_twilio(gateway: Gateway, row: Filter) -> None:
    """Each example of the reference is accepted, and sent as the parameter beside it."""
    query = f"{{ calls(filter: {{ {row.name}: {example(row)} }}) {{ nodes {{ sid }} }} }}"
    with gateway.upstream() as requests:
        await gateway.send(query)
    (request,) = requests
    assert row.parameter in request.params


ABOUT_MANY = re.compile(r"searchCalls|callStatistics|completedCalls")
"""Questions that need the warehouse: `tests/schema/many_calls/test_documentation.py` asks them."""


@pytest.mark.parametrize(
    "asked",
    [one for one in examples() if not ABOUT_MANY.search(one.query)],
    ids=lambda asked: asked.page,
)
async def test_an_example_gives_the_answer_that_is_shown(gateway: Gateway, asked: Asked) -> None:
    """Every GraphQL example runs, and where its answer is shown, it is the real one."""
    body = await gateway.send(asked.query, **asked.variables)
    if asked.answer is None:
        assert "errors" not in body, body
        assert all(body["data"].values())
    else:
        assert body == asked.answer


async def test_the_first_command_from_a_terminal_gives_the_first_answer(gateway: Gateway) -> None:
    """The body that README sends with curl asks what the GraphQL above it asks."""
    first = next(examples())
    (body,) = re.findall(r"^curl .*? -d '(.*?)'$", PAGES["README.md"], re.DOTALL | re.MULTILINE)
    sent = json.loads(body)
    assert sent["query"].split() == first.query.split()
    assert sent["variables"] == first.variables
    assert await gateway.send(sent["query"], **sent["variables"]) == first.answer


@cache
def told_of(command: str) -> str:
    """What a command says of itself; fails when there is no such command."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert main([command, "--help"]) == 0, command
    return told.getvalue()


@EVERY_PAGE
def test_every_command_and_option_exists(page: str) -> None:
    """What a page tells people to type is what the command understands."""
    for code in code_of(PAGES[page]):
        for command, rest in COMMAND.findall(code):
            assert [o for o in OPTION.findall(rest) if o not in told_of(command)] == []
        if code.startswith("--") and code not in OTHERS:
            assert OPTION.findall(code)[0] in "".join(map(told_of, COMMANDS))


@EVERY_PAGE
def test_every_file_that_is_named_exists(page: str) -> None:
    """A path of the project in a page leads somewhere."""
    named = re.findall(r"(?<![\w./-])(?:\.ci|docs|gateway|tests)/[\w./-]*\w", PAGES[page])
    modules = [
        ROOT / name.replace(".", "/") for name in re.findall(r"-m (tests[\w.]*\w)", PAGES[page])
    ]
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert all(one.with_suffix(".py").exists() or (one / "__main__.py").exists() for one in modules)


def test_every_short_path_on_the_page_for_contributors_exists() -> None:
    """A file is named there by its path, or by the end of that."""
    named = re.findall(r"`([\w/]+\.py)`", PAGES["docs/architecture.md"])
    files = [f"/{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob("gateway/**/*.py")]
    there = {name for name in named if any(file.endswith(f"/{name}") for file in files)}

    assert [name for name in named if name not in there and not (ROOT / name).exists()] == []


@EVERY_PAGE
def test_every_link_leads_somewhere(page: str) -> None:
    """Relative links point at files, and at headings, that are there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", PAGES[page])):
        if target.startswith("https://"):
            continue
        name, _, heading = target.partition("#")
        path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert path.is_file(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in anchors, target


def test_every_page_is_found() -> None:
    """Who opens the documentation at its beginning comes to all of it by links."""
    found, ahead = set(), {DOCS / "README.md"}
    while ahead:
        page = ahead.pop()
        found.add(page)
        targets = re.findall(r"\]\((?!https:)([^)\s#]+\.md)", page.read_text("utf-8"))
        ahead |= {(page.parent / target).resolve() for target in targets} - found
    assert [page for page in pages() if page not in found] == []


def test_every_address_is_explained(gateway: Gateway) -> None:
    """The table of addresses holds the routes that there are: none more, none less."""
    routes = {route.path for route in gateway.app.routes if isinstance(route, Route)}
    assert {row[0] for row in rows("docs/operations/running.md", "Path")} == routes | {GRAPHQL}


async def test_a_walk_costs_what_the_page_says(gateway: Gateway, clock: Clock) -> None:
    """The requests to Twilio in the table of docs/paging.md, counted."""
    query = (
        "query($n: Int, $c: String) { calls(first: $n, after: $c) "
        "{ nodes { sid } pageInfo { endCursor } } }"
    )

    async def cost(first: int, after: str | None = None) -> tuple[int, str]:
        with gateway.upstream() as requests:
            calls = (await gateway.ask(query, n=first, c=after))["calls"]
        assert len(calls["nodes"]) == first
        return len(requests), calls["pageInfo"]["endCursor"]

    one, end = await cost(25)
    next_one, _ = await cost(25, end)
    again, _ = await cost(25, end)
    assert (one, next_one, again) == (1, 1, 0)
    odd, end = await cost(30)
    at_once, _ = await cost(30, end)
    clock.advance(60)
    later, _ = await cost(30, end)
    assert (odd, at_once, later) == (1, 1, 2)


def test_a_mistake_in_the_settings_is_told_as_it_is_shown() -> None:
    """What stops a gateway that listens to others, in the words of the program."""
    (shown,) = re.findall(
        r"^gateway: (GATEWAY_HOST.*)$", PAGES["docs/operations/running.md"], re.MULTILINE
    )
    with pytest.raises(WrongSettings) as caught:
        read({"GATEWAY_HOST": "0.0.0.0"})  # noqa: S104 - it is the mistake
    assert caught.value.mistakes == (shown,)


def test_readme_asks_for_the_versions_that_are_needed() -> None:
    """The oldest Python and Node.js in README are those that the build checks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    build = (ROOT / "hatch_build.py").read_text("utf-8")
    major, minor = re.findall(r"^OLDEST_NODE = \((\d+), (\d+)\)", build, re.MULTILINE)[0]
    assert f"Python {project['requires-python'].removeprefix('>=')} or later" in PAGES["README.md"]
    assert f"Node.js {major}.{minor} or later" in PAGES["README.md"]


@pytest.mark.parametrize(
    "name",
    ["graphiql.png", *(f"images/explorer-{of}.png" for of in ("overview", "call", "timeline"))],
)
def test_the_pictures_are_light(name: str) -> None:
    """README loads fast, and shows them all."""
    picture = (DOCS / name).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 250_000
    assert f"](docs/{name})" in PAGES["README.md"]
