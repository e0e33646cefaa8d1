"""Reloads accounts and viewers from the configuration at SIGHUP.

At SIGHUP the configuration is read again. It is put in place whole and in one turn of the event
loop, or, with a mistake in it, not at all; requests under way go on as they began.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from gateway.calls.service import CallService
from gateway.config.accounts import Account
from gateway.config.file import Configuration
from gateway.config.settings import Settings
from gateway.errors import WrongSettings
from gateway.instrumentation import Hook
from gateway.server.access.authentication import Authenticator
from gateway.server.access.jwt import TokenVerifier
from gateway.server.signals import hangup_is_handled, is_main_thread
from gateway.server.webhook import Accept, EventSink, Signer, signer_of

logger = logging.getLogger("gateway.access")

Reread = Callable[[], Configuration]
"""Reads the configuration again; raises WrongSettings."""


class Access:
    """Everything that obeys a configuration, and obeys another after `replace`."""

    def __init__(
        self,
        configuration: Configuration,
        settings: Settings,
        call_service: CallService,
        verifier: TokenVerifier | None,
        hook: Hook,
    ) -> None:
        self._settings = settings
        self._call_service = call_service
        self.authenticator = Authenticator(configuration.grants, configuration.stranger, verifier)
        self.sink = EventSink(self._receivers(configuration.accounts), hook)

    def replace(self, configuration: Configuration) -> None:
        """Obey another configuration from now on."""
        accounts = configuration.accounts
        self.authenticator.replace(configuration.grants, configuration.stranger)
        self.sink.replace(self._receivers(accounts))
        pushed = events_are_on(self._settings, accounts)
        self._call_service.serve(configuration.realms, accounts, events_are_on=pushed)

    @contextmanager
    def reloading(self, reread: Reread | None) -> Iterator[None]:
        """Listen to SIGHUP inside the `with` block, where that is possible."""
        if reread is None or not is_main_thread() or not hasattr(signal, "SIGHUP"):
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._reload, reread)
        try:
            with hangup_is_handled():
                yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    def _reload(self, reread: Reread) -> None:
        try:
            configuration = reread()
        except WrongSettings as error:
            for mistake in error.mistakes:
                logger.error("Accounts and viewers are not reloaded: %s", mistake)  # noqa: TRY400 - each line says it all
            return
        self.replace(configuration)
        accounts = _counted(len(configuration.accounts), "account")
        viewers = _counted(len(configuration.grants), "viewer")
        logger.info("Accounts and viewers are reloaded: %s, %s.", accounts, viewers)

    def _receivers(self, accounts: Sequence[Account]) -> list[tuple[Signer, Accept]]:
        accept = self._call_service.events.accept
        signers = [(signer_of(self._settings, account), account) for account in accounts]
        return [(signer, partial(accept, account)) for signer, account in signers if signer]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def events_are_on(settings: Settings, accounts: Sequence[Account]) -> bool:
    """Whether Twilio pushes what is new, for all accounts."""
    return all(signer_of(settings, account) for account in accounts)
