"""The first lines of modules, and the words that names are made of: `ast` reads both."""

import ast
import re
from pathlib import Path

import pytest

from tests.test_floors import FILES, where

IMAGES = re.compile(
    r"(?i)alive|bears?|crowd|dead|doors?|gives|happenings|life|live|lives|pulse|stands?|straight|"
    r"ask(s|ed|ing)|hear(s|d)?|knows|learn(s|ed)?|remembers|sa(id|ys)|tell(s|ing)?|told|"
    r"anybody|everybody|nobody|somebody|whoever"
)
"""What is said of people alone, and pictures of things: the field has a word for each."""

VAGUE = {"told", "said", "made", "known"}
"""Words of names that had many meanings: a message, variables, what a cache keeps, a reason."""

OF_LIBRARIES = {"connection_made"}
"""Names that asyncio gives."""

QUESTIONS = {"How", "What", "When", "Whether", "Where", "Which", "Who", "Whose", "Why"}


def first_line(file: Path) -> str:
    """What a module says that it does."""
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]


def faults_of(line: str) -> list[str]:
    """Why a first line does not say what its module does, to somebody who knows HTTP and GraphQL.

    The rule is ours: the module is the subject, and a verb in the third person comes first.
    """
    prose = re.sub(r"`[^`]*`", "", line)
    words = re.findall(r"[A-Za-z]+(?:'s)?", prose)
    first = words[0] if words else ""
    found = [f"`{word}` is an image" for word in words if IMAGES.fullmatch(word)]
    if not line:
        found.append("there is none")
    elif first in QUESTIONS:
        found.append(f"it begins with the question `{first}`")
    elif not line.startswith(first) or not re.fullmatch(r"[A-Z][a-z]+s", first):
        found.append("it does not begin with a verb, such as `Caches`")
    if not line.endswith("."):
        found.append("it is no sentence on one line")
    return found


@pytest.mark.parametrize("file", FILES, ids=where)
def test_the_first_line_of_a_module_says_what_it_does(file: Path) -> None:
    """Somebody finds the right file by it, without having read another."""
    assert faults_of(first_line(file)) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", "there is none"),
        ("What a rule is made of.", "it begins with the question `What`"),
        ("Looking up one call.", "it does not begin with a verb, such as `Caches`"),
        ("`/graphql`: GraphQL over HTTP.", "it does not begin with a verb, such as `Caches`"),
        ("Caches what nobody needs.", "`nobody` is an image"),
        ("Caches", "it is no sentence on one line"),
    ],
)
def test_a_first_line_that_says_less_is_found(line: str, fault: str) -> None:
    """The rule can fail, and says why."""
    assert fault in faults_of(line)


def names_in(tree: ast.AST) -> set[str]:
    """All names that a file gives or uses: of variables, attributes, arguments and definitions."""
    return {
        name
        for node in ast.walk(tree)
        for part in ("id", "attr", "arg", "name")
        if isinstance(name := getattr(node, part, None), str)
    }


def vague(names: set[str]) -> set[str]:
    """Those of which a word is one of `VAGUE`."""
    return {name for name in names - OF_LIBRARIES if VAGUE & set(name.lower().split("_"))}


@pytest.mark.parametrize("file", FILES, ids=where)
def test_names_say_what_they_hold(file: Path) -> None:
    """None of `VAGUE` is a word of a name: what it holds has a word of the field."""
    assert vague(names_in(ast.parse(file.read_text("utf-8")))) == set()


def test_a_vague_name_is_found() -> None:
    """In each place where a name can stand."""
    tree = ast.parse("def told(said, connection_made): self._told = MAX_KNOWN = toldest")
    assert vague(names_in(tree)) == {"told", "said", "_told", "MAX_KNOWN"}
