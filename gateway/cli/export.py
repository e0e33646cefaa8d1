"""Writes the rows of a query from a running gateway to a file: `gateway export`."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gateway.cli.command import Command
from gateway.config.names import TOKEN
from gateway.errors import WrongSettings

if TYPE_CHECKING:
    from gateway.http_library import httpx

_FORMATS = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_LONGEST_PAUSE = 120.0
"""Seconds that the gateway may take for a page."""


class _Failed(Exception):
    """The gateway gave no table; the message says why."""


@click.command(
    cls=Command,
    examples=(
        ("gateway export calls.graphql --format csv --out calls.csv", "all rows as CSV"),
        (
            'gateway export bad.graphql --format ndjson --out - --variables \'{"since": "1d"}\'',
            "to standard output",
        ),
    ),
    statuses=("all rows are written", "the gateway gave no table", "wrong options or arguments"),
)
@click.argument("query", metavar="QUERY.graphql", type=click.File(encoding="utf-8"))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(sorted(_FORMATS)),
    help="How the rows are written.",
)
@click.option("--out", required=True, metavar="FILE", help="Where to: `-` is standard output.")
@click.option("--variables", metavar="JSON", help="The variables of the query, as an object.")
@click.option(
    "--url",
    metavar="URL",
    default="http://127.0.0.1:8000/graphql",
    show_default=True,
    help="Where the gateway answers.",
)
def export(query: Any, form: str, out: str, variables: str | None, url: str) -> int:
    """Write the rows of the one connection in a query, to the last one.

    The query has one field, `calls` or `searchCalls`, and selects its `nodes`; `first` is the size
    of a page. The bearer token of the gateway is read from GATEWAY_TOKEN. A file that is there is
    whole: rows are written beside it until the last one came.
    """
    body = {"query": query.read(), "variables": _read(variables)}
    try:
        with _opened(out) as file:
            rows = _write(url, body, form, file)
    except _Failed as problem:
        print(f"gateway: {problem}", file=sys.stderr)
        return 1
    print(f"{rows} to {out}." if out != "-" else f"{rows}.", file=sys.stderr)
    return 0


def _read(variables: str | None) -> dict[str, Any] | None:
    if variables is None:
        return None
    try:
        return msgspec.json.decode(variables, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise WrongSettings("--variables is no JSON object: write '{\"name\": …}'.") from None


@contextlib.contextmanager
def _opened(out: str) -> Iterator[Any]:
    """What to write into: a file that takes its name once it is whole."""
    if out == "-":
        yield sys.stdout.buffer
        return
    whole, part = Path(out), Path(f"{out}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(whole)
    except OSError as error:
        raise WrongSettings(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _write(url: str, body: dict[str, Any], form: str, file: Any) -> str:
    """Write what the gateway answers; gives how much that was, in words."""
    from gateway.http_library import httpx

    token = os.environ.get(TOKEN)
    headers = {"Accept": _FORMATS[form], "Prefer": "count=exact"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with (
            httpx.Client(timeout=_LONGEST_PAUSE, follow_redirects=False) as client,
            client.stream("POST", url, json=body, headers=headers) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise _Failed(_reason(response))
            return _copy(response, form, file)
    except (httpx.RemoteProtocolError, httpx.ReadError):
        raise _Failed("the gateway broke off before the last row; nothing is kept.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _Failed(f"{url} cannot be asked ({error}): see --url.") from None


def _copy(response: "httpx.Response", form: str, file: Any) -> str:
    total = response.headers.get("total-count")
    lines = size = 0
    with click.progressbar(
        length=int(total or 0), label="Rows", file=sys.stderr, show_pos=True
    ) as bar:
        for some in response.iter_bytes():
            file.write(some)
            size += len(some)
            lines += some.count(b"\n")
            if form != "parquet":
                bar.update(some.count(b"\n"))
    rows = max(0, lines - (form == "csv"))
    return f"{size:,} bytes" if form == "parquet" else f"{rows:,} rows"


def _reason(response: "httpx.Response") -> str:
    """What the gateway says is wrong."""
    try:
        errors = msgspec.json.decode(response.read())["errors"]
        return " ".join(str(error["message"]) for error in errors)
    except (msgspec.MsgspecError, LookupError, TypeError):
        return (
            f"{response.url} answered with status {response.status_code}: set --url to the address "
            "of the gateway's GraphQL, which ends in /graphql."
        )
