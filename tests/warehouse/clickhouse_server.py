"""A small server that speaks ClickHouse's HTTP interface over the engine in this process.

It takes what the client sends: statements in the body, in the address or in a form, values as
`param_…`, settings as other parameters, and blocks to insert after the statement, compressed or
not. What a real server has beside that (users, clusters, limits of its own) it has not.

`python -m tests.warehouse.clickhouse_server FOLDER PORT` serves a folder of its own.
"""

import asyncio
import base64
import contextlib
import email
import json
import re
import secrets
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import chdb
import lz4.frame
import uvicorn
from backports import zstd
from clickhouse_connect.driver._backend.chdb_backend import CHDB_TRANSPORT_SETTINGS
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_NO_SETTINGS = {"query", *CHDB_TRANSPORT_SETTINGS}
"""Parameters that are for the interface, and no settings of the engine."""

_INSERT = re.compile(rb"(?is)\s*INSERT\s+INTO\s+.+?\sFORMAT\s+Native\s*\n")
_CODE = re.compile(r"Code: (\d+)")
_UNPACK = {"lz4": lz4.frame.decompress, "zstd": zstd.decompress, None: bytes}


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form in parts."""
    whole = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts = (part for part in whole.walk() if not part.is_multipart())
    fields = ((part.get_param("name", header="content-disposition"), part) for part in parts)
    return {str(name): bytes(part.get_payload(decode=True)).decode() for name, part in fields}


class ClickHouseServer:
    """The application; `requests` are what it was asked, and `running` how much runs now."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self._folder = str(folder)
        self._password = password
        self._lock = threading.Lock()
        self.requests: list[tuple[str, bytes]] = []
        self.running = 0
        self.app = Starlette(
            routes=[Route("/ping", self._ping), Route("/", self._answer, methods=["GET", "POST"])]
        )

    async def _ping(self, _: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    async def _answer(self, request: Request) -> Response:
        if not self._may(request):
            headers = {"X-ClickHouse-Exception-Code": "516"}
            return PlainTextResponse("Code: 516. AUTHENTICATION_FAILED", 403, headers)
        values = dict(request.query_params)
        if request.headers.get("content-type", "").startswith("multipart/"):
            values |= _form(request.headers["content-type"], await request.body())
            body = b""
        else:
            encoding = request.headers.get("content-encoding")
            body = _UNPACK[encoding](await request.body())
        statement = values.get("query", "").encode()
        whole = statement + (b"\n" if statement and body else b"") + body
        self.requests.append((str(request.url.query), whole[:2000]))
        return await self._ended_by_leaving(request, values, whole)

    def _may(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        password = base64.b64decode(given).decode().partition(":")[2]
        return (password or request.headers.get("x-clickhouse-key", "")) == self._password

    async def _ended_by_leaving(
        self, request: Request, values: dict[str, str], whole: bytes
    ) -> Response:
        """Run a statement; end it when the client closes the connection and wants that."""
        connection, values["log_comment"] = chdb.connect(self._folder), secrets.token_hex(8)
        running = asyncio.create_task(asyncio.to_thread(self._run, connection, values, whole))
        ends = values.get("cancel_http_readonly_queries_on_client_close") == "1"
        while not running.done():
            await asyncio.wait({running}, timeout=0.05)
            if not running.done() and ends and await request.is_disconnected():
                await asyncio.to_thread(self._kill, values["log_comment"])
        return running.result()

    def _run(self, connection: Any, values: dict[str, str], whole: bytes) -> Response:
        self.running += 1
        try:
            return self._result(connection, values, whole)
        except RuntimeError as error:
            code = _CODE.search(str(error))
            headers = {"X-ClickHouse-Exception-Code": code[1] if code else "1000"}
            return PlainTextResponse(str(error), 500, headers)
        finally:
            self.running -= 1
            connection.close()

    def _result(self, connection: Any, values: dict[str, str], whole: bytes) -> Response:
        connection.query(f"USE `{values.get('database', 'default')}`", "TSV")
        for name, value in values.items():
            if name not in _NO_SETTINGS and not name.startswith("param_"):
                connection.query(f"SET {name} = '{value}'", "TSV")
        given = {n.removeprefix("param_"): v for n, v in values.items() if n.startswith("param_")}
        if (insert := _INSERT.match(whole)) is not None:
            result = self._insert(connection, insert[0].decode(), whole[insert.end() :])
        else:
            result = connection.query(whole.decode(), "TabSeparated", params=given)
        told = {"read_rows": str(result.rows_read()), "written_rows": "0"}
        headers = {
            "X-ClickHouse-Summary": json.dumps(told),
            "X-ClickHouse-Format": "Native" if b"FORMAT Native" in whole else "TabSeparated",
            "X-ClickHouse-Timezone": "UTC",
        }
        return Response(result.bytes() or b"", headers=headers)

    def _insert(self, connection: Any, statement: str, block: bytes) -> Any:
        with tempfile.NamedTemporaryFile() as file:
            file.write(block)
            file.flush()
            into = statement.rpartition("FORMAT")[0]
            return connection.query(f"{into} FROM INFILE '{file.name}' FORMAT Native", "TSV")

    def _kill(self, tag: str) -> None:
        with self._lock, contextlib.closing(chdb.connect(self._folder)) as connection:
            connection.query(
                "KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC",
                "TSV",
                params={"tag": tag},
            )


if __name__ == "__main__":
    uvicorn.run(ClickHouseServer(Path(sys.argv[1])).app, port=int(sys.argv[2]), log_level="error")
