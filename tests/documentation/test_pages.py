"""A page of the repository as the site has it: its labels, links and rows."""

import pytest

from gateway.documentation.code_blocks import labelled
from gateway.documentation.schema_reference import reference
from gateway.documentation.sources import contents, linked, page


@pytest.mark.parametrize(
    ("head", "caption"),
    [
        ("json variables", "Variables"),
        ("json answer", "Answer"),
        ("text output", "Output"),
        ("js gateway.js", "`gateway.js`"),
    ],
)
def test_the_second_word_of_a_block_is_its_label(head: str, caption: str) -> None:
    """What it is, or the name of the file to write it to."""
    language = head.split(maxsplit=1)[0]
    assert labelled(f"```{head}\nx\n```\n", "") == (
        f'```{{code-block}} {language}\n:caption: "{caption}"\n\nx\n```\n'
    )


@pytest.mark.parametrize("text", ["```sh\nls\n```\n", "````md\n```json answer\n````\n", "no block"])
def test_other_blocks_stay_as_they_are(text: str) -> None:
    """A language alone says enough."""
    assert labelled(text, "") == text


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("{ viewer { name } }", "Query"),
        ("query A { viewer { name } }", "Query"),
        ("mutation A { b }", "Mutation"),
        ("subscription A { b }", "Subscription"),
        ("fragment A on B { c }\n\nquery D { ...A }", "Query"),
    ],
)
def test_an_operation_opens_in_graphiql(code: str, label: str) -> None:
    """With its variables, from wherever its page is; a server sees nothing behind `#`."""
    told = labelled(f"```graphql\n{code}\n```\n\n```json variables\n{{}}\n```\n", "../")
    assert f':caption: "{label} <a class=' in told
    assert 'href=\\"../../#query=' in told
    assert "&amp;variables=%7B%7D%0A" in told


def test_a_fragment_alone_does_not() -> None:
    """There is nothing to run."""
    assert ':caption: "Fragment"' in labelled("```graphql\nfragment A on B { c }\n```\n", "")


def test_variables_belong_to_the_query_before_them() -> None:
    """A query without variables does not get those of the next one."""
    told = labelled(
        "```graphql\n{ a }\n```\n```graphql\n{ b }\n```\n```json variables\n1\n```\n", ""
    )
    assert told.count("&amp;variables=\\") == told.count("&amp;variables=1") == 1


@pytest.mark.parametrize(
    ("name", "target", "moved"),
    [
        ("docs/errors.md", "../README.md#run-it", "readme.md#run-it"),
        ("docs/operations/alerts.md", "../../CHANGELOG.md", "../changelog.md"),
        ("docs/operations/alerts.md", "../README.md", "../index.md"),
        ("docs/fields.md", "../schema.graphql", "schema.md"),
        ("docs/live.md", "../tests/clients/live/a.mjs", "files/tests/clients/live/a.mjs"),
        ("README.md", "docs/operations/compose.yaml", "operations/compose.yaml"),
        ("docs/live.md", "errors.md#http-status", "errors.md#http-status"),
        ("docs/live.md", "#here", "#here"),
        ("docs/live.md", "https://spec.graphql.org/", "https://spec.graphql.org/"),
    ],
)
def test_a_link_follows_its_file(name: str, target: str, moved: str) -> None:
    """The site has its files in other places than the repository."""
    assert page(name, f"[x]({target})") == f"[x]({moved})"


def test_code_is_no_link() -> None:
    """What looks like a link in a block stays as it is, and copies no file."""
    text = "```js\nf[0](../README.md)\n```\n"
    assert page("docs/a.md", text) == text
    assert [*linked("docs/a.md", text)] == []


def test_the_sections_of_the_first_page_are_the_navigation() -> None:
    """In their order, under their titles; one page may be in two places of one line."""
    told = contents("# D\n\n## Ask\n\n* [Filters](filters.md), and [paging](paging.md)\n\n## Run\n")
    entries = "Filters <filters>\nPaging <paging>"
    assert told == f"\n```{{toctree}}\n:hidden:\n:caption: Ask\n\n{entries}\n```\n"


def test_the_reference_has_a_row_for_every_part() -> None:
    """Its arguments, default, deprecation and links; a bar in a description breaks no table."""
    told = reference(
        '"A." type Query { "One | two." a("How." n: Int = 3): B! @deprecated(reason: "Use b.") }\n'
        'interface I { b: ID } "Is." type B implements I { b: ID } union U = B enum E { "V." X }'
    )
    for line in (
        "| `Query.a` | [`B!`](#b) | One \\| two. **Deprecated**: Use b. |",
        "| `Query.a(n:)` | `Int` = `3` | How. |",
        "Implements [`I`](#i).",
        "One of [`B`](#b).",
        "| `E.X` | V. |",
    ):
        assert line in told.splitlines(), line
