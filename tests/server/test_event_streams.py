import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from gateway.accounts import Account, account_of
from gateway.errors import WrongSettings
from gateway.instrumentation import EventReceived, WebhookAnswered
from gateway.sandbox import Sandbox
from gateway.server.event_streams import MAX_BODY_BYTES, Signer, is_body, with_and_without_port
from gateway.settings import Secret, Settings, read
from tests.conftest import Clock, Gateway
from tests.event_streams import PATH, URL, cloud_event, push, signed

CALL = "CA" + "3c" * 16
EVENT = cloud_event("partial", {"call_sid": CALL, "processing_state": "partial"})
BODY = json.dumps([EVENT])
TOKEN = "0" * 31 + "1"
ACCOUNT_SID = "AC" + "5a" * 16


@pytest.fixture
def settings() -> Settings:
    return Settings(gateway_webhook_url=URL)


async def post(
    gateway: Gateway, query: str, signature: str | bytes | None, body: str | bytes = BODY
) -> httpx.Response:
    said = signature.encode() if isinstance(signature, str) else signature
    headers = {} if said is None else {b"X-Twilio-Signature": said}
    return await gateway.http.post(f"{PATH}?{query}", content=body, headers=headers)


def heard(gateway: Gateway) -> list[Any]:
    kinds = EventReceived | WebhookAnswered
    return [happening for happening in gateway.happenings if isinstance(happening, kinds)]


async def test_what_twilio_signed_is_taken_in(gateway: Gateway) -> None:
    """Answered with 200, counted, and nothing is asked of Twilio."""
    with gateway.upstream() as requests:
        answer = await push(gateway, EVENT)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert heard(gateway) == [
        EventReceived("partial", "kept", 7, None),
        WebhookAnswered("accepted"),
    ]
    assert requests == []


@pytest.mark.parametrize(
    ("configured", "requested"),
    [
        ("https://calls.example.com/events", "https://calls.example.com:443/events"),
        ("https://calls.example.com:443/events", "https://calls.example.com/events"),
        ("http://calls.example.com/events", "http://calls.example.com:80/events"),
        ("https://calls.example.com:8443/events", "https://calls.example.com:8443/events"),
        ("https://calls.example.com:8443/events", "https://calls.example.com/events"),
        ("https://calls.example.com", "https://calls.example.com:443"),
    ],
)
async def test_twilio_may_sign_the_url_with_its_port_or_with_none(
    sandbox: Sandbox, clock: Clock, configured: str, requested: str
) -> None:
    """It does both, and its own validator takes both."""
    async with Gateway(sandbox, clock, Settings(gateway_webhook_url=configured)) as gateway:
        query, signature = signed(requested, BODY, sandbox.auth_token)

        assert (await post(gateway, query, signature)).status_code == 200


async def test_a_query_of_the_sinks_own_is_part_of_what_is_signed(gateway: Gateway) -> None:
    """In the order in which it comes."""
    validator = RequestValidator(gateway.sandbox.auth_token)
    query = f"tenant=a%20b&bodySHA256={validator.compute_hash(BODY)}&c="
    signature = validator.compute_signature(f"{URL}?{query}", {})

    assert (await post(gateway, query, signature)).status_code == 200
    assert (await post(gateway, query.replace("a%20b", "a+b"), signature)).status_code == 403


def forgeries(token: str) -> dict[str, tuple[str, str | bytes | None, str]]:
    """Requests that Twilio did not send: query string, signature and body."""
    query, signature = signed(URL, BODY, token)
    validator = RequestValidator(token)
    return {
        "no signature": (query, None, BODY),
        "an empty signature": (query, "", BODY),
        "a signature that is no text": (query, b"\xff\xfe", BODY),
        "another token": (*signed(URL, BODY, TOKEN), BODY),
        "another body": (query, signature, BODY.replace("partial", "complete")),
        "an empty body": (query, signature, ""),
        "a space more": (query, signature, f"{BODY} "),
        "another host": (*signed(URL.replace("calls", "evil"), BODY, token), BODY),
        "another path": (*signed(f"{URL}/", BODY, token), BODY),
        "another scheme": (*signed(URL.replace("https", "http"), BODY, token), BODY),
        "another port": (*signed(URL.replace(".com", ".com:8443"), BODY, token), BODY),
        "more in the query": (f"{query}&more=1", signature, BODY),
        "a body of no hash": ("", validator.compute_signature(f"{URL}?", {}), BODY),
        "a body of an empty hash": (
            "bodySHA256=",
            validator.compute_signature(f"{URL}?bodySHA256=", {}),
            BODY,
        ),
        "the parameters of a form": (query, validator.compute_signature(URL, {"a": "1"}), BODY),
    }


