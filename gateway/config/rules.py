"""Checks which settings require or exclude each other."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.config.extras import install, is_installed
from gateway.errors import WrongSettings

if TYPE_CHECKING:
    from gateway.config.settings import Settings


def contradictions(settings: "Settings") -> Iterator[str]:
    """What cannot hold together, in a line each: what is wrong, and the cure."""
    if settings.twilio_api_key and settings.twilio_api_secret is None:
        yield "TWILIO_API_SECRET is missing: set the secret of the key in TWILIO_API_KEY."
    named = settings.twilio_auth_token or settings.gateway_config
    if settings.gateway_webhook_url and not named:
        yield (
            "TWILIO_AUTH_TOKEN is missing: Twilio signs with it what it posts to "
            "GATEWAY_WEBHOOK_URL, also if an API key is set; set it, or unset GATEWAY_WEBHOOK_URL."
        )
    alone = settings.gateway_cache_url == "memory://"
    if settings.gateway_webhook_url and alone and settings.gateway_workers > 1:
        yield (
            "GATEWAY_CACHE_URL is memory://, and an event reaches one of the GATEWAY_WORKERS: "
            "set it to a Redis, that the others know of it too, or have one worker."
        )
    if settings.gateway_trusted_documents_only and settings.gateway_trusted_documents is None:
        yield (
            "GATEWAY_TRUSTED_DOCUMENTS is missing: set it to the manifest of the documents that "
            "may run, or unset GATEWAY_TRUSTED_DOCUMENTS_ONLY."
        )
    if settings.gateway_trusted_documents_only and settings.gateway_federation:
        yield (
            "GATEWAY_FEDERATION is true, and a router writes documents of its own: unset it, or "
            "GATEWAY_TRUSTED_DOCUMENTS_ONLY, and trust documents at the router instead."
        )
    if settings.gateway_warehouse_url is not None:
        yield from _warehouse(settings, settings.gateway_warehouse_url)
    yield from _open_doors(settings)
    yield from _plain_text(settings)
    if settings.twilio_api_secret and not settings.twilio_api_key:
        yield "TWILIO_API_KEY is missing: set the SID of the key that TWILIO_API_SECRET is of."


def _warehouse(settings: "Settings", url: str) -> Iterator[str]:
    if not is_installed("warehouse"):
        yield (
            "GATEWAY_WAREHOUSE_URL is set, and its engine is not installed: in a checkout, run "
            f"`{install('warehouse')}`, or unset the setting."
        )
    if settings.gateway_cache_key is None:
        yield (
            "GATEWAY_CACHE_KEY is missing: the warehouse encrypts personal data with it; set it to "
            "what `openssl rand -base64 32` prints, or unset GATEWAY_WAREHOUSE_URL."
        )
    if url.startswith("chdb:") and settings.gateway_workers > 1:
        yield (
            f"GATEWAY_WORKERS is {settings.gateway_workers}, and one process owns the folder of "
            "GATEWAY_WAREHOUSE_URL: set it to 1, or set that to a ClickHouse server "
            "(`clickhouse://user@host:8123/database`)."
        )


def _open_doors(settings: "Settings") -> Iterator[str]:
    """What would let people in who should not be, or keep those out who should."""
    jwt = (settings.gateway_jwks_url, settings.gateway_jwt_issuer, settings.gateway_jwt_audience)
    if any(jwt) and not all(jwt):
        yield (
            "GATEWAY_JWKS_URL, GATEWAY_JWT_ISSUER and GATEWAY_JWT_AUDIENCE go together: set all "
            "three, or none."
        )
    if settings.gateway_config is not None:
        if settings.gateway_auth == "none":
            yield (
                "GATEWAY_AUTH is 'none', and GATEWAY_CONFIG names viewers: remove one of the two."
            )
    elif settings.gateway_auth == "required":
        yield (
            "GATEWAY_AUTH is 'required', and there are no viewers: set GATEWAY_CONFIG to a file "
            "that names them."
        )
    elif settings.gateway_auth is None and not _is_loopback(settings.gateway_host):
        yield (
            f"GATEWAY_HOST is {settings.gateway_host!r}, from where others can reach every call: "
            "name viewers in GATEWAY_CONFIG, set it to 127.0.0.1, or say GATEWAY_AUTH=none if "
            "that is what you want."
        )


def _plain_text(settings: "Settings") -> Iterator[str]:
    """What would be read on its way, and could be exchanged there."""
    addresses = [
        ("GATEWAY_UPSTREAM_URL", settings.gateway_upstream_url),
        ("GATEWAY_JWKS_URL", settings.gateway_jwks_url or ""),
        *(("GATEWAY_CALLBACK_URLS", url) for url in settings.gateway_callback_urls or ()),
    ]
    for name, address in addresses:
        parts = urlsplit(address)
        if parts.scheme == "http" and not (
            settings.gateway_insecure_http or _is_loopback(parts.hostname or "")
        ):
            yield (
                f"{name} is http:// and its host is another machine, so others could read and "
                "change what is sent: set it to an https:// address, or say "
                "GATEWAY_INSECURE_HTTP=true if that is what you want."
            )


def refuse_for_the_demo(variables: Mapping[str, str]) -> None:
    """See that nothing is said that `gateway demo` cannot obey. Raises WrongSettings."""
    host, auth = variables.get("GATEWAY_HOST", "127.0.0.1"), variables.get("GATEWAY_AUTH")
    mistakes: list[str] = []
    if "GATEWAY_CONFIG" in variables:
        mistakes.append(
            "GATEWAY_CONFIG is set, and `gateway demo` has an account and a viewer of its own: "
            "unset it, or use `gateway serve`."
        )
    if "GATEWAY_WAREHOUSE_URL" in variables:
        mistakes.append(
            "GATEWAY_WAREHOUSE_URL is set, and `gateway demo` has a warehouse of its own, which "
            "ends with it: unset it, or use `gateway serve`."
        )
    if auth == "required":
        mistakes.append(
            "GATEWAY_AUTH is 'required', and everybody may see all of `gateway demo`: unset it, or "
            "use `gateway serve`."
        )
    if auth is None and not _is_loopback(host):
        mistakes.append(
            f"GATEWAY_HOST is {host!r}, from where others can reach `gateway demo`: set it to "
            "127.0.0.1, or say GATEWAY_AUTH=none if that is what you want."
        )
    if mistakes:
        raise WrongSettings(*mistakes)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
