"""Checks which extras are installed, and refuses settings that need a missing one."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias

from gateway.errors import WrongSettings

if TYPE_CHECKING:
    from gateway.config.settings import Settings

Extra: TypeAlias = Literal["mcp", "otel", "warehouse"]

_MODULES = {"mcp": "mcp", "otel": "opentelemetry", "warehouse": "clickhouse_connect"}
"""A module of each, that nothing else brings."""


def is_installed(extra: Extra) -> bool:
    """Whether an extra is installed; nothing of it is imported."""
    return find_spec(_MODULES[extra]) is not None


def install(extra: Extra) -> str:
    """The command that installs an extra in the directory of a checkout: no registry has one."""
    return f"pip install '.[{extra}]'"


def check_extras(settings: "Settings") -> None:
    """See that the SDK of the Model Context Protocol is there, if it is on.

    Raises WrongSettings. Without the extra `warehouse` the gateway starts, and answers all else.
    """
    if settings.gateway_mcp and not is_installed("mcp"):
        raise WrongSettings(
            "GATEWAY_MCP is true, and its extra is not installed: in a checkout, run "
            f"`{install('mcp')}`, or unset the setting."
        )
