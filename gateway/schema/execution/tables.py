"""Executes a query for export, page by page, each page as any other request."""

from collections.abc import Awaitable, Callable

from gateway.schema.context import Context
from gateway.schema.documents.document import Document
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer
from gateway.schema.execution.execution import chosen
from gateway.schema.execution.executor import Executor
from gateway.schema.export import Table, table_of


class Tables:
    """Asks an executor for the pages of tables; `read` reads the documents of these."""

    def __init__(self, executor: Executor, read: Callable[[str], Awaitable[Document]]) -> None:
        self._executor = executor
        self._read = read

    async def table(self, request: Request, context: Context, *, counted: bool) -> Table | Answer:
        """The table that a request asks for, or the refusal of a request. Raises NoTable."""
        executor = self._executor
        document = await executor.read(request)
        execution = chosen(request, document, context)
        if isinstance(execution, Answer):
            return execution
        text, name, variables = document.text, request.operation_name, request.variables
        table = table_of(executor.schema, text, name, variables, counted=counted)
        return await executor.execute(request, document, context) if table is None else table

    async def page(self, table: Table, after: str | None, context: Context) -> Answer:
        """A page of a table, after a cursor."""
        document = await self._read(table.text)
        return await self._executor.execute(
            Request(table.text, table.asked(after)), document, context
        )
