"""Lays out the Markdown pages, and the files that they link to, as Sphinx's source directory.

The pages stay as they are in the repository, where GitHub shows them. The site differs in its
places: `docs/` is its root, the README and the changelog stand beside it, and files from elsewhere
are below `files/`, from where readers download them.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, normpath, relpath

from gateway.documentation.code_blocks import labelled
from gateway.documentation.schema_reference import reference

PLACES = {
    "docs/README.md": "index.md",
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "docs/search.md": "searching.md",  # Sphinx writes its own search page over `search.html`
    "schema.graphql": "schema.md",  # readers get the reference, which links to the file
}
LINK = re.compile(r"(?P<block>^```.*?^```$)|\]\((?P<target>[^)\s]+)\)", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<page>[^)#:]+)\.md\)")
SECTION = re.compile(r"^## (?P<title>.+)\n(?P<body>(?:(?!## ).*\n?)*)", re.MULTILINE)


def place(path: str) -> str:
    """Where a file of the repository stands in the site; both are relative."""
    if path in PLACES:
        return PLACES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"files/{path}"


def lay_out(root: Path, target: Path) -> None:
    """Write the sources of the site.

    Args:
        root: the repository.
        target: an empty directory.

    Raises:
        FileNotFoundError: a page links to a file that does not exist.
    """
    pages = [root / "README.md", root / "CHANGELOG.md", *(root / "docs").rglob("*.md")]
    names = [p.relative_to(root).as_posix() for p in pages if "node_modules" not in p.parts]
    for name in names:
        text = (root / name).read_text("utf-8")
        _write(target / place(name), page(name, text))
        for file in set(linked(name, text)) - set(names) - PLACES.keys():
            _copy(root / file, target / place(file))
    _write(target / "schema.md", reference((root / "schema.graphql").read_text("utf-8")))
    _copy(root / "schema.graphql", target / "schema.graphql")


def page(name: str, text: str) -> str:
    """A page of the repository as Sphinx reads it: links and code blocks are those of the site."""
    top = "../" * place(name).count("/")
    moved = labelled(LINK.sub(lambda link: _moved(name, link), text), top)
    return moved + (contents(moved) if name == "docs/README.md" else "")


def contents(text: str) -> str:
    """The navigation: one hidden list of pages for each section of the first page."""
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {section['title']}\n\n{entries}\n```\n"
        for section in SECTION.finditer(text)
        if (entries := "\n".join(map(_entry, ENTRY.finditer(section["body"]))))
    )


def _entry(link: re.Match[str]) -> str:
    title = link["title"]
    return f"{title[0].upper()}{title[1:]} <{link['page']}>"


def linked(name: str, text: str) -> Iterator[str]:
    """The files of the repository that a page links to."""
    targets = (link["target"] for link in LINK.finditer(text))
    return (_resolved(name, target) for target in targets if target and not _is_outside(target))


def _moved(name: str, link: re.Match[str]) -> str:
    target = link["target"]
    if target is None or _is_outside(target):
        return link[0]
    anchor = "".join(target.partition("#")[1:])
    here = dirname(place(name)) or "."
    return f"]({relpath(place(_resolved(name, target)), here)}{anchor})"


def _resolved(name: str, target: str) -> str:
    return normpath(f"{dirname(name) or '.'}/{target.partition('#')[0]}")


def _is_outside(target: str) -> bool:
    return target.startswith(("https:", "http:", "#"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
