"""Lists the tools of a gateway that a viewer may use, and calls them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from gateway.config.viewers import Viewer
from gateway.server.mcp.caller import Caller, Report
from gateway.server.mcp.outcome import Outcome
from gateway.server.mcp.tool import Tool

LOOK_UP = "look_up_call"


class Callable(Protocol):
    """A tool, and what is done when it is called."""

    @property
    def tool(self) -> Tool:
        """What clients see of it."""
        ...

    async def call(self, arguments: dict[str, Any], caller: Caller, report: Report) -> Outcome:
        """The outcome. Raises QuotaSpent."""
        ...


class Toolbox:
    """Tools by their names; of two with one name, the first is meant."""

    def __init__(self, tools: Iterable[Callable]) -> None:
        self._tools: dict[str, Callable] = {}
        for one in tools:
            self._tools.setdefault(one.tool.name, one)

    def of(self, viewer: Viewer) -> Sequence[Tool]:
        """The tools that a viewer may call."""
        return [one.tool for one in self._tools.values() if one.tool.is_for(viewer)]

    async def call(
        self, name: str, arguments: Mapping[str, Any], caller: Caller, report: Report
    ) -> Outcome | None:
        """The outcome of a tool; None when the viewer has no such tool. Raises QuotaSpent."""
        one = self._tools.get(name)
        if one is None or not one.tool.is_for(caller.viewer):
            return None
        if (problem := _unknown(one.tool, arguments)) is not None:
            return problem
        return await one.call(dict(arguments), caller, report)

    async def look_up(self, sid: str, caller: Caller) -> Outcome:
        """The outcome of looking up a call, but for its annotation: that may change at any time.

        Raises QuotaSpent.
        """
        arguments = {"sid": sid, "annotation": False}
        return await self._tools[LOOK_UP].call(arguments, caller, _nowhere)


async def _nowhere(_: int, __: str) -> None:
    """Reports progress to nobody."""


def _unknown(tool: Tool, arguments: Mapping[str, Any]) -> Outcome | None:
    """The refusal of an argument that a tool does not take; GraphQL would ignore it."""
    properties = tool.input_schema["properties"]
    for name in arguments:
        if name not in properties:
            accepted = ", ".join(f"`{one}`" for one in properties) or "no argument"
            message = f"BAD_USER_INPUT: `{name:.64}` is no argument of `{tool.name}`."
            return Outcome(f"{message}\nInstead: use {accepted}.", failed=True)
    return None
