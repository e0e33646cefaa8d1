"""Reports the state of the warehouse and fills its window: `gateway warehouse`."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.cli.command import Accepted, Command, Group
from gateway.cli.environment import environment_with, settings_of
from gateway.config.file import Configuration, configuration_of
from gateway.config.kinds import Days
from gateway.config.settings import Settings

if TYPE_CHECKING:
    from gateway.calls.warehouse_status import AccountStatus, WarehouseStatus

F = TypeVar("F", bound=Callable[..., Any])

_STATUSES = ("fine", "the warehouse cannot be asked", "wrong settings or options")
_LOOK_EVERY = 1.0
"""Seconds between two looks at how far a gateway has come."""


def url_option(command: F) -> F:
    """`--url`, of the gateway that runs."""
    return click.option(
        "--url",
        metavar="URL",
        default="http://127.0.0.1:8000",
        show_default=True,
        help="The gateway that has the warehouse open, if one runs; its token is GATEWAY_TOKEN.",
    )(command)


@click.group(
    "warehouse",
    cls=Group,
    examples=(
        ("gateway warehouse status", "what it holds, and what is missing"),
        ("gateway warehouse backfill --days 7", "fill the last week now"),
    ),
    statuses=_STATUSES,
)
def warehouse() -> None:
    """See how the warehouse stands, and fill it."""


@warehouse.command(
    cls=Command,
    examples=(("gateway warehouse status", "of the gateway that runs here, or of the folder"),),
    statuses=_STATUSES,
)
@url_option
def status(url: str) -> int:
    """Say what the warehouse holds, how current it is, and what fails."""
    return _followed(url, _print_standing)


@warehouse.command(
    cls=Command,
    examples=(
        ("gateway warehouse backfill", "the whole window"),
        ("gateway warehouse backfill --days 1", "yesterday and today"),
    ),
    statuses=_STATUSES,
)
@click.option(
    "--days",
    type=Accepted("NUMBER", Days),
    default=30,
    show_default=True,
    help="How many days, back from now.",
)
@url_option
def backfill(days: int, url: str) -> int:
    """Fill the window now, and show how far it is.

    A gateway that runs fills it by itself; then this shows how far it has come. It may be
    interrupted, and goes on where it stopped.
    """
    return _followed(url, lambda standings: _filled(standings, days))


def _followed(url: str, show: Callable[[AsyncIterator["WarehouseStatus"]], Any]) -> int:
    """Show how the warehouse stands, from now on."""
    from gateway.cli.warehouse_access import Failed

    variables = environment_with()
    settings = settings_of(variables)
    if settings.gateway_warehouse_url is None:
        return _failed("GATEWAY_WAREHOUSE_URL is not set, so there is no warehouse.")
    configuration = configuration_of(settings, variables)

    async def shown() -> None:
        async with aclosing(_standings(settings, configuration, url)) as standings:
            await show(standings)

    try:
        asyncio.run(shown())
    except Failed as problem:
        return _failed(str(problem))
    return 0


async def _standings(
    settings: Settings, configuration: Configuration, url: str
) -> AsyncGenerator["WarehouseStatus", None]:
    """How it stands, again and again; where no gateway runs, it is kept up from here."""
    from gateway.calls.warehouse_status import standing
    from gateway.cli.warehouse_access import ask, opened, standing_of
    from gateway.server.warehouse_routes import PATH

    while (answer := await asyncio.to_thread(ask, url, PATH)) is not None:
        yield standing_of(answer)
        await asyncio.sleep(_LOOK_EVERY)
    async with opened(settings, configuration) as call_service:
        assert call_service.warehouse is not None  # noqa: S101 - it was opened
        assert call_service.synchroniser is not None  # noqa: S101
        while True:
            yield await standing(call_service.warehouse, call_service.synchroniser, time.time())
            await asyncio.sleep(min(await call_service.synchroniser.step(), _LOOK_EVERY))


async def _print_standing(standings: AsyncIterator["WarehouseStatus"]) -> None:
    one = await anext(standings)
    print(f"Calls     {one.calls:,}, {one.size / 2**20:,.1f} MiB on disk, {one.waiting:,} waiting")
    print(f"Window    since {_moment(one.since)}")
    print(f"Requests  {one.requests:,} sent, {one.requests_left:,} left in this minute")
    for account in one.accounts:
        print(f"Account   {_account(account)}")


def _account(one: "AccountStatus") -> str:
    spans = ", ".join(f"{_moment(start)} to {_moment(end)}" for start, end in one.spans)
    synced = f"listed {_moment(one.synced_at)}" if one.synced_at else "not listed yet"
    problem = f"; fails: {one.problem}" if one.problem else ""
    return f"{one.sid}: {spans or 'nothing yet'}; {synced}{problem}"


async def _filled(standings: AsyncIterator["WarehouseStatus"], days: int) -> None:
    """A progress bar, by the seconds of the window that are missing."""
    whole, began, first = 0.0, time.monotonic(), 0
    with click.progressbar(
        length=1000, label="Window", file=sys.stderr, item_show_func=lambda text: text
    ) as bar:
        async for one in standings:
            missing = one.missing(days)
            if not whole:
                whole, first = max(missing, 1.0), one.requests
            done = 1000 - round(1000 * min(1.0, missing / whole))
            bar.update(max(0, done - bar.pos), _progress(one, one.requests - first))
            if not missing:
                break
    print(f"{one.calls:,} calls, in {time.monotonic() - began:.0f} s.", file=sys.stderr)


def _progress(one: "WarehouseStatus", pages: int) -> Any:
    return f"{one.calls:,} calls, {pages:,} pages, {one.requests_left} requests left"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "minutes").replace("+00:00", " UTC")


def _failed(problem: str) -> int:
    print(f"gateway: {problem}", file=sys.stderr)
    return 1
