"""Build the GraphiQL page and the pages of `docs/` into the wheel, with npm.

So nothing third-party is kept in git. Hatch loads this file by its path and calls it for each
wheel, editable or not, and each sdist.
"""

# ruff: noqa: INP001 - loaded by its path; the page's sources are no Python package

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "GATEWAY_SKIP_GRAPHIQL"
OLDEST_NODE = (20, 19)
SOURCES = ("*.js", "*.jsx", "*.mjs", "*.css", "*.html", "*.svg", "package*.json", ".npmrc")


class GraphiQLBuildHook(BuildHookInterface[Any]):
    """Runs npm and Vite when the built page is missing or older than its sources."""

    PLUGIN_NAME = "graphiql"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch's
        """Build the page before hatch collects the files, or say why there will be none."""
        home, docs = Path(self.root, "gateway", "graphiql"), Path(self.root, "docs")
        if os.environ.get(SKIP) or _is_fresh(home, docs):
            return
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None or _version(node) < OLDEST_NODE:
            self.app.display_warning(
                "Built without the GraphiQL page: it needs npm and Node.js "
                + ".".join(map(str, OLDEST_NODE))
                + " or later."
            )
            return
        self.app.display_info("Building the GraphiQL page")
        try:
            _build(home, docs, npm)
        except subprocess.CalledProcessError as error:
            message = f"npm could not build the GraphiQL page; set {SKIP}=1 to go without it"
            raise RuntimeError(message) from error


def _is_fresh(home: Path, docs: Path) -> bool:
    """Whether the built page is there, and no older than any of its sources."""
    page = home / "dist" / "index.html"
    sources = [*_sources(home), *docs.rglob("*.md")]
    return page.is_file() and page.stat().st_mtime >= max(
        source.stat().st_mtime for source in sources
    )


def _sources(home: Path) -> list[Path]:
    return [path for pattern in SOURCES for path in home.glob(pattern)]


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    return tuple(map(int, re.findall(r"\d+", said.stdout)))


def _build(home: Path, docs: Path, npm: str) -> None:
    """Build in a directory of its own: the checkout gets the result and no node_modules."""
    with tempfile.TemporaryDirectory() as work:
        for source in _sources(home):
            shutil.copy(source, work)
        shutil.copytree(docs, Path(work, "docs"), ignore=shutil.ignore_patterns("examples"))
        for command in (["ci"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=work, check=True)  # noqa: S603 - found on PATH
        shutil.rmtree(home / "dist", ignore_errors=True)
        shutil.copytree(Path(work, "dist"), home / "dist")
