"""Under which host names the gateway answers, and what its answers forbid browsers."""

import pytest
from websockets.exceptions import InvalidStatus

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.server.conftest import listening, opened
from tests.viewers import READ, People, open_to

QUERY = {"query": "{ __typename }"}


@pytest.mark.parametrize(
    "name", ["localhost", "localhost:8000", "127.0.0.1:1", "127.9.9.9", "[::1]:8000"]
)
async def test_names_of_this_machine_are_answered(gateway: Gateway, name: str) -> None:
    """By whichever of them a browser came."""
    assert (await gateway.http.post("/graphql", json=QUERY, headers={"Host": name})).is_success


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "",
        "[",
        "a@b",
    ],
)
@pytest.mark.parametrize("path", ["/graphql", "/", "/metrics", "/schema.graphql"])
async def test_other_names_are_turned_away_without_viewers(
    gateway: Gateway, name: str, path: str
) -> None:
    """A page whose name was made to lead to this machine (DNS rebinding) reads nothing."""
    with gateway.upstream() as requests:
        answer = await gateway.http.get(path, headers={"Host": name})
    assert answer.status_code == 421
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "GATEWAY_CONFIG" in error["message"]
    assert requests == []


async def test_a_websocket_of_another_name_is_turned_away(gateway: Gateway) -> None:
    """Its handshake fails."""
    async with listening(gateway.app) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(address, additional_headers={"Host": "evil.example"}):
                pass
    assert refused.value.response.status_code == 403


async def test_what_twilio_pushes_may_come_by_any_name(gateway: Gateway) -> None:
    """It is signed, and comes through a tunnel: it is not the name that it is refused for."""
    answer = await gateway.http.post(
        "/webhooks/twilio/events", json=[], headers={"Host": "tunnel.example"}
    )
    assert answer.status_code == 404


async def test_every_name_is_answered_where_that_was_said(sandbox: Sandbox, clock: Clock) -> None:
    """By GATEWAY_AUTH=none; and with viewers, who have tokens that no page has."""
    anybody = Gateway(sandbox, clock, Settings(gateway_auth="none"))
    async with anybody:
        answer = await anybody.http.post("/graphql", json=QUERY, headers={"Host": "any.example"})
        assert answer.status_code == 200
    people = People(sandbox)
    people.add("one", None, READ)
    async with open_to(sandbox, clock, people) as known:
        headers = {"Host": "any.example", "Authorization": "Bearer one"}
        assert (await known.http.post("/graphql", json=QUERY, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/graphql"),
        ("GET", "/graphql"),
        ("GET", "/healthz"),
        ("GET", "/nowhere"),
        ("GET", "/"),
    ],
)
async def test_every_answer_forbids_browsers_what_it_does_not_need(
    gateway: Gateway, method: str, path: str
) -> None:
    """No guessing of types, no frames, no scripts but GraphiQL's own."""
    headers = {"Accept": "text/html"} if path == "/" else {}
    answer = await gateway.http.request(method, path, headers=headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert ("script-src" in policy) == (path == "/")
