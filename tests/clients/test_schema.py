"""The schema as a promise: rules that it is held to, and no break that was not announced."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.node import CLIENTS, lines

ROOT = CLIENTS.parents[1]
SCHEMA = ROOT / "schema.graphql"
CHANGELOG = ROOT / "CHANGELOG.md"
RELEASED = CLIENTS / "schema" / "released.graphql"
"""The schema of the last release; while there is none, as it was when clients began to use it."""

SPOILT = '''
"""A colour."""
scalar Colour

"""Questions."""
type Query {
  """Something of a colour."""
  thing(colour: Colour): Thing
  """An old name."""
  old: Thing @deprecated
  """An older name."""
  older: Thing @deprecated(reason: "It is old.")
  """Right: it is said what to use."""
  oldest: Thing @deprecated(reason: "Use `thing`.")
  """All things."""
  things: ThingConnection
}

"""A thing."""
type Thing {
  nameless: Int
  """A bad name."""
  bad_name: Int
}

"""Things in pages."""
type ThingConnection {
  """Without `pageInfo`."""
  edges: [Thing]
}

"""What nothing leads to."""
type Orphan {
  """One."""
  one: Int
}
'''
FOUND = {
    ("@graphql-eslint/naming-convention", "bad_name: Int"),
    ("@graphql-eslint/no-unreachable-types", "type Orphan {"),
    ("@graphql-eslint/relay-arguments", "things: ThingConnection"),
    ("@graphql-eslint/relay-connection-types", "type ThingConnection {"),
    ("@graphql-eslint/relay-edge-types", "type Thing {"),
    ("@graphql-eslint/relay-page-info", ""),
    ("@graphql-eslint/require-deprecation-reason", "old: Thing @deprecated"),
    ("@graphql-eslint/require-description", "nameless: Int"),
    ("@graphql-eslint/require-description", "thing(colour: Colour): Thing"),
    ("no-restricted-syntax", '"""A colour."""'),
    ("no-restricted-syntax", 'older: Thing @deprecated(reason: "It is old.")'),
}
ANNOUNCED = """
## 1.1.0 (unreleased)

### Breaking

* `Call.tags` is now `Call.label`.

## 1.0.0

### Breaking

* `Call.state` is gone.
"""


async def complaints(folder: Path) -> set[tuple[str, str]]:
    """The rules that `schema.graphql` in a folder breaks, each with the line that does."""
    eslint = CLIENTS / "node_modules" / ".bin" / "eslint"
    config = CLIENTS / "schema" / "eslint.config.mjs"
    process = await asyncio.create_subprocess_exec(
        *(str(eslint), "--config", str(config), "--format", "json", "schema.graphql"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    (result,) = json.loads(printed)
    source = (folder / "schema.graphql").read_text("utf-8").splitlines()
    return {(said["ruleId"], source[said["line"] - 1].strip()) for said in result["messages"]}


async def broken(older: Path, newer: Path) -> list[str]:
    """The paths of all that breaks clients of the older schema."""
    changes = lines("schema/compare.mjs", str(older), str(newer))
    return [change["path"] async for change in changes if change["breaks"]]


def git(*arguments: str) -> str:
    """What git prints; nothing where there is none."""
    program = shutil.which("git")
    if program is None or not (ROOT / ".git").exists():
        return ""
    return subprocess.run(
        [program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout


def unannounced(broken: list[str], changelog: str) -> list[str]:
    """What the changelog does not name under `### Breaking` of a version that is not out yet."""
    newest = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    title, *sections = re.split(r"^### ", newest, flags=re.MULTILINE)
    told = [part for part in sections if part.startswith("Breaking\n") and "unreleased" in title]
    return [path for path in broken if f"`{path}`" not in "".join(told)]


async def test_the_schema_has_no_lint() -> None:
    """The rules of graphql-eslint for schemas and for Relay; some are off, for written reasons."""
    assert await complaints(ROOT) == set()


async def test_the_rules_bite(tmp_path: Path) -> None:
    """What is not described, specified, replaced, reached, named or paged as it should is found."""
    (tmp_path / "schema.graphql").write_text(SPOILT, "utf-8")
    assert await complaints(tmp_path) == FOUND


async def test_nothing_breaks_clients_without_a_word() -> None:
    """Since the last release, each breaking change is named in the changelog.

    Under `### Breaking` of the coming version, by its path in the schema, such as `Call.state`.
    """
    assert unannounced(await broken(RELEASED, SCHEMA), CHANGELOG.read_text("utf-8")) == []


async def test_a_break_is_found_until_it_is_announced(tmp_path: Path) -> None:
    """In the section of the coming version, and by its own name."""
    newer = tmp_path / "newer.graphql"
    newer.write_text(SCHEMA.read_text("utf-8").replace("  tags: [CallTag!]!", "  label: CallTag"))
    found = await broken(SCHEMA, newer)
    assert found == ["Call.tags"]
    assert unannounced(found, ANNOUNCED) == []
    assert unannounced(["Call.state"], ANNOUNCED) == ["Call.state"]
    assert unannounced(found, ANNOUNCED.replace(" (unreleased)", "")) == found


def test_the_released_schema_is_that_of_the_last_release() -> None:
    """Whoever releases copies `schema.graphql`; where the tag is known, that is checked."""
    tags = git("tag", "--list", "v*", "--sort=-version:refname").split()
    if not tags:
        pytest.skip("no release is known here")
    assert git("show", f"{tags[0]}:schema.graphql") == RELEASED.read_text("utf-8")
