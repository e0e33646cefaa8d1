"""Whatever is in a summary, it is read in the time of its size."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from gateway.insights.decoding import Undecodable
from gateway.insights.summary_decoding import decode_summary
from tests.growth import grows_no_faster, no_collector


def with_field(name: str, value: object) -> bytes:
    return json.dumps({"call_sid": "CA1", name: value}).encode()


def raw(text: str) -> bytes:
    return f'{{"call_sid":"CA1",{text}}}'.encode()


def levels(value: object, number: int) -> bytes:
    return with_field(
        "sdk_edge", {"events": {"levels": {f"k{one}": value for one in range(number)}}}
    )


SUMMARIES: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "keys that nobody knows": (
        2_000,
        lambda n: with_field("x", {f"k{one}": 1 for one in range(n)}),
    ),
    "such keys beside others": (2_000, lambda n: raw(",".join(f'"k{one}":1' for one in range(n)))),
    "such keys in a list": (
        1_000,
        lambda n: with_field("agent_session_summaries", [{"session_id": "a", "mood": 1}] * n),
    ),
    "empty objects": (2_000, lambda n: with_field("agent_session_summaries", [{}] * n)),
    "counts": (4_000, lambda n: levels(1, n)),
    "counts that are none": (1_000, lambda n: levels("many", n)),
    "words that nobody knows": (
        1_000,
        lambda n: with_field("tags", [f"word {one}" for one in range(n)]),
    ),
    "a long word": (50_000, lambda n: with_field("call_type", "a-" * n)),
    "a long text": (200_000, lambda n: with_field("url", "x" * n)),
    "quotes in a text": (50_000, lambda n: with_field("url", '"' * n)),
    "what looks like nothing": (10_000, lambda n: with_field("url", ': "unknown"' * n)),
    "braces in a text": (50_000, lambda n: raw(f'"url":"{"{}" * n}","from":{{}}')),
    "blanks": (50_000, lambda n: raw(f'"from":{{"caller":null{" " * n}}}')),
    "blanks behind colons": (1_000, lambda n: raw(f'"url":"{(":" + " " * 50) * n}"')),
    "objects in which nothing is": (
        2_000,
        lambda n: raw(",".join(f'"k{one}":{{"a":null}}' for one in range(n))),
    ),
    "a long object in which little is": (
        4_000,
        lambda n: raw('"from":{' + '"a":null,' * n + '"city":"b"},"to":{}'),
    ),
    "one key often": (4_000, lambda n: raw('"duration":1,' * n + '"duration":2')),
    "digits": (50_000, lambda n: raw(f'"duration":{"9" * n}')),
    "lists in lists": (50_000, lambda n: raw(f'"x":{"[" * n}{"]" * n}')),
}


@pytest.mark.parametrize("kind", SUMMARIES)
async def test_a_summary_takes_no_more_than_its_size(kind: str) -> None:
    """Ours: one that is four times as large takes about four times as long, right or wrong."""
    size, make = SUMMARIES[kind]
    bodies: dict[int, Any] = {number: make(number) for number in (size, 4 * size)}

    async def read(number: int) -> None:
        with suppress(Undecodable):
            decode_summary(bodies[number])

    with no_collector():
        assert await grows_no_faster(read, size)
