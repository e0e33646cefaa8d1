"""Reads the environment, a `.env` file and the options of a command, and opens the port."""

import os
import socket

from gateway.config.extras import check_extras
from gateway.config.load import ENV_FILE, merged, read
from gateway.config.settings import Settings
from gateway.errors import WrongSettings
from gateway.server.telemetry.logs import configure_logging


def environment_with(**options: object) -> dict[str, str]:
    """All variables; options that are given come first, each before `GATEWAY_` and its name."""
    given = {
        f"GATEWAY_{name.upper()}": str(value)
        for name, value in options.items()
        if value is not None
    }
    return merged({**os.environ, **given}, ENV_FILE)


def settings_of(variables: dict[str, str]) -> Settings:
    """The settings, checked, with the log set up as they say. Raises WrongSettings."""
    settings = read(variables)
    check_extras(settings)
    configure_logging(settings)
    return settings


def check_documents(settings: Settings) -> int:
    """Read the manifest before any worker does; gives how many documents it has.

    Raises WrongSettings.
    """
    if settings.gateway_trusted_documents is None:
        return 0
    from gateway.schema.documents.document import Documents
    from gateway.schema.documents.trusted_documents import trusted_documents
    from gateway.schema.operations import build_schema

    documents = Documents(build_schema(), introspection=settings.gateway_introspection)
    return len(trusted_documents(settings.gateway_trusted_documents, documents))


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """A socket that listens there, and its address; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host.strip("[]"), port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        raise WrongSettings(
            f"{host}:{port} cannot be listened on ({error}): choose another --host or --port."
        ) from error
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    return listening, f"http://{shown}:{listening.getsockname()[1]}"
