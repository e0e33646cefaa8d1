"""Defines the kinds of settings: type, bounds, and a text of what is accepted."""

import binascii
import re
from base64 import b64decode
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

from msgspec import Meta, ValidationError

_CALLBACK_URL = re.compile(
    r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"
    r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~-]+)*/?"
)
_HOST = re.compile(r"([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")


class Secret:
    """A text that no log, traceback or error message shows."""

    __slots__ = ("_value",)

    accepted: ClassVar[str] = "a text"

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        """Stars."""
        return "Secret('**********')"

    __str__ = __repr__


class CacheKeys(Secret):
    """Keys of 32 bytes, in base64 and parted by commas; the first is the one in use."""

    __slots__ = ("keys",)

    accepted = (
        "32 bytes in base64, as `openssl rand -base64 32` makes them; or several such keys, "
        "parted by commas"
    )

    def __init__(self, value: str) -> None:
        """Raises ValidationError, which says nothing of the value."""
        super().__init__(value)
        try:
            self.keys = tuple(b64decode(key.strip(), validate=True) for key in value.split(","))
        except (binascii.Error, ValueError):
            raise ValidationError("a key is no base64") from None
        if {len(key) for key in self.keys} != {32}:
            raise ValidationError("a key has not 32 bytes")


class Networks(tuple[IPv4Network | IPv6Network, ...]):
    """Networks, parted by commas; an address is one of its own."""

    __slots__ = ()

    accepted: ClassVar[str] = (
        "addresses such as `10.0.0.7` or `10.0.0.0/8`, with commas between them"
    )

    def __new__(cls, text: str) -> Self:
        """Raises ValidationError."""
        try:
            return super().__new__(
                cls, (ip_network(p.strip(), strict=False) for p in text.split(","))
            )
        except ValueError:
            raise ValidationError("there is no such network") from None


class CallbackUrls(tuple[str, ...]):
    """Addresses, parted by commas, below which callbacks go.

    They are compared as they are written, so nothing in one may be read in two ways: there is no
    user, no query, no escape and no segment of dots.
    """

    __slots__ = ()

    accepted: ClassVar[str] = (
        "addresses such as `https://router.example/callback`, with commas between them"
    )

    def __new__(cls, text: str) -> Self:
        """Raises ValidationError."""
        urls = [one.strip().rstrip("/") for one in text.split(",")]
        for url in urls:
            if not _CALLBACK_URL.fullmatch(url):
                raise ValidationError("there is no such callback address")
            check_address(url)
        return super().__new__(cls, urls)

    def allow(self, url: str) -> bool:
        """Whether an address is one of them, or below one."""
        plain = _CALLBACK_URL.fullmatch(url) is not None
        return plain and any(url == one or url.startswith(f"{one}/") for one in self)


class McpTools(frozenset[str]):
    """Names of tools, parted by commas."""

    __slots__ = ()

    names: ClassVar[tuple[str, ...]] = ("annotate_call", "introspect", "validate", "execute")
    accepted: ClassVar[str] = ", ".join(f"`{name}`" for name in names) + ", with commas between"

    def __new__(cls, text: str) -> Self:
        """Raises ValidationError."""
        named = {name.strip() for name in text.split(",")}
        if not named <= {*cls.names}:
            raise ValidationError("there is no such tool")
        return super().__new__(cls, named)


class Confidential(str):
    """An address that may hold a password; its repr shows the scheme alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Stars, but for the scheme."""
        return f"'{self.partition('://')[0]}://**********'"


def check_address(url: str) -> None:
    """See that host and port of an address can be connected to. Raises ValidationError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "localhost", parts.port  # raises ValueError
        named = str(IPv6Address(host)) if ":" in host else _HOST.fullmatch(host)
    except ValueError:
        named = None
    if not named:
        raise ValidationError("there is no such address")


AccountSid = Annotated[
    str, Meta(pattern=r"^AC[0-9a-fA-F]{32}\Z", title="`AC` and 32 hexadecimal digits")
]
Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://(\[[0-9a-fA-F:.]+\]|[^/?#@:\s\[\]]+)(:\d{1,5})?\Z",
        title="an address such as `https://host`",
    ),
]
WebhookUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?\Z",
        title="an address such as `https://host/path`, without a query",
    ),
]
JwksUrl = Annotated[
    str,
    Meta(pattern=r"^https?://[^/?#@\s]+(/\S*)?\Z", title="an address such as `https://host/keys`"),
]
ProxyUrl = Annotated[
    str,
    Meta(
        pattern=r"^(https?://)?([^/?#@\s]+@)?(\[[0-9a-fA-F:.]+\]|[^/?#@:\s\[\]]+)(:\d{1,5})?/?\Z",
        title="an address such as `http://[user:password@]host:3128`",
    ),
]
CacheUrl = Annotated[
    str,
    Meta(
        pattern=r"^(memory://|rediss?://\S+)\Z",
        title="`memory://`, or `redis://` or `rediss://` with `[user:password@]host[:port][/db]`",
    ),
]
WarehouseUrl = Annotated[
    str,
    Meta(
        pattern=r"^(chdb:///[^/?#\s][^?#\s]*"
        r"|clickhouses?://([^/?#@:\s]+@)?(\[[0-9a-fA-F:.]+\]|[^/?#@:\s\[\]]+)(:\d{1,5})?"
        r"(/[^/?#\s]*)?)\Z",
        title="`chdb:///path`, or `clickhouse://` or `clickhouses://` with "
        "`[user@]host[:port][/database]`",
    ),
]
Origins = Annotated[
    str,
    Meta(
        pattern=r"^(https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?(\s*,\s*|\Z))+(?<!,)\Z",
        title="origins such as `https://app.example`, with commas between them; never `*`",
    ),
]
Manifest = Annotated[str, Meta(title="the path of a manifest of Apollo or Relay")]
Seconds = Annotated[float, Meta(gt=0, le=86400, title="seconds above 0")]
Age = Annotated[float, Meta(ge=0, le=366 * 86400, title="seconds, 0 or more")]
Count = Annotated[int, Meta(ge=1, title="a whole number from 1")]
Days = Annotated[int, Meta(ge=1, le=30, title="a whole number from 1 to 30")]
Port = Annotated[int, Meta(ge=0, le=65535, title="a port, 0 to 65535")]
Seed = Annotated[int, Meta(title="a whole number")]
Calls = Annotated[int, Meta(ge=0, title="a whole number, 0 or more")]
Speed = Annotated[float, Meta(ge=0.001, le=1e6, title="a number from 0.001 to 1,000,000")]
