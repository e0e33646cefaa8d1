"""`gateway check`: examines what the settings name."""

import sys

import click

from gateway.cli.command import Command
from gateway.cli.environment import said, settings_of
from gateway.configuration import configuration_of


@click.command(
    cls=Command,
    examples=(("gateway check", "before the first start, and after each change of a setting"),),
    statuses=("all is fine", "something is not, and a line says the cure", "wrong settings"),
)
def check() -> int:
    """Say whether settings and credentials are right."""
    from gateway.server.check import findings

    variables = said()
    settings = settings_of(variables)
    status = 0
    for line, is_fine in findings(settings, configuration_of(settings, variables)):
        print(line, file=sys.stdout if is_fine else sys.stderr)
        status = status if is_fine else 1
    return status
