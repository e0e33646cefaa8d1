"""The command `gateway`: demo, serve, sandbox, schema, check, forget."""

import argparse
import asyncio
import difflib
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from gateway import __version__
from gateway.configuration import configuration_of
from gateway.errors import WrongSettings
from gateway.logs import configure_logging
from gateway.setting_kinds import Calls, Speed, WebhookUrl
from gateway.setting_load import ENV_FILE, merged, read, value_of
from gateway.setting_rules import refuse_for_the_demo
from gateway.settings import Secret, Settings, accepted

DEMO = """
  GraphiQL   {address}/
  GraphQL    {address}/graphql
  Docs       {address}/docs/

  Here a call ends every {often:g} s, and its summary is complete {late:g} s later: in GraphiQL, the
  tab WhatIsNew shows the latest calls, and FollowACall watches a summary until it is complete. One
  carrier is worse than all others, and BadCarrier helps to find it.

  Calls to try:"""
FACTORY = "gateway.server.app:from_environment"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 2 for wrong settings, 1 for a failed check."""
    chosen = _parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
    except WrongSettings as error:
        for mistake in error.mistakes:
            print(f"gateway: {mistake}", file=sys.stderr)
        return 2
    return status


def demo(chosen: argparse.Namespace) -> int:
    """Run the sandbox, the gateway over it and GraphiQL in one process on one port."""
    from gateway.accounts import Account
    from gateway.sandbox import Sandbox
    from gateway.server.app import create_app
    from gateway.server.event_streams import PATH
    from gateway.server.running import run

    refuse_for_the_demo(_said(chosen))
    settings = _settings(chosen)
    listening, address = _listen(settings.gateway_host, settings.gateway_port)
    settings = msgspec.structs.replace(settings, gateway_webhook_url=f"{address}{PATH}")
    sandbox = Sandbox(calls=chosen.calls, seed=chosen.seed, speed=chosen.speed)
    sid = sandbox.account_sid
    app = create_app(
        settings,
        Account(sid, sid, Secret(sandbox.auth_token)),
        transport=httpx.ASGITransport(app=sandbox.app),
        examples=sandbox.examples,
    )
    print(DEMO.format(address=address, often=sandbox.often, late=sandbox.late))
    print(*(f"    {kind:<16}{call}" for kind, call in sandbox.examples().items()), sep="\n")
    print(flush=True)
    pusher = sandbox.event_pusher(f"{address}{PATH}", _post_by(httpx.ASGITransport(app=app)))
    # One line a second for what it pushes to itself would soon scroll the addresses away.
    logging.getLogger("gateway.requests").addFilter(lambda line: PATH not in line.getMessage())
    return run(pusher.beside(app), listening)


def serve(chosen: argparse.Namespace) -> int:
    """Run the gateway over Twilio."""
    from gateway.server.running import run

    settings = _settings(chosen)
    configuration_of(settings, _said(chosen))
    listening, address = _listen(settings.gateway_host, settings.gateway_port)
    for name in ("host", "port", "workers"):
        os.environ[f"GATEWAY_{name.upper()}"] = str(getattr(settings, f"gateway_{name}"))
    logging.getLogger("gateway.server").info("Listening on %s", address)
    return run(FACTORY, listening, settings.gateway_workers)


def sandbox(chosen: argparse.Namespace) -> int:
    """Run the stand-in for the Insights API alone."""
    from gateway.sandbox import Sandbox
    from gateway.server.running import run

    listening, address = _listen(chosen.host, chosen.port)
    world = Sandbox(calls=chosen.calls, seed=chosen.seed, speed=chosen.speed)
    print(
        f"\n  Insights API       {address}\n"
        f"  TWILIO_ACCOUNT_SID {world.account_sid}\n"
        f"  TWILIO_AUTH_TOKEN  {world.auth_token}\n"
        + (f"  GATEWAY_WEBHOOK_URL {chosen.sink}\n" if chosen.sink else ""),
        flush=True,
    )
    app = (
        world.event_pusher(chosen.sink, _post_by()).beside(world.app) if chosen.sink else world.app
    )
    return run(app, listening)


def schema(chosen: argparse.Namespace) -> int:
    """Print the schema, or compare it with a file."""
    from gateway.schema.federation import subgraph_sdl
    from gateway.schema.operations import sdl

    text = subgraph_sdl() if chosen.federation else sdl()
    if chosen.check is None:
        print(text, end="")
        return 0
    try:
        written = chosen.check.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        print(f"gateway: {chosen.check} cannot be read: {reason}.", file=sys.stderr)
        return 1
    difference = difflib.unified_diff(
        written.splitlines(), text.splitlines(), str(chosen.check), "the schema", lineterm=""
    )
    lines = list(difference)
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


def check(chosen: argparse.Namespace) -> int:
    """Read the settings, ask Twilio one cheap question, and say what is wrong."""
    from gateway.server.check import findings

    settings = _settings(chosen)
    status = 0
    for line, is_fine in findings(settings, configuration_of(settings, _said(chosen))):
        print(line, file=sys.stdout if is_fine else sys.stderr)
        status = status if is_fine else 1
    return status


def forget(chosen: argparse.Namespace) -> int:
    """Remove what the shared cache holds of a call or a party, which is not repeated."""
    from gateway.cache.purging import NeitherCallNorParty, purge

    settings = _settings(chosen)
    if settings.gateway_cache_url == "memory://":
        problem = (
            "GATEWAY_CACHE_URL is memory://, so nothing is shared that could be purged: restart "
            "the gateway, which forgets all, or set it to the Redis that the gateway uses."
        )
    else:
        wanted = sys.stdin.readline() if chosen.wanted == "-" else chosen.wanted
        try:
            purged = asyncio.run(purge(settings, wanted.removeprefix("\ufeff").strip()))
        except NeitherCallNorParty:
            raise WrongSettings(
                "That is neither a call nor a party: give `CA` and 32 hexadecimal digits, a "
                "number such as +14155550100, `client:name` or `sip:name@host`."
            ) from None
        except ConnectionError as error:
            problem = f"GATEWAY_CACHE_URL cannot be asked ({error}): nobody knows what is left."
        else:
            one = purged.removed == 1
            print(f"{purged.removed} {'entry' if one else 'entries'} removed.")
            if purged.unreadable:
                print(f"Of these, {purged.unreadable} could be read by no key there is.")
            return 0
    print(f"gateway: {problem}", file=sys.stderr)
    return 1


def _post_by(
    transport: httpx.AsyncBaseTransport | None = None,
) -> Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]:
    """A way for the sandbox to push events."""
    client = httpx.AsyncClient(transport=transport, timeout=5, trust_env=False)

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            return (await client.post(url, content=body, headers=headers)).status_code
        except httpx.TransportError:
            return 0

    return post


def _said(chosen: argparse.Namespace) -> dict[str, str]:
    """All that is said; options of the command line come first."""
    options = {
        f"GATEWAY_{name.upper()}": str(value)
        for name in ("host", "port", "workers")
        if (value := getattr(chosen, name, None)) is not None
    }
    return merged({**os.environ, **options}, ENV_FILE)


def _settings(chosen: argparse.Namespace) -> Settings:
    settings = read(_said(chosen))
    configure_logging(settings)
    if settings.gateway_trusted_documents is not None:
        _check_documents(settings)
    return settings


def _check_documents(settings: Settings) -> None:
    """Read the manifest before any worker does. Raises WrongSettings."""
    from gateway.schema.documents import Documents
    from gateway.schema.operations import build_schema
    from gateway.schema.trusted_documents import trusted_documents

    documents = Documents(build_schema(), introspection=settings.gateway_introspection)
    trusted_documents(settings.gateway_trusted_documents, documents)


def _listen(host: str, port: int) -> tuple[socket.socket, str]:
    """A socket that listens there, and its address; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host.strip("[]"), port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        raise WrongSettings(
            f"{host}:{port} cannot be listened on ({error}): choose another --host or --port."
        ) from error
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    return listening, f"http://{shown}:{listening.getsockname()[1]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "gateway", description="A GraphQL gateway over Twilio's Voice Insights Call Summary API."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], told: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=told, description=told)
        sub.set_defaults(run=run)
        return sub

    one = command("demo", demo, "Sandbox, gateway and GraphiQL in one process; needs no account.")
    _add_place(one)
    _add_world(one, speed=10)
    one = command("serve", serve, "The gateway over Twilio; settings come from the environment.")
    _add_place(one)
    one.add_argument("--workers", type=int, help="processes that share the port")
    one = command("sandbox", sandbox, "A stand-in for Twilio's Insights API.")
    _add_place(one)
    one.set_defaults(host="127.0.0.1", port=8001)
    one.add_argument(
        "--sink",
        type=_of(WebhookUrl),
        metavar="URL",
        help="push events there, signed, as Twilio does",
    )
    _add_world(one)
    one = command("schema", schema, "Print the GraphQL schema.")
    one.add_argument("--check", type=Path, metavar="FILE", help="compare it with a file instead")
    one.add_argument(
        "--federation", action="store_true", help="the part of a supergraph that the gateway is"
    )
    command("check", check, "Say whether settings and credentials are right.")
    one = command("forget", forget, "Remove what the shared cache holds of a call or a party.")
    one.add_argument(
        "wanted", metavar="CALL_SID|NUMBER", help="or client:name, sip:name@host; - reads a line"
    )
    return parser


def _of(hint: Any) -> Callable[[str], Any]:
    """What reads an option of this type."""

    def read_option(text: str) -> Any:
        try:
            return value_of(text, hint)
        except msgspec.ValidationError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {accepted(hint)}") from None

    return read_option


def _add_place(sub: argparse.ArgumentParser) -> None:
    """Where to listen."""
    sub.add_argument("--host", help="address to listen on")
    sub.add_argument("--port", type=int, help="port to listen on")


def _add_world(sub: argparse.ArgumentParser, speed: float = 1) -> None:
    """The knobs of a sandbox."""
    sub.add_argument("--calls", type=_of(Calls), default=3000, help="how many calls there are")
    sub.add_argument("--seed", type=int, default=7, help="which world")
    sub.add_argument("--speed", type=_of(Speed), default=speed, help="how fast summaries age")
