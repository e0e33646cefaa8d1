import json

import pytest

from gateway.insights.diagnosis.findings import Diagnosis
from gateway.sandbox import Sandbox
from tests.insights.diagnosis.names import rules_of, suspects_by_name
from tests.insights.diagnosis.test_cases import diagnosis_of, written
from tests.sandbox.conftest import Clock, visitor

SUSPECTS = {
    "bad_carrier": "CARRIER",
    "client": "TWILIO APP_NETWORK",
    "trunking": "",
    "sip": "",
    "parent": "",
    "child": "",
    "agent": "",
    "annotated": "",
    "branded": "",
    "whatsapp": "",
    "busy": "",
    "spelled_out": "",
}
"""By the stories that the sandbox tells: one carrier is bad, and one app is bad everywhere."""


async def diagnosis(sandbox: Sandbox, example: str) -> Diagnosis:
    answer = await visitor(sandbox).summary(sandbox.examples()[example], ProcessingState="all")
    return diagnosis_of(json.loads(answer.content))


@pytest.fixture(scope="module")
def world() -> Sandbox:
    """The world of the demo."""
    return Sandbox(calls=60, clock=Clock(), arrivals=False)


@pytest.mark.parametrize("example", SUSPECTS)
async def test_a_story_is_seen_through(world: Sandbox, example: str) -> None:
    """Whoever tries the demo finds who is to blame, and nobody where nobody is."""
    found = suspects_by_name(await diagnosis(world, example))

    expected = SUSPECTS[example].split()
    assert found[: len(expected)] == expected
    assert bool(found) is bool(expected)


async def test_the_bad_carrier_is_named_with_who_heard_it_and_by_how_much(world: Sandbox) -> None:
    """A call to a telephone: what comes from its carrier is heard by the caller."""
    found = await diagnosis(world, "bad_carrier")

    assert "The carrier (Murkwater Telecom) is the likeliest cause" in found.headline
    assert found.headline.endswith("received from the carrier were lost, heard by the caller.")
    first = found.suspects[0].findings[0]
    assert written(first) == "HIGH_PACKET_LOSS carrier.inbound caller"
    assert first.value is not None
    assert first.value > 5


async def test_other_stories_are_told_in_words(world: Sandbox) -> None:
    """What the stories say beside their media: busy lines, and what people reported."""
    assert {"NOT_ANSWERED", "SIP_RESPONSE"} <= set(rules_of(await diagnosis(world, "busy")))
    assert "REPORTED_ISSUE" in rules_of(await diagnosis(world, "annotated"))
    assert rules_of(await diagnosis(world, "partial")) == ["PARTIAL_SUMMARY"]
