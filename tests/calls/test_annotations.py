"""Somebody says what they think of a call, and everybody knows at once."""

import asyncio
import logging
import time
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.config.viewers import Scope
from gateway.sandbox import Fault, Sandbox
from tests.calls.annotating import ANNOTATE, READ, annotate, read
from tests.conftest import Clock, Gateway
from tests.servers import RedisServer
from tests.viewers import Asker, People

BLIND = """
mutation($input: AnnotateCallInput!) { annotateCall(input: $input) { userErrors { code } } }
"""
LIST = """
{
  calls(first: 100, filter: { startTime: "7d" }) { nodes { sid annotation { callScore comment } } }
}
"""
SAID = {
    "answeredBy": "HUMAN",
    "connectivityIssue": "DROPPED_CALL",
    "qualityIssues": ["ECHO", "OWA"],
    "spam": False,
    "callScore": 2,
    "comment": "crackles & hisses",
    "incident": "INC-20261123",
}


async def mistakes(gateway: Gateway, sid: str, **changes: Any) -> list[tuple[list[str], str]]:
    """Path and code of each user error of a write, of which there must be some."""
    payload = await annotate(gateway, sid, **changes)
    assert payload["call"] is None
    assert payload["userErrors"]
    return [(error["path"], error["code"]) for error in payload["userErrors"]]


async def test_what_is_written_is_read_everywhere_at_once(gateway: Gateway) -> None:
    """The payload, the call and the lists that hold it, without asking Twilio again."""
    listed = (await gateway.ask(LIST))["calls"]["nodes"]
    sid = listed[7]["sid"]
    with gateway.upstream() as requests:
        payload = await annotate(gateway, sid, **SAID, clientMutationId="7/a")
        assert await read(gateway, sid) == SAID
        nodes = (await gateway.ask(LIST))["calls"]["nodes"]
    assert payload["call"] == {"sid": sid, "annotation": SAID, "processing": {"source": "CACHE"}}
    assert payload["userErrors"] == []
    assert payload["clientMutationId"] == "7/a"
    listed[7]["annotation"] = {"callScore": 2, "comment": "crackles & hisses"}
    assert nodes == listed
    (request,) = requests
    assert request.method == "POST"


async def test_a_call_that_nobody_asked_for_before_is_looked_up(gateway: Gateway) -> None:
    """One write, one question for the summary."""
    sid = gateway.sandbox.examples()["client"]
    with gateway.upstream() as requests:
        payload = await annotate(gateway, sid, callScore=5)
    assert payload["call"]["annotation"]["callScore"] == 5
    assert [request.method for request in requests] == ["POST", "GET"]


async def test_who_does_not_select_the_call_does_not_pay_for_it(gateway: Gateway) -> None:
    """Nothing is looked up; and what is known of the call agrees with what was written."""
    sid, strange = (gateway.sandbox.examples()[name] for name in ("sip", "client"))
    await read(gateway, sid)
    with gateway.upstream() as requests:
        for one in (sid, strange):
            await gateway.ask(BLIND, input={"sid": one, "callScore": 5})
        assert (await read(gateway, sid))["callScore"] == 5
    assert [request.method for request in requests] == ["POST", "POST"]


async def test_only_what_is_given_changes(gateway: Gateway) -> None:
    """A field that is left out stays, here and at Twilio."""
    sid = gateway.sandbox.examples()["sip"]
    await annotate(gateway, sid, **SAID)
    with gateway.upstream() as requests:
        payload = await annotate(gateway, sid, callScore=4)
    assert payload["call"]["annotation"] == {**SAID, "callScore": 4}
    assert requests[0].params == {"CallScore": "4"}


async def test_null_takes_away_what_was_said(gateway: Gateway) -> None:
    """Of every field but `spam`, at Twilio too: what is asked anew is the same."""
    sid = gateway.sandbox.examples()["sip"]
    await annotate(gateway, sid, **SAID)
    nulls = {name: None for name in SAID if name != "spam"}
    payload = await annotate(gateway, sid, **nulls)
    assert payload["userErrors"] == []
    gone: dict[str, Any] = {**nulls, "qualityIssues": [], "spam": False}
    assert payload["call"]["annotation"] == await read(gateway, sid) == gone


async def test_a_call_can_be_annotated_while_it_has_no_summary(
    gateway: Gateway, clock: Clock
) -> None:
    """There is no call to show yet, and no error; the summary brings the annotation with it."""
    sid = gateway.sandbox.examples()["not_ready"]
    payload = await annotate(gateway, sid, comment="early")
    assert (payload["call"], payload["userErrors"]) == (None, [])
    clock.advance(3600)
    assert (await read(gateway, sid))["comment"] == "early"


async def test_a_partial_summary_keeps_what_was_written(gateway: Gateway, clock: Clock) -> None:
    """The annotation goes with the call through its versions."""
    sid = gateway.sandbox.examples()["partial"]
    await read_version(gateway, sid)
    payload = await annotate(gateway, sid, callScore=3)
    assert payload["call"]["annotation"]["callScore"] == 3
    for _ in range(3):
        clock.advance(600)
        assert (await read(gateway, sid))["callScore"] == 3


