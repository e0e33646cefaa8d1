"""Masks personal data for viewers without the scope `pii:read`.

What stays: the country and last two digits of a number, the first letter of a client's name, the
host of a SIP address, a location to the degree. What goes: addresses of machines, cities, devices
and what people wrote.
"""

import re
from hashlib import blake2b

from gateway.insights.catalogue import Pii

_DOTS = "•••"
_NUMBER = re.compile(r"(?:(whatsapp):)?(\+)(\d{1,15})", re.ASCII)
_PARAMETERS = re.compile(r"[;?,/]")
"""After these, a SIP address has what may be anything: parameters, and headers with names in them.
Where one stands before the host, nothing is known to be a host."""

_HOST_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9.-]+", re.ASCII)
_SHOWN_DIGITS, _LAST_DIGITS = 4, 2
_TOO_SHORT = 8


def mask(value: object, pii: Pii) -> object:
    """`value` as somebody without `pii:read` sees it; None where nothing of it can be shown."""
    if value is None or pii is Pii.NONE:
        return value
    if pii is Pii.IDENTITY and isinstance(value, str):
        return mask_identity(value)
    if pii is Pii.LOCATION and isinstance(value, float):
        return float(round(value))
    return None


def mask_identity(value: str) -> str:
    """`+14155550142` → `+1415•••••42`, `client:ana` → `client:a•••`, `sip:ana@h` → `sip:•••@h`."""
    if (number := _NUMBER.fullmatch(value)) is not None:
        digits = number[3]
        prefix = f"{number[1]}:" if number[1] else ""
        if len(digits) < _TOO_SHORT:
            return f"{prefix}+{_DOTS}"
        hidden = "•" * (len(digits) - _SHOWN_DIGITS - _LAST_DIGITS)
        return f"{prefix}+{digits[:_SHOWN_DIGITS]}{hidden}{digits[-_LAST_DIGITS:]}"
    scheme, colon, rest = value.partition(":")
    if colon and scheme in {"sip", "sips"}:
        _, at, host = _PARAMETERS.split(rest, maxsplit=1)[0].rpartition("@")
        return f"{scheme}:{_DOTS}@{_host(host)}" if at else f"{scheme}:{_DOTS}"
    if colon and scheme == "client":
        return f"client:{rest[:1] if len(rest) > 1 else ''}{_DOTS}"
    return _DOTS


def fingerprint(value: str | None, key: bytes) -> str | None:
    """A stable stand-in for `value`, by which calls of one party can be grouped (keyed hash)."""
    if value is None:
        return None
    return blake2b(value.encode(), key=key, digest_size=12).hexdigest()


def _host(host: str) -> str:
    """A host name; an IP address is the address of somebody's machine, and is not shown."""
    name = host.partition(":")[0]
    return name if _HOST_NAME.fullmatch(name) else _DOTS
