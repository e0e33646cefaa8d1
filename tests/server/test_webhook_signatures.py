"""The signature of what Twilio pushes, against vectors computed by Twilio's own library."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from gateway.config.settings import Settings
from gateway.instrumentation import WebhookAnswered
from gateway.sandbox import Sandbox
from gateway.server.webhook import Signer, is_body, with_and_without_port
from tests.conftest import Clock, Gateway
from tests.event_streams import URL, cloud_event, heard, post, signed

CALL = "CA" + "3c" * 16
BODY = json.dumps([cloud_event("partial", {"call_sid": CALL, "processing_state": "partial"})])
TOKEN = "0" * 31 + "1"


@pytest.fixture
def settings() -> Settings:
    return Settings(gateway_webhook_url=URL)


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

        assert (await post(gateway, query, signature, BODY)).status_code == 200


async def test_a_query_of_the_sinks_own_is_part_of_what_is_signed(gateway: Gateway) -> None:
    """In the order in which it comes."""
    validator = RequestValidator(gateway.sandbox.auth_token)
    query = f"tenant=a%20b&bodySHA256={validator.compute_hash(BODY)}&c="
    signature = validator.compute_signature(f"{URL}?{query}", {})

    assert (await post(gateway, query, signature, BODY)).status_code == 200
    assert (await post(gateway, query.replace("a%20b", "a+b"), signature, BODY)).status_code == 403


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
    unsigned = how in {"no signature", "an empty signature"}
    assert heard(gateway) == [WebhookAnswered("unsigned" if unsigned else "forged")]
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
