"""Refuses settings that need an extra of the package where it is not installed."""

from importlib.util import find_spec

from gateway.config.settings import Settings
from gateway.errors import WrongSettings


def check_extras(settings: Settings) -> None:
    """See that the SDK of the Model Context Protocol is there, if it is on.

    Raises WrongSettings. Without the extra `warehouse` the gateway starts, and answers all else.
    """
    if settings.gateway_mcp and find_spec("mcp") is None:
        raise WrongSettings(
            "GATEWAY_MCP is true, and its extra is not installed: "
            "pip install 'call-insights-gateway[mcp]', or unset it."
        )
