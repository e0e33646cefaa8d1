"""Selects the HTTP proxy for an address, by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

The variables mean what they mean to Twilio's own libraries, which leave them to requests. Loopback
addresses have no proxy, as in Go: https://pkg.go.dev/net/http#ProxyFromEnvironment.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Self

from msgspec import Struct

from gateway.config.settings import Settings


class Proxies(Struct, frozen=True):
    """The proxies for `https://` and `http://` addresses, and the hosts to reach without any."""

    https: str | None = None
    http: str | None = None
    direct: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read them from the settings."""
        return cls(
            settings.https_proxy or settings.all_proxy,
            settings.http_proxy or settings.all_proxy,
            settings.no_proxy or "",
        )

    def leading_to(self, scheme: str, host: str, port: int | None) -> str | None:
        """The address of the proxy by which to ask a host; None to ask directly."""
        proxy = self.https if scheme == "https" else self.http
        return None if proxy is None or self._is_direct(host, port) else proxy

    def _is_direct(self, host: str, port: int | None) -> bool:
        """Whether a host is this machine, or one of those that `direct` names."""
        named = [name for one in self.direct.split(",") if (name := one.strip().lower())]
        if host == "localhost" or "*" in named:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return any(_covers(name, host, port) for name in named)
        return address.is_loopback or any(_holds(name, address) for name in named)


def _covers(name: str, host: str, port: int | None) -> bool:
    """Whether a name of `NO_PROXY`, perhaps with a port, is that of a host or of a domain above."""
    domain, _, only = name.removeprefix("*").removeprefix(".").partition(":")
    return only in {"", str(port)} and f".{host.lower()}".endswith(f".{domain}")


def _holds(name: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether a name of `NO_PROXY` is an address, or a network with it."""
    try:
        return address in ip_network(name, strict=False)
    except ValueError:
        return False


DIRECT = Proxies()
"""All addresses are asked directly."""
