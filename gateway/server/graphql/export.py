"""Streams the pages of a query as one table, in constant memory.

The first page is asked for before anything is sent, so an error of it is an answer in JSON. One of
a later page breaks the body off without its last chunk: a part is never taken for the whole.
"""

from collections.abc import AsyncGenerator

import msgspec
from starlette.responses import Response
from starlette.types import Scope, Send

from gateway.concurrency.cooperative import in_turns
from gateway.config.viewers import Viewer
from gateway.request_stats import Tally
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer
from gateway.schema.export import NoTable, Page, Table
from gateway.server.access.authentication import Admission
from gateway.server.graphql.bodies import BadRequest
from gateway.server.graphql.negotiation import GRAPHQL_RESPONSE
from gateway.server.graphql.rate_limit_headers import budget_headers
from gateway.server.graphql.responses import BufferedResponse
from gateway.server.graphql.service import Service
from gateway.server.graphql.streamed_response import StreamedResponse, send_chunk, send_end
from gateway.server.graphql.tables import SUFFIXES, NoWriter, Writer, writer_of
from gateway.server.telemetry.request_log import note

TOTAL = "Total-Count"
"""The header that says how many rows there will be, where the client prefers to know."""

_ROWS = 50
"""Rows that are written in one turn."""

_decode = msgspec.json.decode


class Export(StreamedResponse):
    """A table that is sent page by page."""

    def __init__(self, media_type: str, writer: Writer, pages: AsyncGenerator[Page, None]) -> None:
        self._writer, self._pages = writer, pages
        name = f'attachment; filename="calls.{SUFFIXES[media_type]}"'
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        headers = {
            "Content-Type": f"{media_type}{charset}",
            "Content-Disposition": name,
            "Cache-Control": "private, no-store",
        }
        super().__init__(pages, headers)

    async def send_pieces(self, send: Send) -> None:
        """Send all rows; a page that fails ends the body without its end."""
        await send_chunk(send, self._writer.head())
        try:
            async for page in self._pages:
                async for body in self._written(page):
                    await send_chunk(send, body)
        except Broken:
            return
        await send_chunk(send, await self._writer.end())
        await send_end(send)

    async def _written(self, page: Page) -> AsyncGenerator[bytes, None]:
        """A page in pieces, written in turns with others."""
        parts = [page.nodes[at : at + _ROWS] for at in range(0, len(page.nodes), _ROWS)]
        async for part in in_turns(parts, 1):
            yield self._writer.rows(part)
        yield await self._writer.page()


class Broken(Exception):
    """A page after the first one failed."""


class Exports:
    """Responds to requests for tables."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def respond(
        self, scope: Scope, media_type: str, request: Request, admission: Admission
    ) -> Response:
        """The table, or the error of its first page. Raises BadRequest."""
        tally, viewer = scope["state"]["tally"], admission.viewer
        document = await self._service.executor.read(request)
        note(tally, document.operation(request.operation_name))
        context, counted = self._service.context(tally.request_id, viewer), _counted(scope)
        try:
            table = await self._service.tables.table(request, context, counted=counted)
            if isinstance(table, Answer):
                return _failed(table, tally)
            writer = writer_of(media_type, table.columns)
        except (NoTable, NoWriter) as problem:
            raise BadRequest(406, str(problem)) from None
        first = await self._service.tables.page(table, table.after, context)
        if first.errors:
            return _failed(first, tally)
        tally.answered((), executed=True, empty=False)
        page = table.page(_decode(first.body)["data"])
        response = Export(media_type, writer, self._pages(page, table, viewer, tally))
        response.raw_headers += budget_headers(first.allowance)
        if page.total is not None:
            response.headers[TOTAL] = str(page.total)
        return response

    async def _pages(
        self, page: Page, table: Table, viewer: Viewer, tally: Tally
    ) -> AsyncGenerator[Page, None]:
        """This page, and all that follow. Raises Broken."""
        yield page
        while page.following is not None:
            context = self._service.context(tally.request_id, viewer)
            answer = await self._service.tables.page(table, page.following, context)
            if answer.errors:
                tally.answered(answer.errors, executed=True, empty=False)
                raise Broken
            page = table.page(_decode(answer.body)["data"])
            yield page


def _counted(scope: Scope) -> bool:
    """Whether the client prefers to know how many rows there are (RFC 7240)."""
    prefers = [value for name, value in scope["headers"] if name == b"prefer"]
    return any(b"count=exact" in value.replace(b" ", b"") for value in prefers)


_STATUSES = {
    "BAD_USER_INPUT": 400,
    "COST_ESTIMATED_TOO_EXPENSIVE": 400,
    "DEADLINE_EXCEEDED": 504,
    "FORBIDDEN": 403,
    "INTERNAL_SERVER_ERROR": 500,
    "INVALID_CURSOR": 400,
    "UPSTREAM_RATE_LIMITED": 503,
    "WAREHOUSE_BUSY": 503,
    "WAREHOUSE_DISABLED": 503,
    "WAREHOUSE_UNAVAILABLE": 503,
}


def _failed(answer: Answer, tally: Tally) -> Response:
    """The error instead of a table: with a status that no reader of tables takes for one."""
    tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
    codes = [error["extensions"]["code"] for error in answer.errors]
    status = _STATUSES.get(codes[0], 502) if answer.executed else 400
    status = 429 if answer.exceeded else status
    response = BufferedResponse(GRAPHQL_RESPONSE, answer.body, status)
    response.raw_headers += budget_headers(answer.allowance, exceeded=answer.exceeded)
    return response
