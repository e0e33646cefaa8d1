"""What a setting may be: each kind with its bounds, and in words what is accepted."""

from typing import Annotated

from msgspec import Meta


class Secret:
    """A text that no log, traceback or error message shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        """Stars."""
        return "Secret('**********')"

    __str__ = __repr__


AccountSid = Annotated[
    str, Meta(pattern="^AC[0-9a-fA-F]{32}$", title="`AC` and 32 hexadecimal digits")
]
Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://(\[[0-9a-fA-F:.]+\]|[^/?#@:\s\[\]]+)(:\d{1,5})?$",
        title="an address such as `https://host`",
    ),
]
WebhookUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$",
        title="an address such as `https://host/path`, without a query",
    ),
]
JwksUrl = Annotated[
    str,
    Meta(pattern=r"^https?://[^/?#@\s]+(/\S*)?$", title="an address such as `https://host/keys`"),
]
CacheUrl = Annotated[
    str,
    Meta(
        pattern=r"^(memory://|rediss?://\S+)$",
        title="`memory://`, or `redis://` or `rediss://` with `[user:password@]host[:port][/db]`",
    ),
]
Manifest = Annotated[str, Meta(title="the path of a manifest of Apollo or Relay")]
Seconds = Annotated[float, Meta(gt=0, le=86400, title="seconds above 0")]
Age = Annotated[float, Meta(ge=0, le=366 * 86400, title="seconds, 0 or more")]
Count = Annotated[int, Meta(ge=1, title="a whole number from 1")]
Port = Annotated[int, Meta(ge=0, le=65535, title="a port, 0 to 65535")]
