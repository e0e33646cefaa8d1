"""Completes commands, options and file names in a shell: `gateway completion`."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from gateway.cli.command import Command

SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    cls=Command,
    examples=(
        ('eval "$(gateway completion bash)"', "in ~/.bashrc"),
        ('eval "$(gateway completion zsh)"', "in ~/.zshrc, after compinit"),
        ("gateway completion fish > ~/.config/fish/completions/gateway.fish", "once, for fish"),
    ),
    statuses=("fine", "", "wrong arguments"),
)
@click.argument("shell", type=click.Choice([*SHELLS]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print what makes a shell complete commands and options."""
    root = context.find_root().command
    print(SHELLS[shell](root, {}, "gateway", "_GATEWAY_COMPLETE").source())
    return 0
