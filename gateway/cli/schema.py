"""`gateway schema`: prints the schema, or compares it with a file."""

import difflib
import sys
from pathlib import Path

import click

from gateway.cli.command import Command


@click.command(
    cls=Command,
    examples=(
        ("gateway schema > schema.graphql", "write it down"),
        ("gateway schema --check schema.graphql", "see whether what is written down is still true"),
        ("gateway schema --federation", "what a supergraph is composed of"),
    ),
    statuses=("fine", "the file is different, or cannot be read", "wrong options"),
)
@click.option(
    "--check",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare the schema with a file instead of printing it.",
)
@click.option(
    "--federation", is_flag=True, help="The part of a supergraph (Apollo Federation 2) instead."
)
def schema(file: Path | None, *, federation: bool) -> int:
    """Print the GraphQL schema."""
    from gateway.schema.federation import subgraph_sdl
    from gateway.schema.operations import sdl

    text = subgraph_sdl() if federation else sdl()
    if file is not None:
        return _compare(
            text, file, "gateway schema --federation" if federation else "gateway schema"
        )
    print(text, end="")
    return 0


def _compare(text: str, file: Path, command: str) -> int:
    """Print how a file differs from the schema, and what to do about it."""
    try:
        written = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        print(f"gateway: {file} cannot be read: {reason}.", file=sys.stderr)
        return 1
    lines = list(
        difflib.unified_diff(
            written.splitlines(), text.splitlines(), str(file), "the schema", lineterm=""
        )
    )
    if not lines:
        return 0
    print("\n".join(lines))
    print(f"gateway: {file} is not the schema: run `{command} > {file}`.", file=sys.stderr)
    return 1
