"""Maps statuses and exceptions to errors of the gateway; no other file does."""

import os
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from gateway.errors import (
    BadUserInput,
    DeadlineExceeded,
    GatewayError,
    UpstreamCredentials,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.http_library import httpx
from gateway.insights.absence import Absence
from gateway.insights.paging import Question
from gateway.instrumentation import Outcome
from gateway.upstream.circuit_breaker import CircuitOpen
from gateway.upstream.concurrency_limit import Overloaded
from gateway.upstream.responses import PATIENCE, NotSent, request_id, twilio_code, wait_of
from gateway.upstream.transport import BodyTooLarge

TRANSPORT_FAILURES = (
    httpx.HTTPError,
    aiohttp.ClientError,
    HttpProcessingError,
    BodyTooLarge,
    NotSent,
    TimeoutError,
    OSError,
    UnicodeError,
)
"""All that a transport raises when there is no answer; UnicodeError for a name of no host."""

_BROKEN = (
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
    HttpProcessingError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
)
"""Something came, and it was no whole HTTP answer."""


_TLS = (aiohttp.ClientSSLError, ssl.SSLError)
_NEVER_SENT = (
    NotSent,
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    httpx.ConnectError,
    httpx.ConnectTimeout,
)
_NEVER_DONE = (UpstreamRateLimited, UpstreamCredentials, UpstreamRejected)
"""By which it is certain that a write was not done: without a connection, or by refusal."""


def absence(response: httpx.Response) -> Absence | None:
    """The state that an error answer stands for, if it stands for one.

    17007 comes with HTTP 401 and still says nothing about credentials.
    """
    code = twilio_code(response)
    return Absence(code) if code in _ABSENCES else None


def failure_of_response(response: httpx.Response) -> UpstreamError:
    """The error that an answer with a status of 400 and above stands for."""
    code = twilio_code(response)
    kind, message = (
        _NOT_ENABLED if code == Absence.NOT_ENABLED.value else _kind(response.status_code)
    )
    asked = wait_of(response)
    return kind(
        message,
        twilio_code=code,
        request_id=request_id(response),
        retry_after=None if asked is None else min(asked, PATIENCE),
    )


def failure_of_list(response: httpx.Response, question: Question) -> GatewayError:
    """The same, of a list: a subaccount that Twilio does not show is the asker's mistake."""
    asked = "Subaccount" in dict(question.parameters)
    if asked and response.status_code == httpx.codes.FORBIDDEN:
        return BadUserInput(
            "filter.subaccount",
            "is no subaccount whose calls may be seen",
            "the SID of a subaccount of this account",
        )
    return failure_of_response(response)


def failure_of_settings(response: httpx.Response, sid: str, own: str) -> GatewayError:
    """The same, of the settings of an account that is another one than that of the credentials."""
    unknown = {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}
    if sid != own and response.status_code in unknown:
        return BadUserInput(
            "accounts.sids",
            "holds one that Twilio does not show",
            "SIDs of this account and of its subaccounts",
        )
    return failure_of_response(response)


def failure_of_exception(error: Exception) -> UpstreamError:
    """The error that an exception of the transport stands for."""
    if isinstance(error, NotSent):
        return _held_back(error)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return UpstreamTimeout("Twilio did not answer in time.")
    if isinstance(error, BodyTooLarge):
        return invalid("was too large")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return UpstreamUnavailable("Twilio could not be reached: the gateway's proxy refused.")
    if isinstance(error, _BROKEN):
        return invalid("was cut off or no HTTP")
    return UpstreamUnavailable("Twilio could not be reached.")


def reason_of_response(response: httpx.Response) -> str:
    """Why it is no answer, for operators."""
    code = twilio_code(response)
    detail = "" if code is None else f", Twilio's code {code}"
    return f"HTTP {response.status_code}{detail}"


def reason_of_exception(error: BaseException) -> str:
    """Why there is no answer, for operators: nothing of the address, the headers or the body."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {_of_system(error)}"
    if isinstance(error, _BROKEN):
        return "the answer is cut off, or no HTTP"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    return _of_system(error) if isinstance(error, OSError) else type(error).__name__


def _of_system(error: OSError) -> str:
    """What the operating system calls it, or OpenSSL."""
    if error.errno is not None and error.errno > 0 and not isinstance(error, _TLS):
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


def _held_back(why: NotSent) -> UpstreamError:
    """The error for a request that the gateway did not send."""
    if isinstance(why, Overloaded):
        return UpstreamRateLimited(
            "Too many questions wait for Twilio; ask again later.",
            retry_after=round(why.seconds, 1),
        )
    if isinstance(why, CircuitOpen):
        kind, message = (
            (UpstreamCredentials, _kind(401)[1])
            if why.because is Outcome.REFUSED
            else (UpstreamUnavailable, "Twilio failed again and again, and is left alone for now.")
        )
        return kind(message, retry_after=round(why.seconds, 1))
    return DeadlineExceeded()


def failure_of_write(failure: UpstreamError) -> UpstreamError:
    """The same failure, of a write: it says whether something was written, if that is known."""
    wrapped = failure.__cause__
    certain = isinstance(wrapped, _NEVER_SENT) or isinstance(failure, _NEVER_DONE)
    detail = "Nothing was written." if certain else _UNCERTAIN
    return type(failure)(
        f"{failure} {detail}",
        twilio_code=failure.twilio_code,
        request_id=failure.request_id,
        retry_after=failure.retry_after if certain else None,
        uncertain=not certain,
    )


def invalid(problem: str, response: httpx.Response | None = None) -> UpstreamInvalidResponse:
    """The error for an answer that cannot be what was asked for."""
    return UpstreamInvalidResponse(
        f"Twilio's answer {problem}.", request_id=request_id(response) if response else None
    )


_UNCERTAIN = (
    "It is not known whether Twilio wrote the annotation: read the call before writing again."
)

_ABSENCES = frozenset(state.value for state in Absence)


_NOT_ENABLED = (
    UpstreamRejected,
    "Twilio refused the question: Voice Insights Advanced Features are not on for this account.",
)


def _kind(status: int) -> tuple[type[UpstreamError], str]:
    match status:
        case 401 | 403:
            return UpstreamCredentials, (
                "Twilio refused the gateway's credentials; `gateway check` tells its operator why."
            )
        case 429:
            return UpstreamRateLimited, "Twilio has too many requests; ask again later."
        case 408 | 504:
            return UpstreamTimeout, "Twilio did not answer in time."
        case _ if status >= 500:  # noqa: PLR2004 - the class of server errors
            return UpstreamUnavailable, f"Twilio failed (HTTP {status})."
        case _:
            return UpstreamRejected, f"Twilio refused the question (HTTP {status})."
