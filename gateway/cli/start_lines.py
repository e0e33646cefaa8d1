"""Prints at start which accounts, cache, viewers and endpoints the gateway serves."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from gateway.config.file import Configuration
from gateway.config.settings import Settings

_SHOWN = 3
"""So many accounts are named, and of others their number."""


def start_lines(settings: Settings, configuration: Configuration) -> Iterator[str]:
    """Cache, accounts, viewers, sink, and what is off."""
    yield f"Cache: {cache_line(settings)}."
    if settings.gateway_warehouse_url is not None:
        days = counted(settings.gateway_warehouse_days, "day")
        yield f"Warehouse: {place(settings.gateway_warehouse_url)}, encrypted, for {days}."
    accounts = _named([account.sid for account in configuration.accounts])
    yield f"Accounts: {accounts}, asked at {settings.gateway_upstream_url}."
    yield f"Viewers: {viewers_line(settings, configuration)}."
    sink = settings.gateway_webhook_url
    yield f"Sink of Event Streams: {sink or 'none, so calls are asked for in intervals'}."
    if off := [*_off(settings)]:
        yield f"Off: {', '.join(off)}."


def cache_line(settings: Settings) -> str:
    """Where summaries and pages are kept, without a password."""
    near = f"up to {settings.gateway_cache_max_bytes / 2**20:.0f} MiB in the memory of each process"
    if settings.gateway_cache_url == "memory://":
        return f"{near}, shared with none"
    sealed = "encrypted" if settings.gateway_cache_key else "not encrypted"
    return f"{place(settings.gateway_cache_url)}, {sealed}, and {near}"


def place(url: str) -> str:
    """An address without user, password and query."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def viewers_line(settings: Settings, configuration: Configuration) -> str:
    """How many there are, and how they are known."""
    if configuration.stranger is not None:
        return f"none, so whoever reaches {settings.gateway_host} reads every call"
    tokens = sum(1 for grant in configuration.grants if grant.token_sha256)
    claims = len(configuration.grants) - tokens
    return f"{len(configuration.grants)}, {tokens} by a bearer token, {claims} by JSON Web Token"


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _named(sids: Sequence[str]) -> str:
    shown = ", ".join(sids[:_SHOWN])
    more = len(sids) - _SHOWN
    return f"{len(sids)} ({shown}{f' and {more} more' if more > 0 else ''})"


def _off(settings: Settings) -> Iterator[str]:
    """What is not on, with the setting that says so."""
    parts = {
        "GraphiQL and documentation (GATEWAY_GRAPHIQL)": settings.gateway_graphiql,
        "Calls explorer (GATEWAY_EXPLORER)": settings.gateway_explorer,
        "introspection (GATEWAY_INTROSPECTION)": settings.gateway_introspection,
        "calls from pages of other origins (GATEWAY_CORS_ORIGINS)": settings.gateway_cors_origins,
        "trusted documents (GATEWAY_TRUSTED_DOCUMENTS)": settings.gateway_trusted_documents,
        "federation (GATEWAY_FEDERATION)": settings.gateway_federation,
        "compiled operations (GATEWAY_COMPILED)": settings.gateway_compiled,
    }
    yield from (line for line, is_on in parts.items() if not is_on)
