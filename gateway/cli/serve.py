"""Serves the gateway over Twilio: `gateway serve`."""

import logging
import os

import click

from gateway.cli.command import Command, setting_option
from gateway.cli.environment import check_documents, environment_with, listen, settings_of
from gateway.cli.start_lines import start_lines
from gateway.config.effects import ineffective
from gateway.config.file import Configuration, configuration_of
from gateway.config.names import service_links
from gateway.config.settings import Settings
from gateway.server.signals import let_hangup_wait

logger = logging.getLogger("gateway.server")

FACTORY = "gateway.server.app:from_environment"


@click.command(
    cls=Command,
    examples=(
        ("gateway serve", "on http://127.0.0.1:8000/, for this machine alone"),
        ("gateway serve --port 0", "on a free port, which the log tells"),
        ("gateway serve --workers 4", "four processes behind one port"),
    ),
    statuses=("it was stopped", "", "wrong settings or options", "the server could not start"),
)
@setting_option("host", "ADDRESS")
@setting_option("port", "PORT")
@setting_option("workers", "NUMBER")
def serve(host: str | None, port: int | None, workers: int | None) -> int:
    """The gateway over Twilio.

    It needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or GATEWAY_CONFIG. `gateway check` examines
    them first. SIGTERM stops it once requests under way are answered; SIGHUP reads accounts and
    viewers again.
    """
    let_hangup_wait()
    from gateway.server.run import run

    variables = environment_with(host=host, port=port, workers=workers)
    settings = settings_of(variables)
    check_documents(settings)
    configuration = configuration_of(settings, variables)
    listening, address = listen(settings.gateway_host, settings.gateway_port)
    _log_start(settings, configuration)
    if links := service_links(variables):
        logger.info("Left aside, as Kubernetes sets them: %s.", ", ".join(sorted(links)))
    for name in ("host", "port", "workers"):
        os.environ[f"GATEWAY_{name.upper()}"] = str(getattr(settings, f"gateway_{name}"))
    logger.info("Listening on %s", address)
    return run(FACTORY, listening, settings.gateway_workers)


def _log_start(settings: Settings, configuration: Configuration) -> None:
    """What it serves with, and what of the settings has no effect."""
    for line in start_lines(settings, configuration):
        logger.info(line)
    for line in ineffective(settings, [account.sid for account in configuration.accounts]):
        logger.warning(line)
