"""The words of the documentation and of the program, by textlint and cspell.

The rules are those of `tests/words`: terms that have a better one, sentences of at most 25 words, a
subject that one can point at, and spelling. `node tests/words/lint.mjs FILE …` lints by hand.
"""

import subprocess
from pathlib import Path

import pytest

from tests.node import install
from tests.test_docs import PAGES
from tests.words.messages import write
from tests.write_docs import ROOT

pytestmark = pytest.mark.node

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def _packages() -> None:
    install(HERE)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def faults(files: list[Path]) -> list[str]:
    """What the linter finds, a line for each."""
    linted = run("node", HERE / "lint.mjs", *files)
    assert linted.returncode == bool(linted.stdout), linted.stderr
    return linted.stdout.replace(f"{ROOT}/", "").splitlines()


def misspelt(files: list[Path]) -> list[str]:
    """The words that no dictionary has; a word of the field goes into `dictionary.txt`."""
    command = HERE / "node_modules" / ".bin" / "cspell"
    options = ("--config", HERE / "cspell.json", "--root", "/", "--no-progress", "--no-summary")
    checked = run(command, *options, *files)
    assert checked.returncode == bool(checked.stdout), checked.stderr
    return checked.stdout.replace(f"{ROOT}/"[1:], "").splitlines()


def test_pages_and_messages_keep_the_rules_of_style(tmp_path: Path) -> None:
    """Somebody who knows HTTP and GraphQL reads them without a second look."""
    assert faults([ROOT / name for name in PAGES] + write(tmp_path)) == []


def test_pages_and_messages_are_spelt_well(tmp_path: Path) -> None:
    """In British or American English."""
    assert misspelt([ROOT / name for name in PAGES] + write(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("The gateway tells clients that it ends.", "tells => returns, sends, shows"),
        ("Nobody gets it.", "Nobody => the client, the viewer, the operator"),
        ("The gateway knows the call.", "gateway knows => requests, caches, receives"),
        ("Twilio is asked once.", "Twilio is asked => requests, caches, receives"),
        ("A call is remembered.", "remembered => cached"),
        ("What is stale is refreshed.", '"What" is no subject'),
        ("| a |\n|---|\n| Who joins gets it. |", '"Who" is no subject'),
        (f"The {'very ' * 24}end.", "26 words, more than 25"),
        ("The cache is `full`.\nIt is [told](b.md).", "told => returns, sends, shows"),
    ],
)
def test_what_breaks_a_rule_is_found(tmp_path: Path, text: str, fault: str) -> None:
    """The linter can fail, and says what to write instead."""
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{text}\n", "utf-8")
    (found,) = faults([page])
    assert fault in found


@pytest.mark.parametrize(
    "text",
    [
        "What does it cost? Who pays?",
        f"The {'very ' * 23}end.",
        f"The {'very ' * 20}end of 13. The next sentence begins.",
        "```text\nnobody told\n```",
        "The field `told` is one word.",
        "The operator knows the token, and asks for another.",
    ],
)
def test_what_keeps_the_rules_is_left_alone(tmp_path: Path, text: str) -> None:
    """Questions, code and people are no faults."""
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{text}\n", "utf-8")
    assert faults([page]) == []


def test_a_misspelt_word_is_found(tmp_path: Path) -> None:
    """In text, not in code."""
    page = tmp_path / "page.md"
    page.write_text("The gatewya reads `gatewya`.\n", "utf-8")
    (found,) = misspelt([page])
    assert "gatewya" in found