@pytest.mark.parametrize("how", forgeries(TOKEN))
async def test_what_twilio_did_not_sign_is_refused_and_nothing_happens(
    gateway: Gateway, how: str
) -> None:
    """403 with a reason, counted; no event is read."""
    answer = await post(gateway, *forgeries(gateway.sandbox.auth_token)[how])

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["message"].startswith("Not signed by Twilio")
    assert heard(gateway) == [WebhookAnswered("forged")]
    with gateway.upstream() as requests:
        await gateway.ask("query($sid: CallSid!) { call(sid: $sid) { sid } }", sid=CALL)
    assert requests, "the forged summary was believed"


HOSTS = st.sampled_from(["calls.example.com", "calls.example.com:443", "calls.example.com:8080"])
URLS = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https"]),
    HOSTS,
    st.sampled_from(["", "/", "/events", "/a/b%20c"]),
)


@given(
    configured=URLS,
    requested=URLS,
    extra=st.sampled_from(["", "tenant=1&"]),
    body=st.text(st.characters(codec="utf-8")),
    received=st.none() | st.text(st.characters(codec="utf-8")),
    token=st.sampled_from([TOKEN, TOKEN[::-1]]),
)
def test_twilios_own_validator_would_have_said_the_same(  # noqa: PLR0913, PLR0917
    configured: str, requested: str, extra: str, body: str, received: str | None, token: str
) -> None:
    """Whatever was signed, altered on the way, and expected here."""
    validator = RequestValidator(token)
    query = f"{extra}bodySHA256={validator.compute_hash(body)}"
    signature = validator.compute_signature(f"{requested}?{query}", {})
    came = body if received is None else received
    signer = Signer(configured, TOKEN.encode())
    ours = signer.signed(query, signature) and is_body(query, came.encode())

    theirs = RequestValidator(TOKEN).validate(f"{configured}?{query}", came, signature)
    assert ours == theirs


def test_an_address_in_brackets_has_a_port_only_after_them() -> None:
    """Which Twilio's library gets wrong, and Twilio cannot reach anyway."""
    assert with_and_without_port("http://[::1]/a") == ("http://[::1]:80/a", "http://[::1]/a")
    assert with_and_without_port("http://[::1]:8/a") == ("http://[::1]:8/a", "http://[::1]/a")


async def test_a_replayed_request_changes_nothing(gateway: Gateway) -> None:
    """Who recorded one can send it again, for which there is nothing to gain."""
    for _ in range(3):
        assert (await push(gateway, EVENT)).status_code == 200

    outcomes = [event.outcome for event in heard(gateway) if isinstance(event, EventReceived)]
    assert outcomes == ["kept", "known", "known"]


