"""What HTTP caches may keep of an answer: never longer than all it tells is true."""

import hashlib
import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from gateway.schema.results.answer_cache import lifetime_of
from gateway.schema.results.freshness import Freshness
from gateway.schema.types.field_traits import Trait
from gateway.server.graphql.http_cache import cache_control
from tests.conftest import NOON, Clock, Gateway
from tests.server.conftest import Address

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
STATE = "query($sid: CallSid!) { call(sid: $sid) { sid state tags } }"
SCORE = "query($sid: CallSid!) { call(sid: $sid) { annotation { callScore } } }"
LOOKUP = "query($sid: CallSid!) { callLookup(sid: $sid) { status } }"
LIST = "{ calls(first: 5) { nodes { sid } } }"
WEEK = 7 * 86400


async def get(
    gateway: Gateway, query: str, *, accept: str = JSON, known: str | None = None, **variables: Any
) -> httpx.Response:
    """Ask by GET; `known` are tags of answers that the client has."""
    headers = {"Accept": accept} | ({} if known is None else {"If-None-Match": known})
    params = {"query": query, "variables": json.dumps(variables)}
    return await gateway.http.get("/graphql", params=params, headers=headers)


def remaining(answer: httpx.Response) -> int:
    """For how many seconds a cache may go on telling an answer."""
    control = re.search(r"max-age=(\d+)", answer.headers["cache-control"])
    return int(control[1]) - int(answer.headers["age"]) if control else 0


@pytest.mark.parametrize(
    ("call", "selection", "control"),
    [
        ("client", "sid", "private, max-age=N, immutable"),
        ("client", "__typename id tags state carrierEdge { metrics { inbound { codec } } }", "…"),
        ("child", "parentCall { sid state }", "private, max-age=N, immutable"),
        ("client", "from { carrier countryCode }", "private, max-age=N, immutable"),
        ("client", "processing { state }", "private, max-age=N"),
        ("client", "url", "private, max-age=N"),
        ("client", "properties { q850Cause }", "private, max-age=N"),
        ("annotated", "annotation { callScore }", "private, max-age=60"),
        ("child", "parentCall { annotation { spam } }", "private, max-age=60"),
        ("annotated", "annotation { comment }", "private, no-store"),
        ("client", "from { caller }", "private, no-store"),
        ("client", "a: to { b: callee }", "private, no-store"),
        ("client", "raw", "private, no-store"),
        ("partial", "sid", "private, no-cache"),
        ("partial", "from { caller }", "private, no-store"),
        ("not_found", "sid", "private, max-age=4"),
        ("not_ready", "sid", "private, max-age=4"),
        ("expired", "sid", "private, max-age=N"),
        ("not_enabled", "sid", "private, max-age=N"),
    ],
)
async def test_what_was_selected_says_how_long_it_may_be_kept(
    gateway: Gateway, call: str, selection: str, control: str
) -> None:
    """The least of all that is told; nothing personal is kept at all; what cannot change, is."""
    query = f"query($sid: CallSid!) {{ call(sid: $sid) {{ {selection} }} }}"
    answer = await get(gateway, query, sid=gateway.sandbox.examples()[call])
    said = answer.headers["cache-control"]
    expected = "private, max-age=N, immutable" if control == "…" else control
    assert re.sub(r"\d{3,}", "N", said) == expected


@pytest.mark.parametrize(
    ("query", "control"),
    [
        pytest.param(LIST, "private, max-age=10", id="a list"),
        pytest.param(
            "{ calls { nodes { from { carrier } } } }", "private, max-age=10", id="parties"
        ),
        pytest.param(
            "{ calls { nodes { annotation { spam } } } }", "private, max-age=10", id="both"
        ),
        pytest.param(
            "{ calls(filter: {processingState: PARTIAL}) { nodes { sid } } }",
            "private, no-cache",
            id="a list of what changes",
        ),
        pytest.param("{ calls { nodes { raw } } }", "private, no-store", id="personal data"),
        pytest.param(
            '{ calls(filter: {from: "+14155550100"}) { nodes { sid } } }',
            "private, no-store",
            id="a question that names somebody",
        ),
        pytest.param("{ __typename }", "private, no-cache", id="nothing"),
        pytest.param("{ __schema { queryType { name } } }", "private, no-cache", id="the schema"),
        pytest.param("{ calls(first: 0) { nodes { sid } } }", "private, no-store", id="an error"),
        pytest.param("{ nope }", "private, no-store", id="a wrong document"),
        pytest.param("mutation { __typename }", "private, no-store", id="a mutation"),
        pytest.param("subscription { __typename }", "private, no-store", id="a subscription"),
        pytest.param("", "private, no-store", id="no request"),
    ],
)
async def test_what_was_asked_says_how_long_it_may_be_kept(
    gateway: Gateway, query: str, control: str
) -> None:
    """A page of a list is the bound of all on it; errors are never kept."""
    assert (await get(gateway, query)).headers["cache-control"] == control


