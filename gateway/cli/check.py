"""Examines what the settings name, and prints the findings: `gateway check`."""

import sys

import click

from gateway.cli.command import Command
from gateway.cli.environment import check_documents, environment_with, settings_of
from gateway.config.file import configuration_of


@click.command(
    cls=Command,
    examples=(("gateway check", "before the first start, and after each change of a setting"),),
    statuses=("all is fine", "something is wrong, and its line tells the cure", "wrong settings"),
)
def check() -> int:
    """Say whether settings and credentials are right.

    It examines all that the settings name: Twilio with the credentials of each account, the cache,
    the key set of JSON Web Tokens, the sink of Event Streams, trusted documents, and whether
    settings contradict each other. There is one line for each; what is wrong goes to standard
    error.
    """
    from gateway.cli.examination import examine

    variables = environment_with()
    settings = settings_of(variables)
    documents = check_documents(settings)
    findings = examine(settings, configuration_of(settings, variables), documents)
    for finding in findings:
        print(finding, file=sys.stderr if finding.state == "wrong" else sys.stdout)
    return 1 if any(finding.state == "wrong" for finding in findings) else 0