async def read_version(gateway: Gateway, sid: str) -> int | None:
    query = "query($sid: CallSid!) { call(sid: $sid) { processing { version } } }"
    version: int | None = (await gateway.ask(query, sid=sid))["call"]["processing"]["version"]
    return version


async def test_all_mistakes_are_told_at_once_and_nothing_is_sent(gateway: Gateway) -> None:
    """Each with its path and code; the good fields beside them are not written either."""
    sid = gateway.sandbox.examples()["sip"]
    with gateway.upstream() as requests:
        told = await mistakes(
            gateway,
            sid,
            answeredBy="UNRECOGNIZED",
            qualityIssues=["ECHO", "UNRECOGNIZED"],
            spam=None,
            callScore=6,
            comment="x" * 101,
            incident="call alice@example.com",
            connectivityIssue="CALLER_ID",
        )
        nothing = await mistakes(gateway, sid)
    assert told == [
        (["input", "answeredBy"], "UNRECOGNIZED_VALUE"),
        (["input", "qualityIssues", "1"], "UNRECOGNIZED_VALUE"),
        (["input", "spam"], "CANNOT_BE_CLEARED"),
        (["input", "callScore"], "OUT_OF_RANGE"),
        (["input", "comment"], "TOO_LONG"),
        (["input", "incident"], "LOOKS_LIKE_PERSONAL_DATA"),
    ]
    assert nothing == [(["input"], "NOTHING_TO_CHANGE")]
    assert requests == []


async def test_refused_text_is_repeated_nowhere(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the answer nor in the log: it may be personal."""
    caplog.set_level(logging.DEBUG)
    sid = gateway.sandbox.examples()["sip"]
    text = "reach her at +1 415 555 0100"
    payload = await annotate(gateway, sid, comment=text, incident=text)
    assert len(payload["userErrors"]) == 2
    assert "555" not in str(payload)
    assert "555 0100" not in caplog.text


@pytest.mark.parametrize(
    ("example", "reason"),
    [("not_found", "No such call"), ("expired", "30 days"), ("not_enabled", "not enabled")],
)
async def test_a_call_that_is_not_there_is_for_the_caller_to_mend(
    gateway: Gateway, example: str, reason: str
) -> None:
    """A user error of the SID, which says why."""
    sid = gateway.sandbox.examples()[example]
    (error,) = (await annotate(gateway, sid, spam=True))["userErrors"]
    assert (error["path"], error["code"]) == (["input", "sid"], "NO_SUCH_CALL")
    assert reason in error["message"]


async def test_a_mutation_is_not_taken_from_a_url(gateway: Gateway) -> None:
    """A link that somebody follows writes nothing."""
    sid = gateway.sandbox.examples()["sip"]
    query = (
        f'mutation {{ annotateCall(input: {{ sid: "{sid}", spam: true }}) {{ clientMutationId }} }}'
    )
    with gateway.upstream() as requests:
        response = await gateway.http.get("/graphql", params={"query": query})
    assert response.status_code == 405
    assert requests == []


async def test_what_one_replica_writes_the_other_tells(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """Within a second, and without asking Twilio."""
    settings = Settings(gateway_cache_url=redis.url)
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        sid = sandbox.examples()["annotated"]
        await read(one, sid)
        await read(other, sid)
        with other.upstream() as requests:
            await annotate(one, sid, comment="from the other one")
            until = time.monotonic() + 1
            while (await read(other, sid))["comment"] != "from the other one":
                assert time.monotonic() < until
                await asyncio.sleep(0.01)
        assert [request.method for request in requests] == ["POST"]


async def test_to_annotate_calls_is_not_to_see_them(sandbox: Sandbox, clock: Clock) -> None:
    """Who may do the one alone writes, and is refused what was written about."""
    people = People(sandbox)
    people.add("robot", None, frozenset({Scope.ANNOTATIONS_WRITE}))
    async with Gateway(sandbox, clock, Settings(), access=people.access) as gateway:
        wish = {"sid": sandbox.examples()["sip"], "callScore": 3}
        body = await Asker(gateway, "robot").send(ANNOTATE, input=wish)
    (error,) = body["errors"]
    assert error["path"] == ["annotateCall", "call"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert body["data"]["annotateCall"]["call"] is None
    assert body["data"]["annotateCall"]["userErrors"] == []


@pytest.mark.parametrize("uncertain", [False, True])
async def test_what_is_written_is_told_to_those_who_see_other_subaccounts(
    sandbox: Sandbox,
    clock: Clock,
    uncertain: bool,  # noqa: FBT001
) -> None:
    """What they are told is remembered apart; it is made to agree all the same."""
    people = People(sandbox)
    people.add("writer", frozenset(), frozenset(Scope))
    people.add("reader", None, frozenset(Scope))
    async with Gateway(sandbox, clock, Settings(), access=people.access) as gateway:
        writer, reader = Asker(gateway, "writer"), Asker(gateway, "reader")
        sid = sandbox.examples()["sip"]
        await reader.ask(READ, sid=sid)
        if uncertain:
            sandbox.inject(Fault(kind="cut_off", times=1, path_contains="Annotation"))
        await writer.send(ANNOTATE, input={"sid": sid, "callScore": 4})
        told = await reader.ask(READ, sid=sid)
    assert told["call"]["annotation"]["callScore"] == 4
