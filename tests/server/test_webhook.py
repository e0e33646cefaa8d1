import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from gateway.config.accounts import Account, account_of
from gateway.config.load import read
from gateway.config.settings import Secret, Settings
from gateway.errors import WrongSettings
from gateway.instrumentation import EventReceived, WebhookAnswered
from gateway.sandbox import Sandbox
from gateway.server.webhook import MAX_BODY_BYTES
from tests.conftest import Clock, Gateway
from tests.event_streams import PATH, URL, cloud_event, heard, post, push, signed

CALL = "CA" + "3c" * 16
EVENT = cloud_event("partial", {"call_sid": CALL, "processing_state": "partial"})
BODY = json.dumps([EVENT])
TOKEN = "0" * 31 + "1"
ACCOUNT_SID = "AC" + "5a" * 16


@pytest.fixture
def settings() -> Settings:
    return Settings(gateway_webhook_url=URL)


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


async def test_who_leaves_in_the_middle_has_said_nothing(gateway: Gateway) -> None:
    """Of half a body no event is read."""
    query, signature = signed(URL, BODY, gateway.sandbox.auth_token)
    came: list[Message] = [
        {"type": "http.request", "body": BODY.encode()[:50], "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return came.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "query_string": query.encode(),
        "headers": [(b"x-twilio-signature", signature.encode())],
    }
    await gateway.app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert heard(gateway) == [WebhookAnswered("cut_off")]


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
    async with Gateway(sandbox, Clock(), settings, access=account) as gateway:
        answer = await post(gateway, *signed(URL, BODY, TOKEN), BODY)

    assert answer.status_code == status


def test_an_address_of_the_sink_without_the_auth_token_is_a_mistake() -> None:
    """Said at start, for Twilio would be refused for ever."""
    key = {"TWILIO_API_KEY": "SK" + "1b" * 16, "TWILIO_API_SECRET": "a secret"}
    said = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, **key, "GATEWAY_WEBHOOK_URL": URL}
    with pytest.raises(WrongSettings, match="TWILIO_AUTH_TOKEN is missing"):
        read(said)

    account = account_of(read({**said, "TWILIO_AUTH_TOKEN": TOKEN}))
    assert (account.username, account.webhook_key) == (key["TWILIO_API_KEY"], TOKEN.encode())


def test_workers_that_share_nothing_are_a_mistake_where_events_come() -> None:
    """An event reaches one of them, and the followers of the others would not be told."""
    said = {"TWILIO_AUTH_TOKEN": TOKEN, "GATEWAY_WEBHOOK_URL": URL, "GATEWAY_WORKERS": "2"}
    with pytest.raises(WrongSettings, match="GATEWAY_CACHE_URL is memory://"):
        read(said)

    assert read({**said, "GATEWAY_CACHE_URL": "redis://cache"}).gateway_workers == 2
    assert read({**said, "GATEWAY_WORKERS": "1"}).gateway_webhook_url == URL


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
    await post(gateway, "", None, "")
    page = (await gateway.http.get("/metrics")).text

    for line in (
        'gateway_webhook_requests_total{outcome="accepted"} 1.0',
        'gateway_webhook_requests_total{outcome="unsigned"} 1.0',
        'gateway_events_total{kind="complete",outcome="kept",schema="other"} 1.0',
        'gateway_events_total{kind="other",outcome="ignored",schema="other"} 1.0',
        'gateway_event_after_call_end_seconds_sum{kind="complete"} 1600.0',
    ):
        assert line in page.splitlines()
