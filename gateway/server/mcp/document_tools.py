"""Runs the document of a tool as `/graphql` would, for the viewer that calls it."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import msgspec
from msgspec import Struct

from gateway.concurrency.background import task_scope
from gateway.config.viewers import Scope
from gateway.schema.context import Context
from gateway.schema.documents.document import Document
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer
from gateway.schema.types.field_traits import Trait
from gateway.server.graphql.service import Service
from gateway.server.mcp.caller import Caller, Report
from gateway.server.mcp.outcome import Outcome, outcome_of
from gateway.server.mcp.tool import LONGEST_WAIT, USUAL_WAIT, WAIT_ARGUMENT, Tool
from gateway.server.telemetry.request_log import note


class DocumentTool(Struct, frozen=True):
    """A tool whose document `service` runs; its data has no more than `most` bytes."""

    tool: Tool
    service: Service
    most: int

    async def call(self, arguments: dict[str, Any], caller: Caller, report: Report) -> Outcome:
        """The outcome. Raises QuotaSpent."""
        tool, quotas = self.tool, self.service.quotas
        seconds = arguments.pop(WAIT_ARGUMENT, USUAL_WAIT) if tool.follows else USUAL_WAIT
        if not (isinstance(seconds, int) and 1 <= seconds <= LONGEST_WAIT):
            return _refused_wait(seconds)
        request = Request(None, arguments, tool.name, document_id=tool.document_id)
        if not tool.follows:
            return await answered(self.service, request, caller, self.most)
        caller.place.move_to(quotas.connections)
        document, context = await begun(self.service, request, caller)
        stream = self.service.executor.stream(request, document, context)
        until = seconds if caller.lasting is None else min(seconds, caller.lasting)
        answer = await _last(stream, until, caller.endings, report)
        return await _noted(answer, caller, self.most, 0)


async def answered(service: Service, request: Request, caller: Caller, most: int) -> Outcome:
    """The outcome of a request that is answered in one piece."""
    document, context = await begun(service, request, caller)
    answer = await service.executor.execute(request, document, context)
    lasting = ttl_ms(document.traits, context, service.clock())
    return await _noted(answer, caller, most, lasting)


def ttl_ms(traits: Trait, context: Context, now: float) -> int:
    """For how long an answer holds, in milliseconds: until the first of it may change.

    Personal data that was shown as it is is not to be kept at all, as in HTTP caches.
    """
    freshness, shown = context.freshness, context.viewer.may(Scope.PII_READ)
    if freshness.as_of == math.inf or (shown and (freshness.personal or Trait.PERSONAL in traits)):
        return 0
    return max(0, int(1000 * (freshness.fresh_until - now)))


async def _last(
    stream: AsyncGenerator[Answer, None],
    seconds: float,
    endings: Sequence[asyncio.Event],
    report: Report,
) -> Answer:
    """The last answer of a stream, or the latest when the time is over or something ends it."""
    answer, number = Answer(b"{}", executed=True), 0
    async with aclosing(stream) as answers:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds) as bound, _ended_by(endings, bound):
                async for answer in answers:
                    number += 1
                    await report(number, _message(answer))
    return answer


@asynccontextmanager
async def _ended_by(
    endings: Sequence[asyncio.Event], bound: asyncio.Timeout
) -> AsyncIterator[None]:
    """Have any of the events be the end of a time, inside the `with` block."""

    async def end(event: asyncio.Event) -> None:
        await event.wait()
        bound.reschedule(asyncio.get_running_loop().time())

    async with task_scope(*map(end, endings)):
        yield


async def begun(service: Service, request: Request, caller: Caller) -> tuple[Document, Context]:
    """The document of a request, and the context in which it is executed."""
    document = await service.executor.read(request)
    note(caller.tally, document.operation(request.operation_name))
    return document, service.context(caller.tally.request_id, caller.viewer)


async def _noted(answer: Answer, caller: Caller, most: int, lasting: int) -> Outcome:
    caller.tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
    return await outcome_of(answer, most, lasting)


def _message(answer: Answer) -> str:
    """What an answer says about its call, for people who wait."""
    data: Mapping[str, Any] = msgspec.json.decode(answer.body).get("data") or {}
    lookup = next(iter(data.values()), None)
    return str(lookup.get("message", "")) if isinstance(lookup, dict) else ""


def _refused_wait(seconds: object) -> Outcome:
    return Outcome(
        f"BAD_USER_INPUT: `{WAIT_ARGUMENT}` is {seconds!r:.64}.\n"
        f"Instead: use a whole number from 1 to {LONGEST_WAIT}.",
        failed=True,
    )
