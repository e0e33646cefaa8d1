"""Nothing of the catalogue is lost between Twilio's JSON and a client's answer."""

import itertools
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
)

from gateway.config.settings import Settings
from gateway.insights.call_events import CallEvent
from gateway.insights.call_metrics import MetricSample
from gateway.insights.catalogue import Entity, OpenMap, Vocabulary, graph_name
from gateway.insights.conversation_relay import (
    RelayLanguages,
    RelayLanguageSetting,
    RelaySettings,
)
from gateway.insights.field_decoding import bare
from gateway.insights.open_maps import PacketDelays
from gateway.insights.summary import Summary
from gateway.instrumentation import KeyUnknown
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway

NOT_UPSTREAM = {
    "id",
    "processing",
    "edges",
    "parentCall",
    "raw",
    "callerHash",
    "calleeHash",
    "estimatedMos",
    "diagnosis",
    "metrics",
    "events",
}
EXTENDED = {"Call", "Party", "GatewayInboundStream", "GatewayOutboundStream"}
"""The types that have fields beside those of Twilio."""


class Values:
    """Makes values that occur nowhere else, as Twilio writes them and as the graph does."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._words: dict[type[Vocabulary], Iterator[Any]] = {}
        self._flags = itertools.cycle([True, False])

    def entity(self, kind: type[Entity]) -> tuple[dict[str, Any], dict[str, Any]]:
        upstream, graph = {}, {}
        hints = get_type_hints(kind, include_extras=True)
        names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        for attribute, name in names:
            written, read = self.value(bare(hints[attribute]))
            upstream[name] = written
            resource_own = kind is Summary and name.startswith("call_")
            graph[graph_name(name.removeprefix("call_") if resource_own else name)] = read
        return upstream, graph

    def value(self, kind: Any) -> tuple[Any, Any]:
        number = next(self._numbers)
        if get_origin(kind) is tuple:
            pairs = [self.value(bare(get_args(kind)[0])) for _ in range(2)]
            return [written for written, _ in pairs], [read for _, read in pairs]
        if isinstance(kind, type) and issubclass(kind, OpenMap):
            return self.open_map(kind, number)
        if isinstance(kind, type) and issubclass(kind, Entity):
            return self.entity(kind)
        if isinstance(kind, type) and issubclass(kind, Vocabulary):
            words = self._words.setdefault(kind, itertools.cycle(_words(kind)))
            word = next(words)
            return word.value, word.name
        return self.scalar(getattr(kind, "__origin__", kind), number)

    def scalar(self, kind: Any, number: int) -> tuple[Any, Any]:
        value: Any = {
            "datetime": f"2026-05-28T{number % 24:02}:{number % 60:02}:{number // 60 % 60:02}Z",
            "float": number + 0.25,
            "int": number,
            "BigInt": number + 2**40,
            "CallSid": f"CA{number:032x}",
            "AccountSid": f"AC{number:032x}",
            "str": f"text {number}",
        }.get(kind.__name__)
        value = next(self._flags) if kind is bool else value
        return value, value

    def open_map(self, kind: type[OpenMap], number: int) -> tuple[Any, Any]:
        if kind is PacketDelays:
            return {f"d{number}": 2**33}, [{"thresholdMs": number, "packets": 2**33}]
        if kind is RelaySettings:
            return {f"setting {number}": f"text {number}"}, [
                {"name": f"setting {number}", "value": f"text {number}"}
            ]
        if kind is RelayLanguages:
            names = RelayLanguageSetting.__struct_fields__[1:]
            values = {name: f"{name} {number}" for name in names}
            read = {graph_name(name): value for name, value in values.items()}
            return {f"language {number}": values}, [{"language": f"language {number}", **read}]
        return {f"event {number}": 2**33}, [{"name": f"event {number}", "count": 2**33}]


def _words(kind: type[Vocabulary]) -> list[Vocabulary]:
    return [word for word in kind if word.name not in {"UNRECOGNIZED", "UNKNOWN"}]


def _select_all(kind: Any) -> str:
    """A selection of all fields of a type, to the leaves."""
    parts = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if kind.name in EXTENDED and name in NOT_UPSTREAM:
            continue
        if is_leaf_type(inner):
            parts.append(name)
        else:
            assert isinstance(inner, GraphQLObjectType | GraphQLInterfaceType)
            parts.append(f"{name} {_select_all(inner)}")
    return "{ " + " ".join(parts) + " }"


async def test_every_leaf_comes_back_with_its_own_value(clock: Clock) -> None:
    """One query built from introspection returns each leaf that was set upstream, as it was set."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    upstream, graph = Values().entity(Summary)
    upstream |= {"account_sid": sandbox.account_sid, "processing_state": "complete"}
    graph |= {"accountSid": sandbox.account_sid, "processingState": "COMPLETE"}
    sandbox.add(upstream)
    gateway = Gateway(sandbox, clock, Settings())

    introspected = await gateway.ask(get_introspection_query())
    schema = build_client_schema(introspected)  # type: ignore[arg-type]
    selection = _select_all(schema.type_map["Call"])
    data = await gateway.ask(
        f"query($sid: CallSid!) {{ call(sid: $sid) {selection} }}", sid=upstream["call_sid"]
    )

    assert data["call"] == graph
    assert len(list(_leaves(graph))) > 250
    assert gateway.happenings
    assert not [h for h in gateway.happenings if "field" in type(h).__struct_fields__]


