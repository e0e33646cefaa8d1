"""Adds an anchor and a link to each table row that begins with a name: an extension of Sphinx.

So settings, error codes, filters, metrics and parts of the schema have addresses of their own, and
the search leads to the row.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.util.typing import ExtensionMetadata

AFTER_PAGES = 2
"""Sphinx lists a row after the pages that have the words, unless they are the name of the row."""


class Rows(Domain):
    """The rows that the search finds by name."""

    name = "row"
    label = "Reference"  # the search shows it before "entry"
    object_types: ClassVar = {"row": ObjType("entry")}
    initial_data: ClassVar = {"rows": {}}

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """All rows, as Sphinx wants them: name, shown name, type, page, anchor, priority."""
        for page, names in self.data["rows"].items():
            for name in names:
                yield name, name, "row", page, name, AFTER_PAGES

    def clear_doc(self, docname: str) -> None:
        """Forget a page that is read anew."""
        self.data["rows"].pop(docname, None)

    def merge_domaindata(
        self, docnames: Iterable[str], otherdata: dict[str, dict[str, list[str]]]
    ) -> None:
        """Take over what another process read."""
        self.data["rows"] |= {page: otherdata["rows"][page] for page in docnames}


def name_rows(app: Sphinx, document: nodes.document) -> None:
    """Give rows their anchors, when a page has been read."""
    names: dict[str, None] = {}
    for row in document.findall(nodes.row):
        literal = _first_cell(row)
        name = literal.astext() if literal else ""
        if literal and name not in names and name not in document.ids:
            names[name] = None
            row["ids"].append(name)
            link = nodes.reference("", "¶", refid=name, classes=["headerlink"], internal=True)
            literal.parent.append(link)
    app.env.domaindata["row"]["rows"][app.env.docname] = [*names]


def _first_cell(row: nodes.row) -> nodes.literal | None:
    """The name that a row begins with, if its first cell is one word of code and nothing else."""
    cell, literal = row.next_node(nodes.entry), row.next_node(nodes.literal)
    if cell is None or literal is None or isinstance(row.parent, nodes.thead):
        return None
    text = cell.astext()
    return literal if text == literal.astext() and len(text.split()) == 1 else None


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register with Sphinx."""
    app.add_domain(Rows)
    app.connect("doctree-read", name_rows)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
