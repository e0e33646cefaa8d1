"""Classifies a response of Twilio for all layers: its outcome, code and `Retry-After`."""

import math
from codecs import BOM_UTF8
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from gateway.http_library import httpx
from gateway.insights.absence import Absence
from gateway.instrumentation import Outcome

PATIENCE = 30.0
"""Seconds for which Twilio may ask to be left alone; if it asks for more, it is asked after these.

Clients are told no more either. `Retry-After` may hold anything, and what is too large for their
timers, they take for no time at all.
"""


class NotSent(Exception):
    """The gateway itself held a request back: Twilio never saw it."""


class _ErrorBody(msgspec.Struct):
    code: int | None = None


def outcome(response: httpx.Response) -> Outcome:
    """How it went: REFUSED are wrong credentials, not a question that may not be asked."""
    match response.status_code:
        case 429:
            return Outcome.RATE_LIMITED
        case 401 if twilio_code(response) != Absence.NOT_ENABLED.value:
            return Outcome.REFUSED
        case 408:
            return Outcome.FAILED
        case status:
            return Outcome.FAILED if status >= 500 else Outcome.ANSWERED  # noqa: PLR2004 - servers


def json_in(response: httpx.Response) -> bytes:
    """The body of an answer, which may begin with a byte order mark (RFC 8259, section 8.1)."""
    return response.content.removeprefix(BOM_UTF8)


def twilio_code(response: httpx.Response) -> int | None:
    """Twilio's error code, if the body has one."""
    try:
        return msgspec.json.decode(json_in(response), type=_ErrorBody).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def request_id(response: httpx.Response) -> str | None:
    """What Twilio's support asks for."""
    value: str | None = response.headers.get("Twilio-Request-Id")
    return value


def concurrent_requests(response: httpx.Response) -> int | None:
    """How many requests of the account Twilio was serving at that moment, if it says so."""
    value: str = response.headers.get("Twilio-Concurrent-Requests", "")
    return int(value) if value.isdecimal() and len(value) < _DIGITS else None


def wait_of(response: httpx.Response) -> float | None:
    """Seconds that Twilio asks to wait, by `Retry-After`."""
    value: str | None = response.headers.get("Retry-After")
    return None if value is None else retry_after(value, datetime.now(UTC))


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait, from either form of `Retry-After`: seconds, or a date."""
    if (digits := value.strip()).isdecimal():
        return seconds if math.isfinite(seconds := float(digits)) else None
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


_DIGITS = 10
