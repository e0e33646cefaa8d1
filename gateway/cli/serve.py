"""`gateway serve`: the gateway over Twilio."""

import logging
import os

import click

from gateway.cli.command import Command, setting_option
from gateway.cli.environment import listen, said, settings_of
from gateway.configuration import configuration_of

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
    from gateway.server.running import run

    variables = said(host=host, port=port, workers=workers)
    settings = settings_of(variables)
    configuration_of(settings, variables)
    listening, address = listen(settings.gateway_host, settings.gateway_port)
    for name in ("host", "port", "workers"):
        os.environ[f"GATEWAY_{name.upper()}"] = str(getattr(settings, f"gateway_{name}"))
    logging.getLogger("gateway.server").info("Listening on %s", address)
    return run(FACTORY, listening, settings.gateway_workers)