async def test_raw_is_what_twilio_said(clock: Clock) -> None:
    """A field that the gateway does not know yet is in `raw`, word for word."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    summary = {
        "account_sid": sandbox.account_sid,
        "call_sid": f"CA{1:032x}",
        "processing_state": "complete",
        "call_type": "telepathy",
        "invented_in_2027": {"depth": [1, None, "✓"]},
    }
    sid = sandbox.add(summary)
    gateway = Gateway(sandbox, clock, Settings())
    data = await gateway.ask("query($s: CallSid!) { call(sid: $s) { type raw } }", s=sid)
    assert data["call"]["type"] == "UNRECOGNIZED"
    assert data["call"]["raw"]["call_type"] == "telepathy"
    assert data["call"]["raw"]["invented_in_2027"] == summary["invented_in_2027"]


async def test_a_key_that_is_new_is_counted_by_name_and_is_in_raw(clock: Clock) -> None:
    """Since 2026-10-01 summaries of blocked calls carry the SIP `Reason`, under a key of Twilio's.

    Nobody outside knows its name, so operators learn it here: from lookups and from lists, as soon
    as somebody reads what it stands in.
    """
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    said = {"last_sip_response_num": 603, "reason_of_blocking": {"network": "Example"}}
    sids = [sandbox.add({"processing_state": "complete", "properties": said}) for _ in range(2)]
    async with Gateway(sandbox, clock, Settings()) as gateway:
        query = "query($s: CallSid!) { call(sid: $s) { properties { lastSipResponseNum } raw } }"
        call = (await gateway.ask(query, s=sids[0]))["call"]
        listed = await gateway.ask("{ calls { nodes { raw properties { pddMs } } } }")
        page = (await gateway.http.get("/metrics")).text
    assert call["properties"] == {"lastSipResponseNum": 603}
    assert {str(one["raw"]["properties"]) for one in listed["calls"]["nodes"]} == {str(said)}
    assert call["raw"]["properties"] == said
    name = "properties.reason_of_blocking"
    assert gateway.happenings.count(KeyUnknown(name)) == 3
    assert f'gateway_keys_unknown_total{{field="{name}"}} 3.0' in page


async def test_names_of_keys_are_bounded_as_labels(clock: Clock) -> None:
    """Ours: keys that are made up without end make no metrics without end, nor tell a number."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    keys = {f"key_{number}": 1 for number in range(300)} | {"n14155550142": 1}
    sid = sandbox.add({"processing_state": "complete", "properties": keys})
    async with Gateway(sandbox, clock, Settings()) as gateway:
        await gateway.ask("query($s: CallSid!) { call(sid: $s) { properties { pddMs } } }", s=sid)
        page = (await gateway.http.get("/metrics")).text
    assert 90 < page.count("gateway_keys_unknown_total{") <= 101
    assert "4155550142" not in page


