"""Writes the documentation site: `python -m gateway.documentation.build TARGET`."""

import re
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

from sphinx.application import Sphinx

from gateway.documentation.sources import lay_out

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
UNSERVED = ("**/*.map", ".buildinfo", "objects.inv")
SHIPPED = ("sphinx", "furo", "sphinx-copybutton")  # parts of these are in the site
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
PROCESSES = 2


def build(target: Path, root: Path = ROOT) -> None:
    """Write the site of a repository.

    Args:
        target: the directory of the site; what it held before is gone.
        root: the repository.

    Raises:
        RuntimeError: Sphinx warned, of a dead link for instance; its words are on stderr.
    """
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        sources, trees = Path(work, "sources"), Path(work, "trees")
        lay_out(root, sources)
        sphinx = Sphinx(
            sources, HERE, target, trees, "html",
            status=None, warning=sys.stderr, warningiserror=True, parallel=PROCESSES,
        )  # fmt: skip
        sphinx.build()
    if sphinx.statuscode:
        raise RuntimeError("The documentation has mistakes; the lines above name them.")
    for pattern in UNSERVED:
        for path in target.glob(pattern):
            path.unlink()
    (target / "script-hashes.txt").write_text("\n".join(_hashes(target.rglob("*.html"))), "utf-8")
    (target / "licenses.txt").write_text(_licenses(), "utf-8")


def _hashes(pages: Iterable[Path]) -> list[str]:
    """What allows inline scripts to run: Furo applies the reader's theme with one."""
    texts = (page.read_text("utf-8") for page in pages)
    scripts = {script.encode() for text in texts for script in INLINE_SCRIPT.findall(text)}
    return sorted(f"sha256-{b64encode(sha256(script).digest()).decode()}" for script in scripts)


def _licenses() -> str:
    """The licences of what the site is made of."""
    texts = []
    for name in SHIPPED:
        found = distribution(name)
        files = [path for path in found.files or () if path.name.startswith("LICENSE")]
        texts += [f"{found.name} {found.version}\n", *(path.read_text() for path in files)]
    return "\n".join(texts)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
