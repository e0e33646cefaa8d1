"""One request of a compiled operation: its root fields come to values, and these to JSON."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from gateway.calls.call import Call
from gateway.schema.compiled.selection import Misfit, Program
from gateway.schema.context import Context
from gateway.schema.reads import Reads
from gateway.schema.types.call import annotation_anew, annotation_of

_encode = msgspec.json.Encoder().encode


class Rendering:
    """Renders values for one request; to resolvers it is their `info`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._old: dict[int, Call] = {}
        self._renewed: dict[int, Call] = {}

    async def render(self, programs: Sequence[tuple[str, Program, Any]]) -> bytes:
        """The JSON of what the root fields came to, each under its key. Raises anything."""
        rendered = self._render(programs)
        if self._old:
            await self._renew()
            rendered = self._render(programs)
        return rendered

    def _render(self, programs: Sequence[tuple[str, Program, Any]]) -> bytes:
        return _encode({key: program.run(value, self) for key, program, value in programs})

    def call(self, program: Program, call: Call) -> msgspec.Raw:
        """The JSON of a call by a program of its own."""
        if call.__class__ is not Call:
            raise Misfit
        if Reads.AGED in program.reads:
            call = self._young(call)
        return msgspec.Raw(_encode(program.run(call, self)))

    def _young(self, call: Call) -> Call:
        """The call with an annotation that may be told; or the call as it is, to be renewed."""
        if (renewed := self._renewed.get(id(call))) is not None:
            return renewed
        if self.context.verbs.lookups.annotation_is_fresh(call):
            annotation_of(self.context, call.snapshot)
        else:
            self._old[id(call)] = call
        return call

    async def _renew(self) -> None:
        """Ask for all annotations that are too old, at the same time."""
        calls = list(self._old.values())
        asked = [annotation_anew(self.context, call.snapshot) for call in calls]
        for call, annotation in zip(calls, await asyncio.gather(*asked), strict=True):
            summary = replace(call.summary, annotation=annotation)
            snapshot = replace(call.snapshot, summary=summary)
            self._renewed[id(call)] = replace(call, snapshot=snapshot)
