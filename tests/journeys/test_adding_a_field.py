"""A field that Twilio adds is one line away, as the documentation says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gateway
from tests.servers import DEADLINE

pytestmark = pytest.mark.processes

PACKAGE = Path(gateway.__file__).parent
PAGE = PACKAGE.parent / "docs" / "architecture.md"
LINE = re.compile(r"^```python\n(new_thing_ms: .*\n)```$", re.MULTILINE)
READ = """
from gateway.insights.summary_decoding import decode_summary
body = b'{"call_sid": "CA1", "properties": {"new_thing_ms": 7}}'
heard = []
print(decode_summary(body, heard.append).properties.new_thing_ms, heard)
"""


def test_the_line_of_the_documentation_is_all_that_it_takes(tmp_path: Path) -> None:
    """Copied into the catalogue, it decodes the field, and adds it to the graph described."""
    (line,) = LINE.findall(PAGE.read_text("utf-8"))
    unwanted = shutil.ignore_patterns("graphiql", "sandbox", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "gateway", ignore=unwanted)
    catalogue = tmp_path / "gateway" / "insights" / "summary.py"
    known = "class CallProperties(Entity, frozen=True):\n"
    before, after = catalogue.read_text("utf-8").split(known)
    described, rest = after.split("\n\n", 1)
    catalogue.write_text(f"{before}{known}{described}\n\n    {line}{rest}", "utf-8")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        ).stdout

    assert run("-c", READ) == "7 []\n"
    schema = run("-m", "gateway", "schema")
    assert re.search(r'What it is\.\n +Unit: ms\. [^"]*"""\n +newThingMs: Int\n', schema)