async def test_a_number_in_a_variable_is_not_kept_either(gateway: Gateway) -> None:
    """The answer says which calls somebody made, whatever was selected of them."""
    query = "query($f: CallFilter) { calls(filter: $f) { nodes { sid } } }"
    answer = await get(gateway, query, f={"to": "+14155550100"})
    assert answer.headers["cache-control"] == "private, no-store"
    answer = await get(gateway, query, f={"toCarrier": "T-Mobile USA, Inc."})
    assert answer.headers["cache-control"] == "private, max-age=10"


async def test_an_error_beside_data_is_not_kept(gateway: Gateway) -> None:
    """The next who asks may be answered whole."""
    sid = gateway.sandbox.examples()["client"]
    query = "query($sid: CallSid!) { call(sid: $sid) { sid } calls(first: 0) { nodes { sid } } }"
    assert (await get(gateway, query, sid=sid)).headers["cache-control"] == "private, no-store"


async def test_a_complete_call_is_kept_as_long_as_the_gateway_keeps_it(
    sandbox: Sandbox, clock: Clock
) -> None:
    """A week less its early tenth; and not at all if the settings say so."""
    sid = sandbox.examples()["client"]
    async with Gateway(sandbox, clock, Settings()) as gateway:
        assert WEEK * 0.9 <= remaining(await get(gateway, STATE, sid=sid)) <= WEEK
    async with Gateway(sandbox, clock, Settings(gateway_complete_max_age=0)) as gateway:
        answer = await get(gateway, STATE, sid=sid)
        assert answer.headers["cache-control"] == "private, no-cache"


async def test_a_settled_call_is_kept_long_and_never_called_immutable(
    sandbox: Sandbox, clock: Clock
) -> None:
    """It was this gateway's operator who took it for final, not Twilio."""
    async with Gateway(sandbox, clock, Settings(gateway_settled_version=1)) as gateway:
        answer = await get(gateway, STATE, sid=sandbox.examples()["partial"])
    assert remaining(answer) > WEEK * 0.8
    assert "immutable" not in answer.headers["cache-control"]


async def test_the_age_of_an_answer_is_that_of_the_oldest_it_tells(
    gateway: Gateway, clock: Clock
) -> None:
    """So a cache on the way counts from when Twilio said so, not from when it was told."""
    one, other = (gateway.sandbox.examples()[kind] for kind in ("client", "trunking"))
    both = "query($a: CallSid!, $b: CallSid!) { a: call(sid: $a) { sid } b: call(sid: $b) { sid } }"
    first = await get(gateway, STATE, sid=one)
    assert first.headers["age"] == "0"
    clock.advance(3600.5)
    later = await get(gateway, STATE, sid=one)
    assert later.headers["age"] == "3600"
    assert remaining(first) - remaining(later) in {3600, 3601}
    answer = await get(gateway, both, a=one, b=other)
    assert answer.headers["age"] == "3600"
    assert remaining(answer) <= remaining(later)


async def test_an_annotation_has_an_age_of_its_own(gateway: Gateway, clock: Clock) -> None:
    """It is younger than its call once it was asked for again."""
    sid = gateway.sandbox.examples()["annotated"]
    await get(gateway, SCORE, sid=sid)
    clock.advance(20)
    answer = await get(gateway, SCORE, sid=sid)
    assert (answer.headers["age"], remaining(answer)) == ("20", 40)
    clock.advance(100)
    answer = await get(gateway, SCORE, sid=sid)
    assert (answer.headers["age"], remaining(answer)) == ("120", 60)
    assert answer.headers["cache-control"] == "private, max-age=180"


async def test_what_is_stale_is_kept_by_nobody_else(
    gateway: Gateway, clock: Clock, sandbox: Sandbox
) -> None:
    """A call, a page and an annotation that Twilio could not be asked for again."""
    sid = sandbox.examples()["annotated"]
    window = '{startTime: "2026-05-28T16:00:00Z", endTime: "2026-05-28T20:00:00Z"}'
    listed = f"{{ calls(filter: {window}) {{ nodes {{ sid }} }} }}"
    asked: list[tuple[str, dict[str, Any]]] = [(SCORE, {"sid": sid}), (listed, {})]
    for query, variables in asked:
        await get(gateway, query, **variables)
    sandbox.inject(Fault(kind="server_error", times=None))
    clock.advance(300)
    for query, variables in asked:
        answer = await get(gateway, query, **variables)
        assert "errors" not in answer.json()
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["age"] == "300"


async def test_a_client_that_has_the_answer_is_told_so_without_a_body(
    gateway: Gateway, clock: Clock
) -> None:
    """304 with the headers of the 200, renewed; also where there is nothing to keep it for."""
    sid = gateway.sandbox.examples()["partial"]
    first = await get(gateway, STATE, sid=sid)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    for known in (tag, f"W/{tag}", f'"x", {tag}', f'"a, b" , W/{tag},"c"', "*"):
        answer = await get(gateway, STATE, known=known, sid=sid)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Accept, Authorization, GraphQL-Cost-Debug"
        assert not answer.headers.keys() & {"content-type", "content-length"}
    clock.advance(7)
    for unknown in ('"x"', tag.strip('"'), "", f'"{tag[2:]}'):
        answer = await get(gateway, STATE, known=unknown, sid=sid)
        assert answer.json() == first.json()


