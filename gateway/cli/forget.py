"""Deletes a call or a party from the shared cache and the warehouse: `gateway forget`."""

import asyncio
import sys

import click
import msgspec

from gateway.cache.tags import account_tag, tags_of_forgotten
from gateway.cli.command import Command
from gateway.cli.environment import environment_with, settings_of
from gateway.cli.warehouse import url_option
from gateway.config.file import Configuration, configuration_of
from gateway.config.settings import Settings
from gateway.errors import GatewayError, WrongSettings
from gateway.insights.party_names import NeitherCallNorParty, call_named, naming


@click.command(
    cls=Command,
    examples=(
        ("gateway forget CA0123456789abcdef0123456789abcdef", "one call"),
        ("gateway forget +14155550100", "all calls of a number"),
        ("gateway forget - < number.txt", "the same, without telling the list of processes"),
    ),
    statuses=(
        "it is removed",
        "the cache or the warehouse cannot be asked",
        "wrong settings or arguments",
    ),
)
@click.argument("wanted", metavar="CALL_SID|NUMBER")
@url_option
def forget(wanted: str, url: str) -> int:
    """Remove what the shared cache and the warehouse hold of a call or a party.

    A party is a number such as +14155550100, `client:name` or `sip:name@host`; `-` reads it from
    standard input. The cache is that of GATEWAY_CACHE_URL, the warehouse that of
    GATEWAY_WAREHOUSE_URL. A gateway that has a folder open as its warehouse is asked to forget.
    With GATEWAY_CACHE_TAGS, the last line has the tags by which a CDN purges the same.
    """
    variables = environment_with()
    settings = settings_of(variables)
    shared = settings.gateway_cache_url != "memory://"
    if not shared and settings.gateway_warehouse_url is None:
        return _failed(
            "GATEWAY_CACHE_URL is memory://, so nothing is shared that could be purged: restart "
            "the gateway, which forgets all, or set it to the Redis that the gateway uses."
        )
    wanted = (sys.stdin.readline() if wanted == "-" else wanted).removeprefix("\ufeff").strip()
    _check(wanted)
    status = _purge(settings, wanted) if shared else 0
    if settings.gateway_warehouse_url is not None:
        configuration = configuration_of(settings, variables)
        status = _forget_in_warehouse(settings, configuration, url, wanted) or status
    if settings.gateway_cache_tags is not None:
        tags = _tags(configuration_of(settings, variables), wanted)
        print(f"Tags to purge at the CDN: {' '.join(tags)}")
    return status


def _tags(configuration: Configuration, wanted: str) -> list[str]:
    """The tags of what a CDN may hold of it; of a party, nobody knows all calls."""
    accounts = [account.sid for account in configuration.accounts]
    if (sid := call_named(wanted)) is None:
        return [account_tag(account) for account in accounts]
    return tags_of_forgotten(accounts, [sid])


def _check(wanted: str) -> None:
    try:
        if call_named(wanted) is None:
            naming(wanted)
    except NeitherCallNorParty as error:
        raise WrongSettings(str(error)) from None


def _purge(settings: Settings, wanted: str) -> int:
    from gateway.cache.purge import purge

    try:
        purged = asyncio.run(purge(settings, wanted))
    except ConnectionError as error:
        return _failed(f"GATEWAY_CACHE_URL cannot be asked ({error}): nobody knows what is left.")
    print(f"{purged.removed} {'entry' if purged.removed == 1 else 'entries'} removed.")
    if purged.unreadable:
        print(f"Of these, {purged.unreadable} could be read by no key there is.")
    return 0


def _forget_in_warehouse(
    settings: Settings, configuration: Configuration, url: str, wanted: str
) -> int:
    from gateway.cli.warehouse_access import Failed, ask
    from gateway.server.warehouse_routes import PATH

    embedded = (settings.gateway_warehouse_url or "").startswith("chdb:")
    try:
        answer = ask(url, f"{PATH}/forget", wanted) if embedded else None
        if answer is not None:
            count = msgspec.json.decode(answer)["forgotten"]
        else:
            count = asyncio.run(_forgotten(settings, configuration, wanted))
    except (Failed, GatewayError) as problem:
        return _failed(f"The warehouse cannot be asked: {problem}")
    print(f"{count} {'call' if count == 1 else 'calls'} removed from the warehouse.")
    return 0


async def _forgotten(settings: Settings, configuration: Configuration, wanted: str) -> int:
    """Forget in a warehouse that is opened here, whichever account's it is."""
    from gateway.cli.warehouse_access import opened

    async with opened(settings, configuration) as call_service:
        assert call_service.warehouse is not None  # noqa: S101 - it was opened
        accounts = [account.sid for account in configuration.accounts]
        return sum([await call_service.warehouse.forget(wanted, account) for account in accounts])


def _failed(problem: str) -> int:
    print(f"gateway: {problem}", file=sys.stderr)
    return 1