async def test_a_large_body_is_refused(gateway: Gateway) -> None:
    """413, as soon as it is too large; Twilio discards the event, and shows that it did."""
    large = "[" + " " * MAX_BODY_BYTES + "]"
    query, signature = signed(URL, large, gateway.sandbox.auth_token)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 2**16
            yield b" " * 2**16

    assert (await post(gateway, query, signature, large)).status_code == 413
    headers = {"X-Twilio-Signature": signature}
    answer = await gateway.http.post(f"{PATH}?{query}", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= MAX_BODY_BYTES + 2**17
    assert heard(gateway) == [WebhookAnswered("too_large")] * 2


@pytest.mark.parametrize("body", ["", "<xml/>", "[{]", "[" * 100_000])
async def test_what_is_signed_and_not_json_is_refused(gateway: Gateway, body: str) -> None:
    """400: Twilio does not send it again, and shows it to who looks for it."""
    query, signature = signed(URL, body, gateway.sandbox.auth_token)
    answer = await post(gateway, query, signature, body)

    assert (answer.status_code, heard(gateway)) == (400, [WebhookAnswered("not_json")])


async def test_a_broken_event_and_an_unknown_one_are_accepted_with_the_others(
    gateway: Gateway,
) -> None:
    """Each is counted for what it is; sent again, they would be the same."""
    answer = await push(gateway, {"type": "com.twilio.video.room.created"}, {"no": "event"}, EVENT)

    assert answer.status_code == 200
    assert heard(gateway)[:3] == [
        EventReceived("other", "ignored"),
        EventReceived("other", "broken"),
        EventReceived("partial", "kept", 7),
    ]


async def test_the_sink_takes_posts_alone(gateway: Gateway) -> None:
    """A sink at Twilio can be set to GET; that carries no batch."""
    assert (await gateway.http.get(PATH)).status_code == 405


@pytest.mark.parametrize(
    ("webhook_url", "username", "auth_token", "status"),
    [
        (None, ACCOUNT_SID, None, 404),
        (URL, "SK" + "1b" * 16, None, 404),
        (URL, "SK" + "1b" * 16, TOKEN, 200),
        (URL, ACCOUNT_SID, None, 200),
    ],
)
async def test_there_is_a_sink_when_its_address_and_the_auth_token_are_known(
    sandbox: Sandbox, webhook_url: str | None, username: str, auth_token: str | None, status: int
) -> None:
    """Twilio signs with the auth token alone, whatever else the gateway asks with."""
    password = TOKEN if username == ACCOUNT_SID else "a secret"
    known = None if auth_token is None else Secret(auth_token)
    account = Account(ACCOUNT_SID, username, Secret(password), known)
    settings = Settings(gateway_webhook_url=webhook_url)
    async with Gateway(sandbox, Clock(), settings, account=account) as gateway:
        answer = await post(gateway, *signed(URL, BODY, TOKEN))

    assert answer.status_code == status


def test_an_address_of_the_sink_without_the_auth_token_is_a_mistake() -> None:
    """Said at start, for Twilio would be refused for ever."""
    key = {"TWILIO_API_KEY": "SK" + "1b" * 16, "TWILIO_API_SECRET": "a secret"}
    said = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, **key, "GATEWAY_WEBHOOK_URL": URL}
    with pytest.raises(WrongSettings, match="TWILIO_AUTH_TOKEN is missing"):
        read(said)

    account = account_of(read({**said, "TWILIO_AUTH_TOKEN": TOKEN}))
    assert (account.username, account.webhook_key) == (key["TWILIO_API_KEY"], TOKEN.encode())


@pytest.mark.parametrize("url", ["calls.example.com", f"{URL}?a=1", f"{URL}#a", "https://u:p@h/a"])
def test_an_address_of_the_sink_is_a_whole_url_without_a_query(url: str) -> None:
    """The query is that of each request."""
    with pytest.raises(WrongSettings, match="GATEWAY_WEBHOOK_URL"):
        read({"TWILIO_AUTH_TOKEN": TOKEN, "GATEWAY_WEBHOOK_URL": url})


async def test_metrics_tell_what_came_and_how_long_after_the_call(
    gateway: Gateway, clock: Clock
) -> None:
    """Requests, events by kind, outcome and schema, and the time since the end of the call."""
    data = {"call_sid": CALL, "processing_state": "complete", "end_time": "2026-05-28T20:00:00Z"}
    clock.now = 1_780_000_000.0  # 26 minutes and 40 seconds later
    await push(gateway, cloud_event("complete", data, schema=9), {"type": "other"})
    await post(gateway, "", None)
    page = (await gateway.http.get("/metrics")).text

    for line in (
        'gateway_webhook_requests_total{outcome="accepted"} 1.0',
        'gateway_webhook_requests_total{outcome="forged"} 1.0',
        'gateway_events_total{kind="complete",outcome="kept",schema="other"} 1.0',
        'gateway_events_total{kind="other",outcome="ignored",schema="other"} 1.0',
        'gateway_event_after_call_end_seconds_sum{kind="complete"} 1600.0',
    ):
        assert line in page.splitlines()