async def test_a_persisted_query_is_kept_like_any_other_over_a_real_connection(
    gateway: Gateway, address: Address
) -> None:
    """By its hash, with its tag: 304, and the connection serves the next request."""
    asked = {"version": 1, "sha256Hash": hashlib.sha256(STATE.encode()).hexdigest()}
    variables = {"sid": gateway.sandbox.examples()["client"]}
    extensions = {"persistedQuery": asked}
    params = {"variables": json.dumps(variables), "extensions": json.dumps(extensions)}
    async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}") as client:
        missing = await client.get("/graphql", params=params)
        assert missing.headers["cache-control"] == "private, no-store"
        body = {"query": STATE, "variables": variables, "extensions": extensions}
        registered = await client.post("/graphql", json=body)
        first = await client.get("/graphql", params=params)
        assert first.content == registered.content
        assert first.headers["cache-control"].endswith(", immutable")
        known = {"If-None-Match": first.headers["etag"]}
        again = await client.get("/graphql", params=params, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get("/graphql", params=params)).content == first.content


async def test_a_tag_changes_with_the_answer(gateway: Gateway, clock: Clock) -> None:
    """A newer version of a call is sent whole."""
    version = "query($sid: CallSid!) { call(sid: $sid) { processing { version } } }"
    sid = gateway.sandbox.examples()["partial"]
    first = await get(gateway, version, sid=sid)
    clock.advance(3600)
    answer = await get(gateway, version, known=first.headers["etag"], sid=sid)
    assert answer.status_code == 200
    assert answer.headers["etag"] != first.headers["etag"]


async def test_what_was_called_immutable_never_changes(gateway: Gateway, clock: Clock) -> None:
    """Weeks later, asked for again at Twilio, the answer is the same to the byte."""
    sid = gateway.sandbox.examples()["client"]
    first = await get(gateway, STATE, sid=sid)
    assert first.headers["cache-control"].endswith(", immutable")
    clock.advance(WEEK * 1.5)
    with gateway.upstream() as requests:
        again = await get(gateway, STATE, known=first.headers["etag"], sid=sid)
    assert requests
    assert again.status_code == 304


async def test_media_types_have_tags_of_their_own(gateway: Gateway) -> None:
    """The same bytes, to be read in another way, are another answer."""
    answers = [await get(gateway, "{ __typename }", accept=accept) for accept in (JSON, GRAPHQL)]
    assert answers[0].content == answers[1].content
    assert answers[0].headers["etag"] != answers[1].headers["etag"]


async def test_what_is_not_kept_has_no_tag(gateway: Gateway) -> None:
    """A tag of personal data could be compared with."""
    query = "query($sid: CallSid!) { call(sid: $sid) { from { caller } } }"
    sid = gateway.sandbox.examples()["client"]
    answer = await get(gateway, query, known="*", sid=sid)
    assert answer.status_code == 200
    assert not answer.headers.keys() & {"etag", "age"}


async def test_a_post_is_answered_as_ever(gateway: Gateway) -> None:
    """No cache keeps it, so nothing is said or counted for one."""
    body = {"query": LIST}
    answer = await gateway.http.post("/graphql", json=body, headers={"If-None-Match": "*"})
    assert answer.status_code == 200
    assert not answer.headers.keys() & {"etag", "age", "cache-control"}


async def test_a_wait_is_kept_no_longer_than_its_answer(gateway: Gateway) -> None:
    """What a lookup waited for is as old as any."""
    query = (
        "query($sid: CallSid!) { callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 1) "
        "{ status } }"
    )
    sid = gateway.sandbox.examples()["client"]
    assert "immutable" in (await get(gateway, query, sid=sid)).headers["cache-control"]


MOMENTS = st.floats(min_value=0, max_value=10**6)


@given(st.lists(st.tuples(MOMENTS, MOMENTS, st.booleans())), MOMENTS)
def test_an_answer_is_kept_no_longer_than_anything_it_tells(
    parts: list[tuple[float, float, bool]], later: float
) -> None:
    """`max-age` less `Age` never passes the first end of it all, nor `Age` the oldest."""
    freshness = Freshness()
    for as_of, lasts, complete in parts:
        freshness.saw(NOON + as_of, NOON + as_of + lasts, complete=complete)
    now = max([NOON, *(NOON + as_of for as_of, _, _ in parts)]) + later
    headers = dict(cache_control(lifetime_of(freshness, Trait.NONE), now))
    control, age = headers[b"cache-control"].decode(), int(headers.get(b"age", b"0"))
    kept = re.search(r"max-age=(\d+)", control)
    assert ("no-cache" in control) is (kept is None)
    assert ("immutable" in control) <= all(complete for _, _, complete in parts)
    for as_of, lasts, _ in parts:
        assert age <= now - min(NOON + seen for seen, _, _ in parts)
        assert kept is None or int(kept[1]) - age <= NOON + as_of + lasts - now
