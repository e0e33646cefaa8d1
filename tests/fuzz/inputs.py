"""Inputs that are nearly right: what is well formed, cut, doubled, joined and overwritten."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b":", b";", b",", b" ", b"\t", b'"', b"%", b"\xff", b"\xc3("),
    *(
        b"0\r\n\r\n",
        b"5\r\nhello\r\n",
        b"ffffffffffffffff\r\n",
        b"-1",
        b"0",
        b"1e999",
        b"\xef\xbb\xbf",
    ),
    *(
        b"Content-Length: 5\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Expect: 100-continue\r\n",
    ),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n"),
    *(b"Upgrade: websocket\r\n", b"Host: \r\n", b"Trailer: a\r\n", b"HTTP/0.9", b"HTTP/2.0"),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"{", b"}", b"[", b"]", b"null", b"\\ud800", b"\\u0000"),
)
"""What has a meaning somewhere."""

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**30, 0.1, 1e308, -0.0),
    *(
        "",
        " ",
        "0",
        "null",
        "unknown",
        "a" * 5000,
        "\0",
        "\ud800",
        "é",
        "+14155550100",
        "../..",
        "$x",
    ),
    *([], {}, [[]], [None], {"": None}, {"sid": {}}, [[[[[[[[]]]]]]]], {"a": {"a": {"a": {}}}}),
)
"""Values that JSON can have and few expect."""


def mutated(rng: random.Random, data: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Some bytes with a few changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        data = rng.choice(_CHANGES)(rng, data, others)
    return data


def _overwrite(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]


def _insert(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(TOKENS) + data[place:]


def _remove(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.choice((1, 2, 8, 64)) :]


def _cut(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _repeat(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    piece = data[place : place + rng.choice((1, 4, 40))]
    return data[:place] + piece * rng.choice((2, 3, 100, 3000)) + data[place:]


def _join(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others) if others else data
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _noise(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.randbytes(rng.choice((1, 2, 16, 200))) + data[place:]


_CHANGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    *(_overwrite, _overwrite, _insert, _insert, _remove, _cut, _repeat, _join, _noise),
)


def twisted(rng: random.Random, value: Any) -> Any:
    """A JSON value in which something else stands in a few places."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        value = _replaced(rng, value)
    return value


def _replaced(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        how = rng.random()
        if how < 0.1:
            return {name: one for name, one in value.items() if name != key}
        if how < 0.2:
            return {**value, rng.choice(("", "sid", "call_sid", "\u0000", "ключ")): strange(rng)}
        return {**value, key: _replaced(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.randrange(len(value))
        return [*value[:place], _replaced(rng, value[place]), *value[place + 1 :]]
    return strange(rng)


def strange(rng: random.Random) -> Any:
    """A value that few expect."""
    chosen = rng.choice(STRANGE)
    return rng.choice((chosen, chosen, [chosen] * rng.choice((1, 3, 500)), {"sid": chosen}))


def as_json(rng: random.Random, value: Any) -> bytes:
    """JSON of a value, now and then as only lenient parsers take it."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, allow_nan=True)
    return text.encode("utf-8", "surrogatepass")


def repacked(rng: random.Random, packed: bytes) -> bytes:
    """MessagePack of another value than the one that is given; or what is none."""
    try:
        value = msgspec.msgpack.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return mutated(rng, packed)
    try:
        return msgspec.msgpack.encode(twisted(rng, value))
    except (UnicodeEncodeError, OverflowError):
        return mutated(rng, packed)
