import httpx
import pytest

from gateway.errors import UpstreamError
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.sandbox import Fault, Sandbox
from gateway.upstream.client import InsightsClient
from gateway.upstream.transport import BodyTooLarge
from tests.servers import served
from tests.upstream.conftest import (
    ACCOUNT,
    NOON,
    SID,
    Answering,
    account_of,
    answering,
    client_of,
    connected,
    raising,
    saying,
)

SCORE = {"CallScore": "4"}
NOTHING, NOBODY_KNOWS = (
    "Nothing was written.",
    "It is not known whether Twilio wrote the annotation",
)


async def failure_of(client: InsightsClient) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        await client.annotate(ACCOUNT, SID, SCORE)
    return raised.value


async def test_a_write_is_one_form_of_what_is_given() -> None:
    """Form-encoded, as Twilio wants it, an empty value included; the whole annotation is back."""
    twilio = answering(200, {"call_sid": SID, "call_score": None, "comment": "a & b"})
    answer = await client_of(twilio).annotate(ACCOUNT, SID, {"CallScore": "", "Comment": "a & b"})

    assert answer == b'{"call_sid": "%s", "call_score": null, "comment": "a & b"}' % SID.encode()
    (request,) = twilio.requests
    assert (request.method, request.url.path) == ("POST", f"/v1/Voice/{SID}/Annotation")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Authorization"] == ACCOUNT.authorization
    assert request.content == b"CallScore=&Comment=a+%26+b"


@pytest.mark.parametrize(
    ("example", "why"),
    [
        ("not_found", Absence.NOT_FOUND),
        ("expired", Absence.EXPIRED),
        ("not_enabled", Absence.NOT_ENABLED),
    ],
)
async def test_a_call_that_cannot_be_annotated_says_why(
    client: InsightsClient, sandbox: Sandbox, example: str, why: Absence
) -> None:
    """The same states as those of a summary that is not there."""
    sid = CallSid(sandbox.examples()[example])
    assert await client.annotate(account_of(sandbox), sid, SCORE) == Absent(sid, why, NOON)


@pytest.mark.parametrize(
    ("twilio", "retryable"),
    [
        (answering(429, {"code": 20429}, Retry_After="7"), True),
        (answering(401, {"code": 20003}), False),
        (answering(403, {"code": 17000}), False),
        (answering(400, {"code": 17400}), False),
        (answering(404, b"<h1>Not Found</h1>"), False),
        (raising(httpx.ConnectError("no route")), True),
        (raising(httpx.ConnectTimeout("no route")), True),
    ],
)
async def test_what_was_refused_or_never_sent_was_not_written(
    twilio: Answering,
    retryable: bool,  # noqa: FBT001
) -> None:
    """The error says so; where the question itself is good, it may be sent again."""
    failure = await failure_of(client_of(twilio))

    assert str(failure).endswith(NOTHING)
    assert not failure.uncertain
    assert failure.extensions["retryable"] is retryable
    assert len(twilio.requests) == 1


async def test_a_rate_limit_still_says_how_long_to_wait() -> None:
    """What Twilio names in `Retry-After` is kept, with its code and request id."""
    twilio = answering(429, {"code": 20429}, Retry_After="7", Twilio_Request_Id="RQ1")
    assert (await failure_of(client_of(twilio))).extensions == {
        "code": "UPSTREAM_RATE_LIMITED",
        "twilioCode": 20429,
        "requestId": "RQ1",
        "retryable": True,
        "retryAfterSeconds": 7,
    }


@pytest.mark.parametrize(
    ("twilio", "code"),
    [
        (answering(500, {"code": 17009}), "UPSTREAM_UNAVAILABLE"),
        (answering(503, {"code": 17008}, Retry_After="7"), "UPSTREAM_UNAVAILABLE"),
        (answering(504), "UPSTREAM_TIMEOUT"),
        (answering(408), "UPSTREAM_TIMEOUT"),
        (raising(TimeoutError()), "UPSTREAM_TIMEOUT"),
        (raising(httpx.ReadTimeout("")), "UPSTREAM_TIMEOUT"),
        (raising(httpx.WriteError("")), "UPSTREAM_UNAVAILABLE"),
        (raising(BodyTooLarge()), "UPSTREAM_INVALID_RESPONSE"),
        (answering(302, {}, Location="https://elsewhere.example/"), "UPSTREAM_INVALID_RESPONSE"),
        (answering(200, b"<h1>Bad Gateway</h1>"), "UPSTREAM_INVALID_RESPONSE"),
        (answering(200, b'{"call_sid": "CA'), "UPSTREAM_INVALID_RESPONSE"),
        (answering(200, [1]), "UPSTREAM_INVALID_RESPONSE"),
        (answering(200, {"call_sid": {"not": "text"}}), "UPSTREAM_INVALID_RESPONSE"),
        (answering(200, {"call_sid": f"CA{0:032x}"}), "UPSTREAM_INVALID_RESPONSE"),
        (answering(200, b'{"comment": "\xff"}'), "UPSTREAM_INVALID_RESPONSE"),
    ],
)
async def test_a_write_without_a_good_answer_is_uncertain(twilio: Answering, code: str) -> None:
    """Its code is that of a question, but it is not to be sent again unread; nor was it."""
    failure = await failure_of(client_of(twilio))

    assert NOBODY_KNOWS in str(failure)
    assert failure.uncertain
    assert failure.extensions["code"] == code
    assert failure.extensions["retryable"] is False
    assert failure.extensions["retryAfterSeconds"] is None
    assert len(twilio.requests) == 1


async def test_over_a_connection_that_was_refused_nothing_was_written() -> None:
    """Nobody listens there any more: the real transport tells it apart from a lost answer."""
    async with saying(b"") as address:
        pass
    async with connected(address) as client:
        failure = await failure_of(client)
    assert str(failure).endswith(NOTHING)


async def test_over_a_connection_that_was_lost_nobody_knows() -> None:
    """The server took the request and hung up without a word."""
    async with saying(b"") as address, connected(address) as client:
        failure = await failure_of(client)
    assert failure.uncertain


async def test_over_real_connections_a_write_is_sent_once() -> None:
    """An answer that breaks off in the middle makes nobody send again, though it was done."""
    sandbox = Sandbox(calls=0, clock=lambda: NOON, arrivals=False)
    sid = CallSid(sandbox.add({"call_type": "sip"}))
    sandbox.inject(Fault(kind="cut_off", times=1))
    async with served(sandbox.app, lifespan="off") as address, connected(address) as client:
        with pytest.raises(UpstreamError) as raised:
            await client.annotate(account_of(sandbox), sid, SCORE)
        assert raised.value.uncertain
        written = await client.annotation(account_of(sandbox), sid)
    assert isinstance(written, bytes)
    assert b'"call_score":4' in written
    assert [request.method for request in sandbox.requests] == ["POST", "GET"]
