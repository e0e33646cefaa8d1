"""What traces cost beside what they are about, in time of the processor."""

import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import median

import msgspec
from graphql import parse
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from prometheus_client import CollectorRegistry
from starlette.types import Message

from gateway.instrumentation import CacheAsked, Hook, OperationAnswered, silent
from gateway.request_stats import Client, Tally, current
from gateway.schema.documents.document import Document
from gateway.schema.documents.usage import Usage
from gateway.schema.operations import build_schema
from gateway.server.telemetry.field_usage import FieldUsage
from gateway.server.telemetry.operation_names import Labels
from gateway.server.telemetry.spans import Decide, Spans
from tests.conftest import Gateway

ASK = """query Jitter($sid: CallSid!) {
  call(sid: $sid) { sid type state startTime endTime duration tags processing { isFinal } }
}"""
ROUNDS, TIMES = 15, 300


class Encoding(SpanProcessor):
    """Encodes what it is given as it would be sent, in batches of the usual size."""

    def __init__(self) -> None:
        self._waiting: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self._waiting.append(span)
        if len(self._waiting) == 512:
            encode_spans(self._waiting).SerializeToString()
            self._waiting.clear()


@contextmanager
def unwatched() -> Iterator[None]:
    """Nobody counts lines inside the `with` block: that costs more than what is measured."""
    watching = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(watching)


def seconds(work: Callable[[], None]) -> float:
    """The processor's time for one piece of work."""
    begun = time.process_time()
    for _ in range(TIMES):
        work()
    return (time.process_time() - begun) / TIMES


def cost_of(decide: Decide) -> Callable[[], float]:
    """Of the spans of an operation that the cache answers, in seconds; two, if they are sampled."""
    spans = Spans(decide, Resource({}), Encoding())
    happened = (
        CacheAsked("summary", "hit"),
        OperationAnswered("query", "Jitter", "ok", (), 0.001),
    )

    def tell(hook: Hook) -> None:
        token = current.set(Tally("0123456789abcdef"))
        for one in happened:
            hook(one)
        current.reset(token)

    return lambda: seconds(lambda: tell(spans)) - seconds(lambda: tell(silent))


async def cost_of_an_answer(gateway: Gateway) -> Callable[[], Awaitable[float]]:
    """Of one from the cache, from the HTTP request to the last byte, without the server's part."""
    sid = gateway.sandbox.examples()["client"]
    await gateway.ask(ASK, sid=sid)
    body = msgspec.json.encode({"query": ASK, "variables": {"sid": sid}})
    headers = [
        (b"host", b"127.0.0.1"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    statuses, bodies = set[int](), set[bytes]()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.add(message["status"])
        else:
            bodies.add(message["body"])

    async def cost() -> float:
        begun = time.process_time()
        for _ in range(TIMES):
            await gateway.app({**scope, "state": {}}, receive, send)
        return (time.process_time() - begun) / TIMES

    await cost()
    assert statuses == {200}
    assert [sid in body.decode() and b"errors" not in body for body in bodies] == [True]
    return cost


async def test_traces_of_a_hundredth_cost_less_than_a_twentieth(gateway: Gateway) -> None:
    """Of the shortest of answers, with the encoding of what is sent; longer ones cost less.

    One is measured right after the other, for a machine is not as fast at all times.
    """
    answer = await cost_of_an_answer(gateway)
    never, always = cost_of(lambda *_: False), cost_of(lambda *_: True)
    with unwatched():
        rounds = [(await answer(), never(), always()) for _ in range(ROUNDS)]
    of_none = median(none / whole for whole, none, _ in rounds)
    of_all = median(every / whole for whole, _, every in rounds)
    of_a_hundredth = 0.99 * of_none + 0.01 * of_all
    print(  # noqa: T201 - the figures
        f"Of an answer, spans cost {of_all:.1%} if all are sampled, {of_none:.1%} if none is, "
        f"{of_a_hundredth:.1%} if a hundredth is."
    )
    assert of_a_hundredth < 0.05


async def test_field_usage_costs_less_than_a_fiftieth_of_a_warm_answer(gateway: Gateway) -> None:
    """A request adds one to a number; what that stands for is worked out in the background."""
    answer = await cost_of_an_answer(gateway)
    usage = FieldUsage(CollectorRegistry(), Labels())
    used = Usage(build_schema(), Document(None), parse(ASK).definitions[0])  # type: ignore[arg-type]
    one = OperationAnswered("query", "Jitter", "ok", (), 0.001, Client("web", "1.2"), used)
    with unwatched():
        rounds = [(await answer(), seconds(lambda: usage.count(one))) for _ in range(ROUNDS)]
    share = median(counting / whole for whole, counting in rounds)
    print(f"Of a warm answer, counting its fields costs {share:.2%}.")  # noqa: T201 - the figure
    assert share < 0.02
