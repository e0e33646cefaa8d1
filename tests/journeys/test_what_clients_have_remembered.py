"""All that a process remembers because of what clients send counts towards one bound.

The rule is ours: GATEWAY_CACHE_MAX_BYTES. Each kind of request here was made to take many times
the room of its own bytes: parsed, compiled, and with what was made of its variables.
"""

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from gateway.sandbox import Sandbox
from tests.live import Replica, replica
from tests.servers import serving

pytestmark = pytest.mark.processes

BOUND = 32 * 2**20
"""Bytes that may be remembered."""

BESIDE = 12 * 2**20
"""Bytes that a process may grow by otherwise: what is under way, and what is garbage still."""

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=20, arrivals=False)


def bodies(number: int) -> Iterator[bytes]:
    """Bodies of a kilobyte or eight that hold nothing but lists, or names."""
    for one in range(number):
        deep, wide = "[" * 500 + "]" * 500, json.dumps([[]] * 1500)
        yield f'{{"query":"{{__typename}}","variables":{{"v{one}":{deep}}}}}'.encode()
        yield f'{{"query":"{{__typename}}","variables":{{"v{one}":{wide}}}}}'.encode()


def documents(number: int) -> Iterator[bytes]:
    """Documents that are parsed and compiled anew, with all that is in them."""
    for one in range(number):
        fields = " ".join(f"a{n}: viewer {{ name @include(if: $x) account }}" for n in range(30))
        yield json.dumps({"query": f"query Q{one}($x: Boolean = true) {{ {fields} }}"}).encode()
        fields = " ".join(f"a{n}: viewer {{ b{one}: name account scopes }}" for n in range(40))
        yield json.dumps({"query": f"query {{ {fields} }}"}).encode()
        introspection = " ".join(f"a{n}: __type(name: $t) {{ name }}" for n in range(40))
        yield json.dumps(
            {"query": f'query Q{one}($t: String = "Call") {{ {introspection} }}'}
        ).encode()


def variables(number: int) -> Iterator[bytes]:
    """One document with ever other variables, which name calls that there are not."""
    for one in range(number):
        yield json.dumps({"query": CALL, "variables": {"sid": f"CA{one:032x}"}}).encode()
        ids = [f"{one}-{n}" for n in range(100)]
        query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
        yield json.dumps({"query": query, "variables": {"ids": ids}}).encode()


async def ask(one: Replica, asked: Iterator[bytes]) -> None:
    """Ask all of these, one after the other."""
    where = urlsplit(one.address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for body in asked:
        head = (
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        told = await reader.readuntil(b"\r\n\r\n")
        (length,) = (
            line for line in told.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()


async def test_whatever_clients_send_no_more_is_remembered(sandbox: Sandbox) -> None:
    """Bodies, documents and variables together, each of which alone would be more than that."""
    settings = {"GATEWAY_CACHE_MAX_BYTES": str(BOUND)}
    with serving(sandbox.app) as upstream, replica(sandbox, upstream, None, **settings) as one:
        for kind in (bodies, documents, variables):
            await ask(one, kind(10))
        before = one.memory()
        await ask(one, bodies(600))
        await ask(one, documents(60))
        await ask(one, variables(1000))
        grown = one.memory() - before
    assert grown < BOUND + BESIDE
