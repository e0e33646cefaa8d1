"""One cached answer, whichever transport asks. The rule is ours: docs/caching.md."""

import json
from collections import Counter

from websockets.asyncio.client import ClientConnection

from gateway.instrumentation import OperationExecuted
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.live import hear, say
from tests.viewers import ALL, READ, Asker, People, open_to

QUERY = "query One($sid: CallSid!) { call(sid: $sid) { sid duration from { caller } } }"
DEFERRED = "query($sid: CallSid!) { call(sid: $sid) { sid ... @defer { state } } }"


def executed(gateway: Gateway) -> Counter[str]:
    """How operations were executed, and how often."""
    ran = [one for one in gateway.happenings if isinstance(one, OperationExecuted)]
    return Counter(one.how for one in ran)


async def test_what_one_transport_was_answered_all_are(
    gateway: Gateway, connection: ClientConnection
) -> None:
    """POST, GET, server-sent events and WebSocket, without executing or reading anything again.

    The first answer is from Twilio, and the second is made of the cache: it is kept.
    """
    variables = {"sid": gateway.sandbox.examples()["client"]}
    asked = {"query": QUERY, "variables": variables}
    params = {"query": QUERY, "variables": json.dumps(variables)}
    events = {"Accept": "text/event-stream"}
    posted = [await gateway.http.post("/graphql", json=asked) for _ in range(2)]
    assert executed(gateway) == {"compiled": 2}
    got = await gateway.http.get("/graphql", params=params)
    streamed = await gateway.http.post("/graphql", json=asked, headers=events)
    await say(connection, type="subscribe", id="1", payload=asked)
    heard = await hear(connection)
    assert await hear(connection) == {"id": "1", "type": "complete"}
    assert executed(gateway) == {"compiled": 2, "remembered": 3}
    assert got.content == posted[1].content
    assert f"data: {got.text}\n\n" in streamed.text
    assert streamed.text.endswith("event: complete\ndata:\n\n")
    assert heard == {"id": "1", "type": "next", "payload": got.json()}


async def test_viewers_in_turn_keep_their_answers(sandbox: Sandbox, clock: Clock) -> None:
    """Who asks the same, byte by byte, takes no other viewer's place; each sees what it may."""
    people, sid = People(sandbox), sandbox.examples()["client"]
    people.add("ana", None, READ)
    people.add("ben", None, ALL)
    async with open_to(sandbox, clock, people) as gateway:
        ana, ben = Asker(gateway, "ana"), Asker(gateway, "ben")
        answers = [[await who.ask(QUERY, sid=sid) for who in (ana, ben)] for _ in range(4)]
        assert executed(gateway) == {"compiled": 3, "remembered": 5}
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] != answers[0][1]


async def test_what_may_come_in_parts_is_answered_anew(gateway: Gateway) -> None:
    """To who takes no parts, and before who does: those have them still."""
    asked = {"query": DEFERRED, "variables": {"sid": gateway.sandbox.examples()["client"]}}
    parts = {"Accept": "multipart/mixed; deferSpec=20220824, application/json"}
    whole = [await gateway.http.post("/graphql", json=asked) for _ in range(3)]
    deferred = await gateway.http.post("/graphql", json=asked, headers=parts)
    assert whole[0].json()["data"]["call"]["state"]
    assert all(answer.content == whole[0].content for answer in whole)
    assert deferred.headers["content-type"].startswith("multipart/mixed")
    assert '"hasNext":true' in deferred.text