async def test_a_field_of_the_wrong_type_costs_that_field_alone(clock: Clock) -> None:
    """The call survives, the field is null, and operators can see which it was."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    sid = sandbox.add(
        {
            "account_sid": sandbox.account_sid,
            "call_sid": f"CA{1:032x}",
            "processing_state": "complete",
            "duration": "about a minute",
            "connect_duration": 2**40,
            "start_time": "2026-05-28T18:00:00+02:00",
            "properties": {"last_sip_response_num": 0, "pdd_ms": 12},
            "carrier_edge": {},
            "tags": None,
        }
    )
    gateway = Gateway(sandbox, clock, Settings())
    data = await gateway.ask(
        "query($s: CallSid!) { call(sid: $s) { duration connectDuration startTime tags "
        "properties { lastSipResponseNum pddMs } carrierEdge { __typename } } }",
        s=sid,
    )
    assert data["call"] == {
        "duration": None,
        "connectDuration": None,
        "startTime": "2026-05-28T16:00:00Z",
        "tags": [],
        "properties": {"lastSipResponseNum": None, "pddMs": 12},
        "carrierEdge": None,
    }
    metrics = (await gateway.http.get("/metrics")).text
    assert 'gateway_fields_dropped_total{field="duration"} 1.0' in metrics
    assert 'gateway_fields_dropped_total{field="connect_duration"} 1.0' in metrics


async def test_the_world_of_the_sandbox_is_read_without_loss(gateway: Gateway) -> None:
    """Nothing that the sandbox writes is dropped or unknown, and every call can be listed."""
    await gateway.ask(
        '{ calls(first: 1000, filter: { startTime: "4w", processingState: ALL }) '
        "{ nodes { sid } } }"
    )
    lost = [h for h in gateway.happenings if "field" in type(h).__struct_fields__]
    assert lost == []


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def test_the_values_are_really_different() -> None:
    """The test above could not mistake one leaf for another: texts and numbers are all unique."""
    upstream, _ = Values().entity(Summary)
    leaves = [leaf for leaf in _leaves(upstream) if isinstance(leaf, str) and "text" in leaf]
    assert len(leaves) == len(set(leaves)) > 50
    assert msgspec.json.encode(upstream)


async def test_every_leaf_of_metrics_and_events_comes_back(clock: Clock) -> None:
    """The same of a sample and an event, in one query over both."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    values, sid = Values(), f"CA{0:032x}"
    own = {"call_sid": sid, "account_sid": sandbox.account_sid, "edge": "sdk_edge"}
    told = {"callSid": sid, "accountSid": sandbox.account_sid, "edge": "SDK"}
    (sample, metric), (event, happened) = values.entity(MetricSample), values.entity(CallEvent)
    sandbox.add(
        {
            "call_sid": sid,
            "processing_state": "complete",
            "sdk_edge": {"events": {"levels": {"a": 1}}},
        },
        metrics=[sample | own],
        events=[event | own],
    )
    gateway = Gateway(sandbox, clock, Settings())

    schema = build_client_schema(await gateway.ask(get_introspection_query()))  # type: ignore[arg-type]
    data = await gateway.ask(
        "query($sid: CallSid!) { call(sid: $sid) {"
        f" metrics {{ nodes {_select_all(schema.type_map['MetricSample'])} }}"
        f" events {{ nodes {_select_all(schema.type_map['CallEvent'])} }} }} }}",
        sid=sid,
    )

    assert data["call"]["metrics"]["nodes"] == [metric | told]
    assert data["call"]["events"]["nodes"] == [happened | told]
    assert len(list(_leaves([metric, happened]))) > 200
    assert not [h for h in gateway.happenings if "field" in type(h).__struct_fields__]
