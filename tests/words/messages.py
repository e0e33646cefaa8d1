"""The sentences that the program says, as Markdown: a paragraph for each."""

import ast
from collections.abc import Iterator
from pathlib import Path

from gateway.cli import root
from gateway.config.settings_table import table
from gateway.schema.operations import build_schema
from tests.write_docs import ROOT

LOGS = {"debug", "info", "warning", "error", "exception", "critical"}


def of_the_schema() -> Iterator[str]:
    """Descriptions of types, fields, arguments and values."""
    for name, kind in build_schema().type_map.items():
        if not name.startswith("__") and kind.ast_node is None:
            yield kind.description or ""
            for part in [
                *getattr(kind, "fields", {}).values(),
                *getattr(kind, "values", {}).values(),
            ]:
                yield part.description or ""
                yield part.deprecation_reason or ""
                for argument in getattr(part, "args", {}).values():
                    yield argument.description or ""


def of_the_settings() -> Iterator[str]:
    """What each setting does, and accepts."""
    for row in table():
        yield row.sentence
        yield row.accepted


def of_the_commands() -> Iterator[str]:
    """The help of each command and option."""
    for command in root.commands.values():
        yield command.help or ""
        for parameter in command.params:
            yield getattr(parameter, "help", None) or ""


def of_errors_and_logs() -> Iterator[str]:
    """What an exception is raised with, and what is logged."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if {"dist", "sandbox"}.isdisjoint(path.parts):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _speaks(node):
                    yield from (text for argument in node.args if " " in (text := _text(argument)))
                elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    yield from (text for one in node.exc.args if " " in (text := _text(one)))


def _speaks(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in LOGS


def _text(node: ast.expr) -> str:
    """A string as it is written down; a value in it is one word of code."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "`value`" for part in node.values)
    return ""


SOURCES = {
    "schema": of_the_schema,
    "settings": of_the_settings,
    "commands": of_the_commands,
    "errors": of_errors_and_logs,
}


def write(target: Path) -> list[Path]:
    """One Markdown file for each source."""
    written = []
    for name, messages in SOURCES.items():
        path = target / f"{name}.md"
        path.write_text("\n\n".join(dict.fromkeys(filter(None, messages()))) + "\n", "utf-8")
        written.append(path)
    return written
