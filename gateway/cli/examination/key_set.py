"""Fetches the key set that verifies JSON Web Tokens."""

from gateway.cli.examination.finding import REACHABLE, Finding
from gateway.cli.start_lines import counted, place
from gateway.config.settings import Settings
from gateway.server.access.jwt import key_set_in, key_set_of
from gateway.upstream.proxies import Proxies


async def examine_key_set(settings: Settings, url: str) -> Finding:
    """See whether it holds keys of use."""
    fetch = key_set_of(url, settings.gateway_upstream_timeout, Proxies.of(settings))
    try:
        number = len(key_set_in(await fetch()).keys)
    except OSError as error:
        cure = f"see whether GATEWAY_JWKS_URL {REACHABLE}"
        return Finding("JWKS", "wrong", f"{place(url)} cannot be read: {error}. Cure: {cure}")
    except ValueError as error:
        cure = "set GATEWAY_JWKS_URL to the `jwks_uri` that the issuer publishes."
        return Finding("JWKS", "wrong", f"{place(url)} is of no use: {error}. Cure: {cure}")
    return Finding("JWKS", "fine", f"{counted(number, 'key')} of use at {place(url)}")
