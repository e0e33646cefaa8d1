"""Deletes the entries of a call or a party from the shared cache: `gateway forget`."""

import asyncio
import sys

import click

from gateway.cli.command import Command
from gateway.cli.environment import said, settings_of
from gateway.config.settings import Settings
from gateway.errors import WrongSettings


@click.command(
    cls=Command,
    examples=(
        ("gateway forget CA0123456789abcdef0123456789abcdef", "one call"),
        ("gateway forget +14155550100", "all calls of a number"),
        ("gateway forget - < number.txt", "the same, without telling the list of processes"),
    ),
    statuses=("it is removed", "the cache cannot be asked", "wrong settings or arguments"),
)
@click.argument("wanted", metavar="CALL_SID|NUMBER")
def forget(wanted: str) -> int:
    """Remove what the shared cache holds of a call or a party.

    A party is a number such as +14155550100, `client:name` or `sip:name@host`; `-` reads it from
    standard input. The cache is that of GATEWAY_CACHE_URL.
    """
    settings = settings_of(said())
    if settings.gateway_cache_url == "memory://":
        return _failed(
            "GATEWAY_CACHE_URL is memory://, so nothing is shared that could be purged: restart "
            "the gateway, which forgets all, or set it to the Redis that the gateway uses."
        )
    return _purge(settings, sys.stdin.readline() if wanted == "-" else wanted)


def _purge(settings: Settings, wanted: str) -> int:
    from gateway.cache.purge import NeitherCallNorParty, purge

    try:
        purged = asyncio.run(purge(settings, wanted.removeprefix("\ufeff").strip()))
    except NeitherCallNorParty:
        raise WrongSettings(
            "That is neither a call nor a party: give `CA` and 32 hexadecimal digits, a "
            "number such as +14155550100, `client:name` or `sip:name@host`."
        ) from None
    except ConnectionError as error:
        return _failed(f"GATEWAY_CACHE_URL cannot be asked ({error}): nobody knows what is left.")
    print(f"{purged.removed} {'entry' if purged.removed == 1 else 'entries'} removed.")
    if purged.unreadable:
        print(f"Of these, {purged.unreadable} could be read by no key there is.")
    return 0


def _failed(problem: str) -> int:
    print(f"gateway: {problem}", file=sys.stderr)
    return 1
