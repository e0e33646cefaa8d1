"""Defines the command `gateway`; each file of this folder is one of its subcommands."""

import sys
from collections.abc import Sequence

import click

from gateway import __version__
from gateway.cli.check import check
from gateway.cli.command import Group, usage_mistake
from gateway.cli.completion import completion
from gateway.cli.demo import demo
from gateway.cli.export import export
from gateway.cli.forget import forget
from gateway.cli.mcp import mcp
from gateway.cli.sandbox import sandbox
from gateway.cli.schema import schema
from gateway.cli.serve import serve
from gateway.cli.warehouse import warehouse
from gateway.errors import WrongSettings

INTERRUPTED = 130
"""What shells give a program that SIGINT ended: 128 and the number of the signal."""


@click.group(
    "gateway",
    cls=Group,
    invoke_without_command=True,
    examples=(
        ("gateway demo", "look around: no account, no settings, no network"),
        ("gateway check", "see whether the settings are right"),
        ("gateway serve", "run the gateway over Twilio"),
    ),
    statuses=("fine", "something was found to be wrong", "wrong settings, options or arguments"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="gateway", message="%(prog)s %(version)s")
@click.pass_context
def root(context: click.Context) -> None:
    """A GraphQL gateway over Twilio's Voice Insights Call Summary API.

    Settings are environment variables, or stand in a file `.env` in the directory where the gateway
    starts. `gateway COMMAND --help` tells the options of a command, with defaults and examples.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


for _command in (demo, serve, mcp, sandbox, schema, check, export, forget, warehouse, completion):
    root.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status: 2 for wrong settings, 1 for a failed check."""
    try:
        status: int | None = root.main(arguments, "gateway", standalone_mode=False)
    except WrongSettings as error:
        return _refused(*error.mistakes)
    except click.UsageError as error:
        return _refused(usage_mistake(error))
    except click.Abort:
        return INTERRUPTED
    return status or 0


def _refused(*mistakes: str) -> int:
    for mistake in mistakes:
        print(f"gateway: {mistake}", file=sys.stderr)
    return 2
