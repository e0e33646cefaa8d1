"""docs/clients.md shows what is run here."""

import re

import pytest

from tests.node import CLIENTS

ROOT = CLIENTS.parents[1]
PAGE = (ROOT / "docs" / "clients.md").read_text("utf-8")
SHOWN = re.findall(r"^<!-- (\S+) -->\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("file", "code"), SHOWN, ids=[file for file, _ in SHOWN])
def test_each_set_up_is_a_file_that_the_tests_run(file: str, code: str) -> None:
    """Letter by letter: whoever copies it has what was tested."""
    assert code == (ROOT / file).read_text("utf-8")


def test_nothing_else_is_shown() -> None:
    """Every block of code on the page has the name of its file above it."""
    assert PAGE.count("```") == 2 * len(SHOWN)
