"""Examines what the settings name, in the way the gateway uses it: one file for each dependency.

All is asked at once. Nothing is changed, but for a key in Redis that ends after seconds.
"""

import asyncio
from collections.abc import Coroutine, Iterator

from gateway.cli.examination.cache import examine_cache
from gateway.cli.examination.finding import Finding
from gateway.cli.examination.key_set import examine_key_set
from gateway.cli.examination.sink import examine_sink
from gateway.cli.examination.upstream import examine_upstream
from gateway.cli.examination.warehouse import examine_warehouse
from gateway.cli.start_lines import counted, viewers_line
from gateway.config.effects import ineffective
from gateway.config.file import Configuration
from gateway.config.settings import Settings
from gateway.server.webhook import signer_of


def examine(settings: Settings, configuration: Configuration, documents: int) -> list[Finding]:
    """Everything that the settings name; `documents` is how many trusted ones there are."""

    async def asked() -> list[Finding]:
        return await asyncio.gather(*_questions(settings, configuration))

    return [*_settings(settings, configuration, documents), *asyncio.run(asked())]


def _settings(
    settings: Settings, configuration: Configuration, documents: int
) -> Iterator[Finding]:
    sids = [account.sid for account in configuration.accounts]
    mistakes = [*ineffective(settings, sids)]
    yield from (Finding("Settings", "wrong", mistake) for mistake in mistakes)
    if not mistakes:
        message = f"{counted(len(sids), 'account')}, asked at {settings.gateway_upstream_url}"
        yield Finding("Settings", "fine", message)
    yield Finding("Viewers", "fine", viewers_line(settings, configuration))
    if documents:
        yield Finding("Trusted documents", "fine", f"{counted(documents, 'document')}, all valid")


def _questions(
    settings: Settings, configuration: Configuration
) -> Iterator[Coroutine[None, None, Finding]]:
    for account in configuration.accounts:
        yield examine_upstream(settings, account, configuration.proofs.get(account.sid))
    yield examine_cache(settings)
    if settings.gateway_warehouse_url is not None:
        yield examine_warehouse(settings, settings.gateway_warehouse_url)
    if settings.gateway_jwks_url is not None:
        yield examine_key_set(settings, settings.gateway_jwks_url)
    for account in configuration.accounts:
        if (signer := signer_of(settings, account)) is not None:
            yield examine_sink(settings, account, signer)
