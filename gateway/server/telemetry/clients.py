"""Names the client of a request, from its headers or from `extensions`.

Apollo's clients send `apollographql-client-name` and `-version`, others `graphql-client-name` and
`-version`; Apollo Client 4 sends its own name in `extensions.clientLibrary`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.request_stats import Client
from gateway.server.telemetry.operation_names import shown_name

HEADERS = (
    ("apollographql-client-name", "apollographql-client-version"),
    ("graphql-client-name", "graphql-client-version"),
)
"""Those that come first count."""

_ODD = re.compile(r"[^\w.@/ +:-]", re.ASCII)


def client_of(headers: Mapping[str, str], extensions: object = None) -> Client | None:
    """The client that sent a request; None if it does not say."""
    for name, version in HEADERS:
        if value := headers.get(name):
            return _client(value, headers.get(version, ""))
    library = extensions.get("clientLibrary") if isinstance(extensions, dict) else None
    if isinstance(library, dict) and isinstance(library.get("name"), str):
        return _client(library["name"], _text(library.get("version")))
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=1024)
def _client(name: str, version: str) -> Client | None:
    """A client whose name and version can be labels: short, and without what may be a number."""
    shown = _shown(name)
    return Client(shown, _shown(version)) if shown else None


def _shown(text: str) -> str:
    return shown_name(_ODD.sub("", text[:200]).strip())
