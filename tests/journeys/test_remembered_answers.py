"""What is known is told in an instant, and never to somebody else or after it has changed."""

import asyncio
from typing import Any

import pytest

from gateway.instrumentation import FieldDropped
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.viewers import ALL, READ, Asker, People, open_to

CALL = """
query($sid: CallSid!) {
  call(sid: $sid) {
    sid duration from { caller callerHash city } to { callee }
    annotation { comment } processing { source version isFinal }
  }
}
"""
PLAIN = "query($sid: CallSid!) { call(sid: $sid) { sid duration } }"
LIST = """
{ calls(first: 10) { edges { cursor node { sid from { caller } to { callee } } } nodes { raw } } }
"""
PAGE = """
{
  calls(first: 10, filter: {endTime: "2026-05-28T20:00:00Z"}) {
    nodes { sid from { caller } to { callee } duration }
  }
}
"""


async def test_an_answer_given_again_is_the_same_answer(gateway: Gateway) -> None:
    """Byte by byte, whether its JSON was made for it or remembered; and Twilio is asked once."""
    sid = gateway.sandbox.examples()["client"]
    with gateway.upstream() as requests:
        await gateway.ask(PLAIN, sid=sid)
        bodies = {
            (
                await gateway.http.post(
                    "/graphql", json={"query": query, "variables": {"sid": sid}}
                )
            ).content
            for query in (PLAIN, PLAIN + " ", PLAIN)
        }
    assert len(bodies) == 1
    assert len(requests) == 1


@pytest.mark.parametrize("first", ["operator", "dashboard"])
async def test_who_may_see_less_sees_less_of_what_is_remembered(
    sandbox: Sandbox, clock: Clock, first: str
) -> None:
    """What was written for one set of scopes is never told to another; whoever asks first."""
    people = People(sandbox)
    people.add("operator", None, ALL)
    people.add("dashboard", None, READ)
    sid = sandbox.examples()["client"]
    second = "dashboard" if first == "operator" else "operator"
    async with open_to(sandbox, clock, people) as gateway:
        seen: dict[str, list[tuple[Any, Any, Any]]] = {}
        for name in (first, second, first, second):
            asker = Asker(gateway, name)
            call = (await asker.ask(CALL, sid=sid))["call"]
            page = (await asker.ask(PAGE))["calls"]["nodes"]
            seen.setdefault(name, []).append((call["from"], call["to"], page))
        asking = ("operator", "operator", "dashboard")
        raw = [await Asker(gateway, name).send(LIST) for name in asking]
    for name, hidden in (("operator", False), ("dashboard", True)):
        for _, _, nodes in seen[name]:
            parties = [one["from"]["caller"] for one in nodes] + [
                one["to"]["callee"] for one in nodes
            ]
            said = [party for party in parties if party is not None]
            assert said
            assert all(("•" in party) is hidden for party in said)
    assert seen["operator"][0] == seen["operator"][1]
    assert seen["dashboard"][0] == seen["dashboard"][1]
    assert "errors" not in raw[0]
    assert raw[1] == raw[0]
    assert raw[2]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_what_is_annotated_shows_in_what_was_remembered(gateway: Gateway) -> None:
    """Under every selection and on every page that has the call."""
    sid = gateway.sandbox.examples()["client"]
    pages = "{ calls(first: 50) { nodes { sid annotation { comment } } } }"
    for _ in range(2):
        assert (await gateway.ask(CALL, sid=sid))["call"]["annotation"] is None
        await gateway.ask(pages)
    await gateway.ask(
        "mutation($input: AnnotateCallInput!) "
        "{ annotateCall(input: $input) { call { sid } userErrors { message } } }",
        input={"sid": sid, "comment": "heard a foghorn"},
    )
    call = (await gateway.ask(CALL, sid=sid))["call"]
    assert call["annotation"]["comment"] == "heard a foghorn"
    listed = (await gateway.ask(pages))["calls"]["nodes"]
    shown = {one["sid"]: one["annotation"] for one in listed}
    assert sid not in shown or shown[sid]["comment"] == "heard a foghorn"


async def test_a_page_ends_with_its_time(gateway: Gateway, clock: Clock) -> None:
    """A page that is remembered whole is asked for anew when its calls would be."""
    with gateway.upstream() as at_first:
        for _ in range(3):
            await gateway.ask(PAGE)
    clock.advance(11)
    with gateway.upstream() as later:
        await gateway.ask(PAGE)
    assert (len(at_first), len(later)) == (1, 1)


async def test_others_have_their_turn_while_a_long_page_is_made(gateway: Gateway) -> None:
    """A page of 300 calls is made in several goes, also when it is known and asked otherwise."""
    wide = 'filter: {startTime: "2026-05-20T00:00:00Z", endTime: "2026-05-28T20:00:00Z"}'
    page = f"{{ calls(first: 300, {wide}) {{ nodes {{ sid duration }} }} }}"
    count = len((await gateway.ask(page))["calls"]["nodes"])
    assert count > 200

    asking = asyncio.create_task(gateway.ask(page.replace("duration", "length: duration")))
    turns = 0
    with gateway.upstream() as requests:
        while not asking.done():
            await asyncio.sleep(0)
            turns += 1
    assert requests == []
    assert turns >= count // 50


@pytest.mark.parametrize("changed", [False, True])
async def test_a_page_that_is_asked_again_reads_only_what_has_changed(
    gateway: Gateway, clock: Clock, *, changed: bool
) -> None:
    """Its calls are there in the same bytes: they are the same summaries.

    What was seen anew is told anew all the same: when, and where it came from.
    """
    query = """{ calls(first: 10, filter: {endTime: "2026-05-28T19:00:00Z"}) {
      nodes { sid duration processing { asOf source } }
    } }"""
    odd = {"duration": "long", "end_time": "2026-05-28T18:59:30Z"}
    sid = gateway.sandbox.add(odd)
    first = await gateway.ask(query)
    clock.advance(60)
    if changed:
        gateway.sandbox.add({**odd, "call_sid": sid, "duration": "longer"})
    second = await gateway.ask(query)

    assert gateway.happenings.count(FieldDropped("duration")) == 1 + changed
    assert sid in [one["sid"] for one in first["calls"]["nodes"]]
    for one, other in zip(first["calls"]["nodes"], second["calls"]["nodes"], strict=True):
        assert one["sid"] == other["sid"]
        assert one["processing"]["asOf"] < other["processing"]["asOf"]
        assert other["processing"]["source"] == "UPSTREAM"
