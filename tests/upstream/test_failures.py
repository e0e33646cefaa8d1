import inspect
from datetime import UTC, datetime

import aiohttp
import httpx
import pytest
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import structs

from gateway import errors
from gateway.insights.absence import Absence, Absent
from gateway.upstream.client import InsightsClient
from gateway.upstream.responses import retry_after
from gateway.upstream.transport import BodyTooLarge
from tests.upstream.conftest import (
    ACCOUNT,
    FIRST_PAGE,
    NOON,
    QUESTION,
    SID,
    answering,
    client_of,
    raising,
)

NOT_OF_A_CONNECTION = {
    httpx.InvalidURL,  # the address is checked when the settings are read
    httpx.CookieConflict,  # no cookies are kept
    *(httpx.StreamError, httpx.StreamConsumed, httpx.StreamClosed),  # mistakes in our own code
    *(httpx.ResponseNotRead, httpx.RequestNotRead, aiohttp.EofStream),
    *(aiohttp.WebSocketError, aiohttp.WSMessageTypeError),  # Twilio is asked over plain HTTP
}
ROOTS = (httpx.HTTPError, aiohttp.ClientError, HttpProcessingError, OSError, BodyTooLarge)
INVALID = (
    *(aiohttp.ClientPayloadError, aiohttp.ClientResponseError, HttpProcessingError),
    *(httpx.RemoteProtocolError, httpx.DecodingError, BodyTooLarge),
)
TIMEOUT = (TimeoutError, httpx.TimeoutException)


def family(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*(family(child) for child in root.__subclasses__()))


def foreign() -> list[type[Exception]]:
    """What the two HTTP libraries and the system raise; other libraries' are none of ours."""
    owners = ("httpx", "aiohttp", "builtins", "socket", "ssl", "gateway")
    found = set[type[Exception]]().union(*(family(root) for root in ROOTS))
    ours = {error for error in found if error.__module__.split(".")[0] in owners}
    return sorted(ours, key=lambda error: f"{error.__module__}.{error.__name__}")


