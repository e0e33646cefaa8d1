"""Prints the schema, or compares it with a file: `gateway schema`."""

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
        (
            "gateway schema --check released.graphql --usage http://127.0.0.1:8000/metrics",
            "see which clients a change breaks",
        ),
    ),
    statuses=(
        "fine",
        "the file is different, or cannot be read; with --usage, a client would break",
        "wrong options",
    ),
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
@click.option(
    "--usage",
    metavar="URL",
    help="With --check, list the clients that a change breaks. The address is `/metrics` of a "
    "gateway, or that of a Prometheus server, whose last 30 days count.",
)
def schema(file: Path | None, usage: str | None, *, federation: bool) -> int:
    """Print the GraphQL schema."""
    if usage is not None and file is None:
        raise click.UsageError("--usage needs --check: the schema that clients were built on.")
    from gateway.schema.federation import subgraph_sdl
    from gateway.schema.operations import sdl

    text = subgraph_sdl() if federation else sdl()
    if file is not None and usage is not None:
        return _break(text, file, usage)
    if file is not None:
        return _compare(
            text, file, "gateway schema --federation" if federation else "gateway schema"
        )
    print(text, end="")
    return 0


def _break(text: str, file: Path, url: str) -> int:
    """Print which changes since a file break clients, and which clients."""
    from graphql import GraphQLError, build_schema

    from gateway.cli.field_usage import NoUsage, usage_at
    from gateway.schema.language.breaking_changes import broken

    if (written := _written(file)) is None:
        return 1
    try:
        changes = [*broken(build_schema(written), build_schema(text), usage_at(url))]
    except NoUsage as problem:
        print(f"gateway: {problem}", file=sys.stderr)
        return 1
    except GraphQLError as error:
        print(f"gateway: {file} is no schema: {error.message}", file=sys.stderr)
        return 1
    for change in changes:
        clients = sorted(change.clients.items(), key=lambda one: -one[1])
        users = ", ".join(f"{client} ({number:,.0f} operations)" for client, number in clients)
        print(f"{change.description} Used by: {users or 'no client that was counted'}.")
    felt = sum(1 for change in changes if change.clients)
    print(f"{len(changes)} changes break clients that use them; {felt} are used.")
    return 1 if felt else 0


def _written(file: Path) -> str | None:
    """The text of a file; None if it cannot be read, and then the reason is printed."""
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        print(f"gateway: {file} cannot be read: {reason}.", file=sys.stderr)
        return None


def _compare(text: str, file: Path, command: str) -> int:
    """Print how a file differs from the schema, and what to do about it."""
    if (written := _written(file)) is None:
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
