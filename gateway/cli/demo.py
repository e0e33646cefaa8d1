"""Runs the sandbox, the gateway over it and GraphiQL on one port: `gateway demo`."""

import logging
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
import msgspec

from gateway.cli.command import Command, setting_option
from gateway.cli.environment import check_documents, environment_with, listen, settings_of
from gateway.cli.sandbox_options import post_by, world_options
from gateway.config.extras import install, is_installed
from gateway.config.kinds import CacheKeys
from gateway.config.rules import refuse_for_the_demo
from gateway.config.settings import Secret, Settings

if TYPE_CHECKING:
    from gateway.sandbox import Sandbox

MONTH = 20_000
"""Calls of the last month beside, for the warehouse: it is filled within a minute."""

BANNER = """
  Explorer   {address}/explorer/
  GraphiQL   {address}/
  GraphQL    {address}/graphql
  Docs       {address}/docs/

  Here a call ends every {often:g} s, and its summary is complete {late:g} s later: in GraphiQL, the
  tab WhatIsNew shows the latest calls, and FollowACall watches a summary until it is complete. One
  carrier is worse than all others, and BadCarrier helps to find it.

  Calls to try:"""


@click.command(
    cls=Command,
    examples=(
        ("gateway demo", "then open http://127.0.0.1:8000/"),
        ("gateway demo --port 8080", "if the port is taken"),
    ),
    statuses=("it was stopped", "", "wrong settings or options", "the server could not start"),
)
@setting_option("host", "ADDRESS")
@setting_option("port", "PORT")
@world_options(speed=10)
def demo(host: str | None, port: int | None, calls: int, seed: int, speed: float) -> int:
    """The gateway over an invented Twilio, with GraphiQL; needs no account."""
    from gateway.sandbox import Sandbox
    from gateway.server.run import run

    variables = environment_with(host=host, port=port)
    refuse_for_the_demo(variables)
    settings = settings_of(variables)
    check_documents(settings)
    listening, address = listen(settings.gateway_host, settings.gateway_port)
    month = MONTH if calls and is_installed("warehouse") else 0
    world = Sandbox(calls=calls, seed=seed, speed=speed, month=month)
    with _warehouse_for(settings) as settings:
        app = _gateway_over(world, settings, address)
        print(BANNER.format(address=address, often=world.often, late=world.late))
        print(*(f"    {kind:<16}{call}" for kind, call in world.examples().items()), sep="\n")
        if settings.gateway_warehouse_url is None:
            command = install("warehouse")
            print(f"\n  Search and statistics need the extra `warehouse`: {command}")
        print(flush=True)
        return run(app, listening)


@contextmanager
def _warehouse_for(settings: Settings) -> Iterator[Settings]:
    """The settings, with a warehouse in a folder that is removed at the end, and a key of its own.

    Without the extra `warehouse` there is none.
    """
    if not is_installed("warehouse"):
        yield settings
        return
    with TemporaryDirectory(prefix="gateway-demo-", ignore_cleanup_errors=True) as folder:
        yield msgspec.structs.replace(
            settings,
            gateway_warehouse_url=f"chdb://{folder}",
            gateway_cache_key=settings.gateway_cache_key or CacheKeys(_new_key()),
            gateway_workers=1,
        )


def _new_key() -> str:
    return b64encode(os.urandom(32)).decode("ascii")


def _gateway_over(world: "Sandbox", settings: Settings, address: str) -> object:
    """The gateway at an address, to which the sandbox pushes its events."""
    from gateway.config.accounts import Account
    from gateway.http_library import httpx
    from gateway.server.app import create_app
    from gateway.server.webhook import PATH

    sid, sink = world.account_sid, f"{address}{PATH}"
    app = create_app(
        msgspec.structs.replace(settings, gateway_webhook_url=sink),
        Account(sid, sid, Secret(world.auth_token)),
        transport=httpx.ASGITransport(app=world.app),
        examples=world.examples,
    )
    # One line a second for what it pushes to itself would soon scroll the addresses away.
    logging.getLogger("gateway.requests").addFilter(lambda line: PATH not in line.getMessage())
    return world.event_pusher(sink, post_by(httpx.ASGITransport(app=app))).beside(app)
