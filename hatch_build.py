"""Hatch's build hook: GraphiQL and the explorer, built by npm, and the documentation, by Sphinx.

So nothing third-party is kept in git. Hatch calls it for each wheel, editable or not, and sdist.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "GATEWAY_SKIP_GRAPHIQL"
OLDEST_NODE = (20, 19)
GRAPHIQL = ("*.js", "*.jsx", "*.mjs", "*.css", "*.html", "*.svg", "package*.json", ".npmrc")
EXPLORER = ("*.mjs", "*.html", "*.json", ".npmrc", "src/**/*")
NOT_SOURCES = {"generated", "node_modules"}
DOCUMENTATION = ("*.py", "static/*", "templates/*")
PAGES = ("README.md", "CHANGELOG.md", "schema.graphql", "docs/**/*")
SPHINX = [
    "furo>=2025.12.19",
    "graphql-core>=3.3.2,<3.4",
    "myst-parser>=5.2,<6",
    "sphinx>=9.0.4,<10",
    "sphinx-copybutton>=0.5.2,<0.6",
]


class PagesBuildHook(BuildHookInterface[Any]):
    """Builds GraphiQL and the documentation where they are missing or older than their sources."""

    PLUGIN_NAME = "pages"

    def dependencies(self) -> list[str]:
        """What the build needs beside Hatch, if the documentation is to be built."""
        return [] if os.environ.get(SKIP) or _documentation_is_fresh(Path(self.root)) else SPHINX

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages, both at once, before hatch collects the files."""
        root = Path(self.root)
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"] |= _pages(root)
        if os.environ.get(SKIP):
            return
        try:
            with ThreadPoolExecutor() as pool:
                builds = (self._graphiql, self._explorer, self._site)
                for build in [pool.submit(build, root) for build in builds]:
                    build.result()
        except subprocess.CalledProcessError as error:
            message = f"The pages could not be built; set {SKIP}=1 to go without them"
            raise RuntimeError(message) from error

    def _graphiql(self, root: Path) -> None:
        home = root / "gateway" / "graphiql"
        self._page("GraphiQL page", root, home, _files(home, GRAPHIQL))

    def _explorer(self, root: Path) -> None:
        home = root / "gateway" / "explorer"
        shared = _files(root / "gateway" / "graphiql", ("*.js", "*.svg"))
        sources = [*_files(home, EXPLORER), *shared, root / "schema.graphql"]
        self._page("Calls explorer", root, home, sources)

    def _page(self, name: str, root: Path, home: Path, sources: Iterable[Path]) -> None:
        if _is_fresh(home / "dist", sources):
            return
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None or _version(node) < OLDEST_NODE:
            self.app.display_warning(
                f"Built without the {name}: it needs npm and Node.js "
                + ".".join(map(str, OLDEST_NODE))
                + " or later."
            )
            return
        self.app.display_info(f"Building the {name}")
        _build_page(root, home, sources, npm)

    def _site(self, root: Path) -> None:
        if _documentation_is_fresh(root):
            return
        if find_spec("sphinx") is None:
            self.app.display_warning("Built without the documentation: it needs Sphinx.")
            return
        self.app.display_info("Building the documentation")
        program = [sys.executable, "-m", "gateway.documentation.build"]
        target = root / "gateway" / "documentation" / "dist"
        subprocess.run([*program, target], cwd=root, check=True)  # noqa: S603 - our own module


def _pages(root: Path) -> dict[str, str]:
    """The pages in Markdown, which assistants read, and where they are in the wheel."""
    return {
        str(page): f"gateway/documentation/pages/{page.relative_to(root / 'docs').as_posix()}"
        for page in (root / "docs").rglob("*.md")
        if "node_modules" not in page.parts
    }


def _documentation_is_fresh(root: Path) -> bool:
    home = root / "gateway" / "documentation"
    return _is_fresh(home / "dist", [*_files(home, DOCUMENTATION), *_files(root, PAGES)])


def _is_fresh(built: Path, sources: Iterable[Path]) -> bool:
    """Whether the built pages are there, and no older than any of their sources."""
    page = built / "index.html"
    return page.is_file() and page.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


def _files(home: Path, patterns: Iterable[str]) -> list[Path]:
    found = (path for pattern in patterns for path in home.glob(pattern))
    return [path for path in found if path.is_file() and NOT_SOURCES.isdisjoint(path.parts)]


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    return tuple(map(int, re.findall(r"\d+", said.stdout)))


def _build_page(root: Path, home: Path, sources: Iterable[Path], npm: str) -> None:
    """Build in a directory of its own: the checkout gets the result and no node_modules."""
    with tempfile.TemporaryDirectory() as work:
        for source in sources:
            copy = Path(work, source.relative_to(root))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
        page = Path(work, home.relative_to(root))
        for command in (["ci"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=page, check=True)  # noqa: S603 - found on PATH
        shutil.rmtree(home / "dist", ignore_errors=True)
        shutil.copytree(page / "dist", home / "dist")
