"""Serves the Model Context Protocol over standard input and output: `gateway mcp`."""

import asyncio
import os
from typing import TYPE_CHECKING

import click

from gateway.cli.command import Command
from gateway.cli.environment import check_documents, environment_with, settings_of
from gateway.config.file import configuration_of
from gateway.config.names import TOKEN

if TYPE_CHECKING:
    from gateway.server.mcp.endpoint import Endpoint


@click.command(
    "mcp",
    cls=Command,
    examples=(
        ("gateway mcp", "as the command of an MCP server, in the settings of an assistant"),
        (f"{TOKEN}=… gateway mcp", "where GATEWAY_CONFIG names viewers"),
    ),
    statuses=("its input ended", "", "wrong settings or options"),
)
def mcp() -> int:
    """The MCP server over standard input and output.

    It asks Twilio by the settings of `gateway serve`, for the viewer whose token is in
    GATEWAY_TOKEN. Logs go to standard error. A gateway that runs serves the same at `/mcp`, with
    GATEWAY_MCP.
    """
    from gateway.server.app import create_app
    from gateway.server.telemetry.tracing import traces_of

    variables = environment_with(mcp="true")
    settings = settings_of(variables)
    check_documents(settings)
    app = create_app(settings, configuration_of(settings, variables), traces=traces_of(os.environ))
    served: Endpoint = app.state.mcp

    async def serve() -> None:
        async with app.router.lifespan_context(app):
            await served.over_pipe(variables.get(TOKEN))

    asyncio.run(serve())
    return 0
