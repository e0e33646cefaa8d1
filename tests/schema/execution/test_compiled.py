"""Compiled selections say what graphql-core says, to the byte."""

import json
from typing import Any

import hypothesis_graphql
import pytest
from graphql import StringValueNode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cache.memory_cache import MemoryCache
from gateway.calls.call import Call, Source
from gateway.config.viewers import Scope
from gateway.errors import UpstreamUnavailable
from gateway.insights.snapshot import snapshot_of
from gateway.instrumentation import OperationExecuted
from gateway.schema.documents.request import Request
from gateway.schema.execution.executor import Executor
from gateway.schema.types.node import encode_id
from tests.conftest import NOON
from tests.schema.both_ways import (
    COMPILED,
    PLAIN,
    SCHEMA,
    Read,
    agree,
    answer,
    failed_roots,
    silence,
)
from tests.schema.made_calls import SIGHTINGS, MadeCalls, calls, seen_again
from tests.schema.queries import SIDS, VARIABLES, queries

SCOPES = st.sampled_from(
    [
        frozenset({Scope.CALLS_READ, Scope.PII_READ}),
        frozenset({Scope.CALLS_READ}),
        frozenset({Scope.PII_READ}),
    ]
)
FAULTS = st.sampled_from([UpstreamUnavailable("Twilio cannot be asked."), ValueError("secret")])
GIVEN = st.lists(
    calls(spoilt=False) | calls(spoilt=True) | st.none() | FAULTS, min_size=1, max_size=3
)
MODERATE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@MODERATE
@given(query=queries(SCHEMA), variables=VARIABLES, made=GIVEN, scopes=SCOPES)
def test_a_compiled_query_answers_as_an_interpreted_one(
    query: str, variables: dict[str, Any], made: list[Any], scopes: frozenset[Scope]
) -> None:
    """The same bytes, errors and paths, with as many questions to Twilio, and as long to keep."""
    agree(Request(query, variables), made, scopes)


@MODERATE
@given(
    query=hypothesis_graphql.queries(
        SCHEMA,
        fields=["call", "calls", "callLookup", "nodes"],
        custom_scalars={
            "CallSid": st.sampled_from(SIDS).map(lambda sid: StringValueNode(value=sid)),
            "TimeBound": st.just(StringValueNode(value="4h")),
            "AccountSid": st.nothing(),
        },
    ),
    made=GIVEN,
    scopes=SCOPES,
)
def test_a_query_that_somebody_else_made_up_is_answered_alike(
    query: Any, made: list[Any], scopes: frozenset[Scope]
) -> None:
    """The law above, for the queries of a public generator."""
    agree(Request(str(query)), made, scopes)


@MODERATE
@given(
    query=queries(SCHEMA),
    variables=VARIABLES,
    made=GIVEN,
    asked=st.lists(st.tuples(SCOPES, st.none() | SIGHTINGS), min_size=4),
)
def test_what_is_remembered_is_what_would_be_made(
    query: str, variables: dict[str, Any], made: list[Any], asked: list[tuple[Any, Any]]
) -> None:
    """Whoever asked before, and with whichever scopes: JSON that is kept is found by the right.

    So it is when calls were seen again meanwhile, with the same summaries.
    """
    kept, request = MadeCalls(made, MemoryCache(max_bytes=2**24)), Request(query, variables)
    for scopes, sighting in asked:
        if sighting is not None:
            made = [seen_again(one, sighting) for one in made]
            kept.see(made)
        with silence():
            plainly = answer(PLAIN, Request(query, variables), made, scopes)
            known = answer(COMPILED, request, kept, scopes)
        if len(failed_roots(plainly) | failed_roots(known)) > 1:
            assert json.loads(known[0])["data"] == json.loads(plainly[0])["data"]
        else:
            assert known[0] == plainly[0]


@MODERATE
@given(
    st.sampled_from(["asOf", "source", "refreshAfter", "predictedComplete"]), st.lists(SIGHTINGS)
)
def test_what_changes_without_the_summary_is_told_anew(field: str, sightings: list[Any]) -> None:
    """The summary is the same, and what was made of it; how it was seen is not."""
    request = Request(f"{{ calls {{ nodes {{ processing {{ {field} }} }} }} }}")
    call: Any = Call(snapshot_of(b'{"call_sid":"CA1"}', NOON), Source.CACHE, None, NOON + 9, None)
    kept = MadeCalls([call], MemoryCache(max_bytes=2**20))
    for sighting in sightings:
        call = seen_again(call, sighting)
        kept.see([call])
        known = answer(COMPILED, request, kept, frozenset(Scope))[0]
        assert known == answer(PLAIN, request, [call], frozenset(Scope))[0]


@pytest.mark.parametrize(
    ("root", "how"),
    [
        (
            f'call(sid: "{SIDS[0]}") {{ sid processing {{ source }} annotation {{ spam }} }}',
            "compiled",
        ),
        (f'callLookup(sid: "{SIDS[0]}") {{ status call {{ raw }} }}', "compiled"),
        ("calls { nodes { diagnosis { headline findings { source heardBy } } } }", "compiled"),
        ("calls { edges { cursor node { id } } pageInfo { endCursor } }", "compiled"),
        (
            f'node(id: "{encode_id(SIDS[0])}") {{ ... on Call {{ edges {{ __typename }} }} }}',
            "compiled",
        ),
        (f'nodes(ids: ["{encode_id(SIDS[0])}"]) {{ id }}', "compiled"),
        ("viewer { name }", "compiled"),
        (f'call(sid: "{SIDS[0]}") {{ parentCall {{ sid }} }}', "interpreted"),
        ("__typename", "interpreted"),
        (f'call(sid: "{SIDS[1]}") {{ sid }}', "abandoned"),
    ],
)
async def test_what_frontends_ask_for_is_compiled(root: str, how: str) -> None:
    """All questions are; what looks another call up is interpreted, and errors are abandoned."""
    heard: list[Any] = []
    executor = Executor(SCHEMA, Read().read, introspection=True, hook=heard.append)
    request = Request(f"{{ {root} }}")
    call = Call(snapshot_of(b'{"call_sid":"CA1"}', NOON), Source.CACHE, None, NOON + 9, None)
    made = MadeCalls([call, UpstreamUnavailable("Twilio cannot be asked.")])

    document = await executor.read(request)
    if "calls" in root:
        made = MadeCalls([call])
    said = await executor.execute(request, document, made.context(frozenset(Scope)))

    assert heard == [OperationExecuted(how)]  # type: ignore[arg-type]
    assert bool(said.errors) is (how == "abandoned")


@given(
    st.sampled_from(
        [
            ("{ viewer @skip(if: true) { name } }", None),
            ("query($x: Boolean!) { viewer @include(if: $x) { name } }", {"x": False}),
            ("{ ... @skip(if: true) { viewer { name } } }", None),
        ]
    ),
    st.sampled_from([None, {"cost": True}]),
)
def test_a_query_of_which_nothing_is_left_is_answered_alike(
    asked: tuple[str, dict[str, Any] | None], extensions: dict[str, Any] | None
) -> None:
    """With an object that is empty, and told what it took."""
    request, scopes = Request(*asked, None, extensions), frozenset({Scope.CALLS_READ})
    agree(request, [], scopes)
    assert json.loads(answer(COMPILED, request, [], scopes)[0])["data"] == {}
