"""Formats the help of commands, with examples and exit statuses, and their errors."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from gateway.config.load import value_of
from gateway.config.settings_table import Setting, accepted, table

F = TypeVar("F", bound=Callable[..., Any])

_SENTENCE = 200
"""Characters of a sentence at most."""


class Command(click.Command):
    """A command with `examples`, each with what it is for, and `statuses`, from 0 on."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        statuses: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._examples = examples
        self._statuses = statuses

    def get_short_help_str(self, limit: int = _SENTENCE) -> str:
        """The first sentence of the help, whole: a list of commands breaks its lines."""
        return super().get_short_help_str(max(limit, _SENTENCE))

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the end of the help."""
        statuses = [(str(status), text) for status, text in enumerate(self._statuses) if text]
        for title, rows in (("Examples", self._examples), ("Exit status", statuses)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=42)


class Group(Command, click.Group):
    """A command that has others, in the order in which they were added."""

    command_class = Command

    def list_commands(self, _: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)


class Accepted(click.ParamType[Any]):
    """The type of an option that accepts what a setting of the type `hint` does."""

    def __init__(self, name: str, hint: Any) -> None:
        self.name = name
        self._hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value that a text stands for."""
        if not isinstance(value, str):
            return value
        try:
            return value_of(value, self._hint)
        except msgspec.ValidationError:
            self.fail(f"is {value!r}: set it to {accepted(self._hint)}.", param, ctx)


def setting_option(option: str, metavar: str) -> Callable[[F], F]:
    """An option that comes before a setting: `--host` before `GATEWAY_HOST`."""
    row = _row(f"GATEWAY_{option.upper()}")
    text = f"{row.sentence}  [{row.name}; default: {row.default}]"
    return click.option(f"--{option}", type=Accepted(metavar, row.hint), metavar=metavar, help=text)


def _row(name: str) -> Setting:
    return next(row for row in table() if row.name == name)


def usage_mistake(error: click.UsageError) -> str:
    """What is wrong with a command line, and where to read more, in one line."""
    text = error.format_message()
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Option):
        text = f"{error.param.opts[0]} {error.message}"
    text = " ".join(text.split())
    text += "" if text.endswith((".", "?", "?)")) else "."
    path = error.ctx.command_path if error.ctx else "gateway"
    return f"{text} `{path} --help` tells more."
