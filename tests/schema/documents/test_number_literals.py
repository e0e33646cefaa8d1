"""Phone numbers in documents: they end up in other people's logs, and spoil caches."""

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.schema.documents.number_literals import has_number
from tests.conftest import Clock, Gateway

NUMBER = '{ calls(filter: { to: "+15550001111" }, first: 1) { nodes { sid } } }'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NUMBER, True),
        ('{ calls(filter: { to: "(415) 555-0100" }) { nodes { sid } } }', True),
        (
            'query ($to: String = "+442079460958") { calls(filter: { to: $to }) { nodes } }',
            True,
        ),
        ('{ a(b: """\\n+49 30 1234567\\n""") { c } }', True),
        ('{ call(sid: "CA41555501004155550100415555010041") { sid } }', False),
        ('{ calls(filter: { startTime: "2026-11-23T07:30:00Z" }) { nodes { sid } } }', False),
        ('{ calls(filter: { startTime: "30m" }, first: 1000) { nodes { sid } } }', False),
        ('mutation { annotateCall(input: { incident: "INC-20261123" }) { call { sid } } }', False),
        ("{ calls(first: 25, after: null) { nodes { sid } } } # +15550001111", False),
        ("query ($to: String) { calls(filter: { to: $to }) { nodes { sid } } }", False),
    ],
)
def test_texts_of_a_document_that_look_like_numbers_are_found(text: str, found: bool) -> None:  # noqa: FBT001 - a table
    """SIDs, times and tickets are none; a comment is not asked for. The table is ours."""
    assert has_number(text) is found


async def test_the_answer_warns_each_time_and_holds_its_data(gateway: Gateway) -> None:
    """A warning beside the data, with the cost if asked for; never from the answer cache."""
    body = {"query": NUMBER, "extensions": {"cost": True}}
    first = (await gateway.http.post("/graphql", json={"query": NUMBER})).json()
    second = (await gateway.http.post("/graphql", json={"query": NUMBER})).json()
    third = (await gateway.http.post("/graphql", json=body)).json()
    for answer in (first, second, third):
        assert "errors" not in answer
        (warning,) = answer["extensions"]["warnings"]
        assert warning["code"] == "PHONE_NUMBER_IN_DOCUMENT"
        assert "5550001111" not in warning["message"]
    assert third["extensions"]["cost"]["requested"] > 0


async def test_a_setting_makes_it_a_refusal(sandbox: Sandbox, clock: Clock) -> None:
    """BAD_USER_INPUT, and nothing is asked of Twilio; variables are as good as ever."""
    query = "query ($to: String) { calls(filter: { to: $to }, first: 1) { nodes { sid } } }"
    async with Gateway(sandbox, clock, Settings(gateway_refuse_numbers=True)) as gateway:
        with gateway.upstream() as asked:
            error = await gateway.fail(NUMBER)
        body = await gateway.send(query, to="+15550001111")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "variables" in error["message"]
    assert asked == []
    assert body.keys() == {"data"}
