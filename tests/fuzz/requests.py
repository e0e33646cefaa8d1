"""HTTP requests and WebSocket messages from which inputs are made."""

import base64
import random
import struct
from typing import Any

from gateway.server.webhook import PATH
from tests.fuzz.inputs import as_json, mutated, strange, twisted

CALL = "query Call($sid: CallSid!) { call(sid: $sid) { sid state tags from { caller } } }"
LIST = "query List($n: Int) { calls(first: $n) { edges { cursor node { sid } } } }"
SUBSCRIPTION = "subscription S($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
DEFERRED = "query D($sid: CallSid!) { call(sid: $sid) { sid ... @defer { raw } } }"
ANNOTATE = "mutation A($input: AnnotateCallInput!) { annotateCall(input: $input) { call { sid } } }"
TYPES = "{ __schema { types { name fields { name } } } }"
DOCUMENTS = (
    CALL,
    LIST,
    SUBSCRIPTION,
    DEFERRED,
    ANNOTATE,
    TYPES,
    "{ viewer { name } }",
    "{__typename}",
)

SID = "CA" + "0f" * 16
VARIABLES = {"sid": SID, "n": 3, "input": {"sid": SID, "callScore": 3}}
ACCEPTS = (
    "application/json",
    "text/event-stream",
    "multipart/mixed",
    "*/*",
    "text/html",
    "a/b;q=2",
)
PATHS = (
    "/graphql",
    "/graphql/",
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/docs/",
    "/nowhere",
    PATH,
)
HEADERS = (
    *("Authorization: Bearer a.b.c", "X-Request-Id: 12345678", "Origin: https://evil.example"),
    *("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "If-None-Match: *"),
    *("Upgrade: h2c", "Connection: Upgrade", "Sec-Fetch-Site: cross-site", "X-Twilio-Signature: a"),
    *("Access-Control-Request-Method: POST", "Content-Encoding: gzip", "Accept-Encoding: gzip"),
)


def message(rng: random.Random) -> Any:
    """What a client asks, as the body of a request or the payload of a message."""
    asked: dict[str, Any] = {"query": rng.choice(DOCUMENTS), "variables": VARIABLES}
    if rng.random() < 0.3:
        query = mutated(rng, asked["query"].encode(), [one.encode() for one in DOCUMENTS])
        asked["query"] = query.decode("utf-8", "replace")
    if rng.random() < 0.2:
        asked["extensions"] = {
            "persistedQuery": {"version": 1, "sha256Hash": "0" * 64},
            "cost": True,
        }
    if rng.random() < 0.1:
        asked["operationName"] = strange(rng)
    return twisted(rng, asked) if rng.random() < 0.4 else asked


def request(rng: random.Random) -> bytes:
    """A whole request that means something."""
    method = rng.choice((*["POST"] * 9, "GET", "GET", "HEAD", "OPTIONS", "PUT", "BREW"))
    path = "/graphql" if rng.random() < 0.8 else rng.choice(PATHS)
    body = as_json(rng, message(rng))
    headers = ["Host: 127.0.0.1", f"Accept: {rng.choice(ACCEPTS)}"]
    headers += rng.sample(HEADERS, rng.choice((0, 0, 1, 3)))
    kind = rng.choice((*["application/json"] * 8, "application/json; charset=utf-8", "text/plain"))
    if method in {"GET", "HEAD"}:
        return _head(method, f"{path}?query=%7B__typename%7D&variables=%7B%7D", headers)
    headers.append(f"Content-Type: {kind}")
    if rng.random() < 0.3:
        chunked = [*headers, "Transfer-Encoding: chunked"]
        return _head(method, path, chunked) + _chunks(rng, body)
    return _head(method, path, [*headers, f"Content-Length: {len(body)}"]) + body


def _head(method: str, path: str, headers: list[str]) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", *headers, "", ""]).encode()


def _chunks(rng: random.Random, body: bytes) -> bytes:
    size = max(len(body) // 1000, rng.choice((1, 7, 100, 10**6)))
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    written = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    trailer = rng.choice((b"", b"", b"a: b\r\n", b"Authorization: Bearer x\r\n" * 3))
    return written + b"0\r\n" + trailer + b"\r\n"


def handshake() -> bytes:
    """A request that begins a WebSocket."""
    key = base64.b64encode(bytes(16)).decode()
    headers = ["Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"]
    headers += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    return _head("GET", "/graphql", [*headers, "Sec-WebSocket-Protocol: graphql-transport-ws"])


def frames(rng: random.Random) -> bytes:
    """Messages of graphql-transport-ws and other frames, most of them as they should be."""
    said = [{"type": "connection_init"}] if rng.random() < 0.9 else []
    said += [_protocol_message(rng) for _ in range(rng.choice((0, 1, 2, 5, 30)))]
    sent = b"".join(frame(rng, as_json(rng, one)) for one in said)
    for _ in range(rng.choice((0, 0, 1, 3))):
        sent += frame(rng, rng.randbytes(rng.choice((0, 1, 125, 126, 5000))), rng.randrange(16))
    return sent


def _protocol_message(rng: random.Random) -> Any:
    kind = rng.choice(
        ("subscribe", "subscribe", "subscribe", "complete", "ping", "pong", "next", "")
    )
    said = {"type": kind, "id": str(rng.randrange(3)), "payload": message(rng)}
    return twisted(rng, said) if rng.random() < 0.3 else said


def frame(rng: random.Random, payload: bytes, opcode: int = 1) -> bytes:
    """A frame as clients send it (RFC 6455 §5.2); now and then with other flags or lengths."""
    first = opcode | (0x80 if rng.random() < 0.9 else rng.choice((0, 0x40, 0xF0)))
    masked = 0x80 if rng.random() < 0.97 else 0
    size = len(payload) if rng.random() < 0.97 else rng.choice((0, 125, 2**16, 2**62))
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    mask = rng.randbytes(4) if masked else b""
    key = mask * (len(payload) // 4 + 1) if masked else bytes(len(payload))
    return head + mask + bytes(one ^ other for one, other in zip(payload, key, strict=False))


SEEDS = tuple(request(random.Random(seed)) for seed in range(60))
"""Requests to join others with."""