@pytest.mark.parametrize("kind", foreign(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
async def test_every_error_of_a_connection_is_one_of_ours(kind: type[Exception]) -> None:
    """No client sees the name of a library, and no error is counted as a fault of the gateway."""
    raised = kind.__new__(kind)
    expected: type[errors.UpstreamError] = errors.UpstreamUnavailable
    if issubclass(kind, TIMEOUT):
        expected = errors.UpstreamTimeout
    elif issubclass(kind, INVALID) and kind is not aiohttp.ClientHttpProxyError:
        expected = errors.UpstreamInvalidResponse

    with pytest.raises(errors.UpstreamError) as caught:
        await client_of(raising(raised)).summary(ACCOUNT, SID, "complete")

    assert type(caught.value) is expected
    assert caught.value.retryable


@pytest.mark.parametrize("library", [httpx, aiohttp], ids=lambda library: library.__name__)
def test_no_exception_of_a_library_is_forgotten(library: object) -> None:
    """A new version of it with a new kind of exception fails here first."""
    exceptions = {
        value
        for name, value in inspect.getmembers(library, inspect.isclass)
        if issubclass(value, Exception) and not issubclass(value, Warning)
    }

    assert {error for error in exceptions if not issubclass(error, ROOTS)} <= NOT_OF_A_CONNECTION


STATUSES = (
    (400, 17400, errors.UpstreamRejected),
    (401, 20003, errors.UpstreamCredentials),
    (401, None, errors.UpstreamCredentials),
    (403, 17000, errors.UpstreamCredentials),
    (404, None, errors.UpstreamRejected),
    (405, 20004, errors.UpstreamRejected),
    (408, None, errors.UpstreamTimeout),
    (413, None, errors.UpstreamRejected),
    (429, 20429, errors.UpstreamRateLimited),
    (429, None, errors.UpstreamRateLimited),
    (500, 17009, errors.UpstreamUnavailable),
    (500, 17008, errors.UpstreamUnavailable),
    (502, None, errors.UpstreamUnavailable),
    (503, None, errors.UpstreamUnavailable),
    (504, None, errors.UpstreamTimeout),
    (599, None, errors.UpstreamUnavailable),
)


@pytest.mark.parametrize(("status", "code", "expected"), STATUSES)
@pytest.mark.parametrize("resource", ["summary", "page", "annotation"])
async def test_a_status_is_one_of_our_errors(
    status: int, code: int | None, expected: type[errors.UpstreamError], resource: str
) -> None:
    """With what a client needs: the code, Twilio's request id, whether and when to ask again."""
    body = b"<h1>oops +12025550143</h1>" if code is None else {"code": code, "message": "secret"}
    transport = answering(status, body, Twilio_Request_Id="RQ1", Retry_After="7")

    with pytest.raises(errors.UpstreamError) as caught:
        await ask(resource, client_of(transport))

    assert type(caught.value) is expected
    assert caught.value.extensions == {
        "code": expected.code,
        "twilioCode": code,
        "requestId": "RQ1",
        "retryable": expected.retryable,
        "retryAfterSeconds": 7.0,
    }
    assert not {"oops", "secret", "+1202"} & set(str(caught.value).split())


@pytest.mark.parametrize(
    ("asked", "told"),
    [("29", 29.0), ("31", 30.0), ("2200000", 30.0), ("Fri, 31 Dec 9999 23:59:59 GMT", 30.0)],
)
@pytest.mark.parametrize("status", [403, 429, 503])
async def test_nobody_is_told_to_wait_longer_than_the_gateway_waits(
    asked: str, told: float, status: int
) -> None:
    """Ours. RFC 9110, section 10.2.3, names no bound, and timers of JavaScript end at 2³¹ ms."""
    transport = answering(status, {"code": None}, Retry_After=asked)
    with pytest.raises(errors.UpstreamError) as caught:
        await ask("summary", client_of(transport))
    assert caught.value.extensions["retryAfterSeconds"] == told


async def ask(resource: str, client: InsightsClient) -> object:
    """Any of the questions."""
    match resource:
        case "page":
            return await client.page(ACCOUNT, QUESTION, FIRST_PAGE)
        case "annotation":
            return await client.annotation(ACCOUNT, SID)
        case _:
            return await client.summary(ACCOUNT, SID, "partial")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, Absence.NOT_READY),
        (404, Absence.NOT_FOUND),
        (404, Absence.EXPIRED),
        (401, Absence.NOT_ENABLED),
    ],
)
@pytest.mark.parametrize("resource", ["summary", "annotation"])
async def test_a_call_without_a_summary_is_a_state_and_no_failure(
    status: int, why: Absence, resource: str
) -> None:
    """17007 comes with the status of wrong credentials, which are not what is wrong."""
    transport = answering(status, {"code": why.value, "status": status})

    assert await ask(resource, client_of(transport)) == Absent(SID, why, NOON)


async def test_a_list_without_advanced_features_is_refused_and_credentials_are_not_blamed() -> None:
    """An operator who is told to look at credentials would look for hours."""
    with pytest.raises(errors.UpstreamRejected, match="Advanced Features") as caught:
        await ask("page", client_of(answering(401, {"code": 17007})))

    assert caught.value.twilio_code == 17007


@pytest.mark.parametrize(
    ("status", "expected"),
    [(403, errors.BadUserInput), (401, errors.UpstreamCredentials)],
)
async def test_who_asks_for_a_subaccount_that_is_not_shown_is_told_so(
    status: int, expected: type[errors.GatewayError]
) -> None:
    """Credentials that are wrong themselves come with another status."""
    question = structs.replace(QUESTION, parameters=(("Subaccount", "AC1"),))
    client = client_of(answering(status, {"code": 17000}))
    with pytest.raises(errors.GatewayError) as caught:
        await client.page(ACCOUNT, question, FIRST_PAGE)

    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("7\x1f", 7.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 -0000", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("9" * 400, None),
        ("Wed, 21 Oct 2026 07:28:30 +999999999999999999", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """RFC 9110 has both forms; what is neither was not said."""
    assert retry_after(value, datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b'{"code":"20404"}', b'{"code":', b"\xff", b"[" * 100_000, b"null"]
)
async def test_an_error_without_a_readable_code_goes_by_its_status(body: bytes) -> None:
    """Proxies answer for Twilio too, and not in its words."""
    with pytest.raises(errors.UpstreamUnavailable) as caught:
        await ask("summary", client_of(answering(503, body)))

    assert caught.value.twilio_code is None
