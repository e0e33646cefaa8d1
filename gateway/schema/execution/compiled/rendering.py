"""Renders a compiled operation: resolves its root fields, and writes them as JSON."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.calls.call import Call, Source
from gateway.concurrency.cooperative import in_turns, next_turn
from gateway.insights.annotation import Annotation
from gateway.schema.context import Context
from gateway.schema.execution.compiled.selection import Misfit, Program
from gateway.schema.types.call import annotation_anew, annotation_of
from gateway.schema.types.connection import CallConnection
from gateway.schema.types.field_traits import Reads
from gateway.schema.types.search import CallSearchConnection

_encode = msgspec.json.Encoder().encode

_MARK = b"\xff"
_MARKED = msgspec.Raw(_MARK)
"""A byte that no JSON has, in the place of a call whose JSON is made, or remembered, by itself."""

_FEW = 10
"""So many calls are rendered without waiting for a turn."""

_FRAGMENT_SIZE = 150
"""Bytes that remembering takes, beside the JSON itself."""


class Rendering:
    """Renders values for one request; to resolvers it is their `info`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._calls: list[bytes] = []
        self._ready: dict[tuple[int, int], bytes] = {}
        self._old: dict[int, Call] = {}
        self._renewed: dict[int, Annotation | None] = {}

    async def render(self, programs: Sequence[tuple[bytes, Program, Any]]) -> list[bytes]:
        """The answer with what the root fields came to, each under its key, in pieces.

        Raises anything.
        """
        rendered = await self._render(programs)
        if self._old:
            await self._renew()
            rendered = await self._render(programs)
        return rendered

    async def _render(self, programs: Sequence[tuple[bytes, Program, Any]]) -> list[bytes]:
        pieces, before = [b'{"data":{'], b""
        for key, program, value in programs:
            if before:
                await next_turn()
            pieces += (before, key)
            if value.__class__ is CallConnection:
                pieces += await self._connection(program, value)
            elif value.__class__ is CallSearchConnection:
                pieces += await self._long(program, value, value.calls)
            else:
                pieces += self._pieces(program, value)
            before = b","
        pieces.append(b"}}")
        return pieces

    async def _connection(self, program: Program, value: CallConnection) -> list[bytes]:
        """The JSON of a stretch of a list, as it is remembered, in pieces."""
        stretch = value.stretch
        entry = None if Reads.AGED in program.reads else stretch.entry
        how = (program.key, self.context.viewer.realm.account.signing_key, value.bounds)
        cached: list[bytes] | None = None if entry is None else entry.derived(how, stretch)
        if cached is not None:
            return cached
        pieces = await self._long(program, value, [one.call for one in stretch.calls])
        if entry is not None:
            entry.keep(how, stretch, pieces, sum(map(len, pieces)))
        return pieces

    async def _long(self, program: Program, value: Any, calls: Sequence[Call]) -> list[bytes]:
        """The JSON of a value with these calls in it, in pieces; of many in turns with others."""
        if len(calls) > _FEW:
            await self._get_ready(program.inner, calls)
        return self._pieces(program, value)

    async def _get_ready(self, programs: Sequence[Program], calls: Sequence[Call]) -> None:
        """Make the JSON of the calls of a long list, in turns with others."""
        for program in programs:
            async for call in in_turns(calls):
                self._ready[id(program), id(call)] = self._json(program, call)

    def _pieces(self, program: Program, value: Any) -> list[bytes]:
        """The JSON of a value, in pieces: what is between the calls, and the calls."""
        between = _encode(program.run(value, self)).split(_MARK)
        calls, self._calls = self._calls, []
        pieces = [b""] * (2 * len(calls) + 1)
        pieces[::2], pieces[1::2] = between, calls
        return pieces

    def call(self, program: Program, call: Call) -> msgspec.Raw:
        """A place for the JSON of a call, which is made by a program of its own."""
        if call.__class__ is not Call:
            raise Misfit
        if Reads.AGED in program.reads:
            self._see_age_of(call)
        ready = self._ready.get((id(program), id(call)))
        self._calls.append(self._json(program, call) if ready is None else ready)
        return _MARKED

    def _json(self, program: Program, call: Call) -> bytes:
        """The JSON of a call, as it is remembered."""
        entry, of = call.entry, call if Reads.SOURCE in program.reads else call.summary
        if Reads.AGED in program.reads and id(call) in self._renewed:
            entry = None
        if entry is None or (of is call and call.source is Source.UPSTREAM):
            return _encode(program.run(call, self))
        account = self.context.viewer.realm.account
        key = account.signing_key if Reads.ACCOUNT in program.reads else b""

        def write() -> tuple[bytes, int]:
            json = _encode(program.run(call, self))
            return json, len(json) + _FRAGMENT_SIZE

        return entry.once((program.key, key, call.snapshot.predicted), of, write)

    def annotation(self, call: Call) -> Annotation | None:
        """The annotation of a call, as it was renewed if it was too old."""
        return self._renewed.get(id(call), call.summary.annotation)

    def _see_age_of(self, call: Call) -> None:
        """Tell how old the annotation of a call is, or that it has to be renewed."""
        if id(call) in self._renewed:
            return
        if self.context.call_service.lookups.annotation_is_fresh(call):
            annotation_of(self.context, call.snapshot)
        else:
            self._old[id(call)] = call

    async def _renew(self) -> None:
        """Ask for all annotations that are too old, at the same time."""
        asked = [annotation_anew(self.context, call.snapshot) for call in self._old.values()]
        self._renewed |= zip(self._old, await asyncio.gather(*asked), strict=True)
