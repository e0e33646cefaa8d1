"""Connects to a ClickHouse server, cluster or ClickHouse Cloud, by its HTTP interface.

Values go in the body of a request, so no address that a proxy logs holds one. When an asker leaves,
the connection closes, and the server ends the query.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import unquote, urlsplit

from clickhouse_connect import common
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver import create_async_client
from clickhouse_connect.driver.asyncclient import AsyncClient

from gateway.errors import GatewayError
from gateway.warehouse.block import Block
from gateway.warehouse.engine import (
    INSERT_SETTINGS,
    USUAL,
    Answer,
    Limits,
    Statement,
    settings_of,
)
from gateway.warehouse.failures import failure_of, late
from gateway.warehouse.slots import Slots

AT_ONCE, WAITING = 16, 256
"""Queries of one process that the server has at once, and that wait for their turn."""

_GRACE = 2.0
"""Seconds after the time of a query in which the server may say that it is over."""

_CONNECT, _WRITE = 5, 60
"""Seconds for a connection, and for the answer to an insert or a change of tables."""

_PORTS = {"clickhouse": 8123, "clickhouses": 8443}


class Remote:
    """A server; `open` connects to it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._slots = Slots(AT_ONCE, WAITING)

    @classmethod
    async def open(cls, url: str, password: str = "") -> Self:
        """Connect to `clickhouse[s]://user@host:port/database`. Raises WarehouseUnavailable."""
        parts = urlsplit(url)
        common.set_setting("invalid_setting_action", "drop")  # older servers lack some of ours
        async with _mapping_failures():
            client = await create_async_client(
                host=parts.hostname,
                port=parts.port or _PORTS[parts.scheme],
                secure=parts.scheme == "clickhouses",
                username=unquote(parts.username or "default"),
                password=password,
                database=unquote(parts.path.removeprefix("/")) or "default",
                connector_limit=AT_ONCE + 4,
                connector_limit_per_host=AT_ONCE + 4,
                connect_timeout=_CONNECT,
                send_receive_timeout=_WRITE,
                query_retries=0,
                form_encode_query_params=True,
                autogenerate_session_id=False,
                client_name="call-insights-gateway",
            )
        return cls(client)

    async def query(self, statement: Statement, limits: Limits = USUAL) -> Answer:
        """Ask, when it is the query's turn."""
        await self._slots.take(limits.seconds)
        try:
            async with _mapping_failures(), asyncio.timeout(limits.seconds + _GRACE):
                found = await self._client.query(
                    statement.sql,
                    parameters=dict(statement.parameters),
                    settings=settings_of(statement, limits, ""),
                    column_formats=dict(statement.formats),
                )
        finally:
            self._slots.give_back()
        return Answer(found.result_rows, int(found.summary.get("read_rows", 0)))

    async def command(self, statement: Statement) -> None:
        """Change tables, or what they hold."""
        async with _mapping_failures():
            await self._client.command(statement.sql, parameters=dict(statement.parameters))

    async def insert(self, block: Block) -> None:
        """Keep rows."""
        async with _mapping_failures():
            await self._client.insert(
                block.table,
                block.values,
                column_names=[column.name for column in block.columns],
                column_types=[get_from_name(column.sent_as) for column in block.columns],
                column_oriented=True,
                settings=dict(INSERT_SETTINGS),
            )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


@asynccontextmanager
async def _mapping_failures() -> AsyncIterator[None]:
    try:
        yield
    except GatewayError:
        raise
    except TimeoutError:
        raise late() from None
    except Exception as error:
        raise failure_of(error) from error
