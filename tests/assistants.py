"""Assistants without a model: clients of the official SDK, over HTTP and over a pipe."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ReadResourceResult, TextContent, TextResourceContents

Mode: TypeAlias = Literal["auto", "legacy"]
"""How a client begins: by the newest revision if the server has it, or by the handshake before."""


class Assistant:
    """Calls tools, and reads what comes back as a model would."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in (await self.client.list_tools()).tools}

    async def call(self, name: str, **arguments: Any) -> CallToolResult:
        result = await self.client.call_tool(name, arguments)
        assert isinstance(result, CallToolResult)
        return result

    async def data(self, name: str, **arguments: Any) -> Any:
        """The data of a tool that must not refuse."""
        result = await self.call(name, **arguments)
        assert not result.is_error, text_of(result)
        return result.structured_content["data"]

    async def refusal(self, name: str, **arguments: Any) -> str:
        """The text of a tool that must refuse."""
        result = await self.call(name, **arguments)
        assert result.is_error, text_of(result)
        return text_of(result)


def text_of(result: CallToolResult) -> str:
    """What a model reads of a result."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def read_of(result: ReadResourceResult) -> str:
    """What a resource holds."""
    (content,) = result.contents
    assert isinstance(content, TextResourceContents)
    return content.text


@asynccontextmanager
async def over_http(
    address: str, token: str | None = None, mode: Mode = "auto"
) -> AsyncIterator[Assistant]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"{address}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield Assistant(client)


@asynccontextmanager
async def over_a_pipe(
    environment: Mapping[str, str], mode: Mode = "auto"
) -> AsyncIterator[Assistant]:
    """A `gateway mcp` of its own, with these variables."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "tests.impatient", "mcp"],
        env={**os.environ, **environment},
    )
    async with Client(stdio_client(server), mode=mode) as client:
        yield Assistant(client)
