"""Writes one log line for each request, under the id that its client received.

A request is one over HTTP, or one operation on a WebSocket. Its line says what the request took;
never a query string, a variable or a body.
"""

import logging
import random
import re
import time
from typing import Any
from urllib.parse import quote

from graphql import OperationDefinitionNode

from gateway.instrumentation import Hook, OperationAnswered, RequestAnswered
from gateway.request_stats import Tally
from gateway.server.telemetry.logs import Fields
from gateway.server.telemetry.operation_names import ANONYMOUS, shown_name

logger = logging.getLogger("gateway.requests")

_LONGEST_PATH = 256
_SANE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


def note(tally: Tally, operation: OperationDefinitionNode | None) -> None:
    """Note which operation is asked for."""
    if operation is not None:
        tally.kind = operation.operation.value
        if operation.name is not None:
            tally.operation = shown_name(operation.name.value)


class _Line(Fields):
    """What a request took: all of it for machines, what is worth reading for people."""

    def __str__(self) -> str:
        words = []
        for name, value in self.fields.items():
            if name in _PLAIN:
                words.append(str(value))
            else:
                words.append(f"{value} ms" if name == "milliseconds" else f"{name}={value}")
        return " ".join(words)


class _Record(logging.LogRecord):
    """A record of a line, made without looking for where in the program it comes from."""

    def __init__(self, line: _Line, request_id: str) -> None:
        created = time.time()
        self.__dict__ = {
            **_ALWAYS,
            "msg": line,
            "created": created,
            "msecs": created % 1 * 1000,
            "request_id": request_id,
        }


_PLAIN = frozenset({"method", "path", "status"})
_ALWAYS = vars(logging.LogRecord(logger.name, logging.INFO, "", 0, "", (), None))


class RequestLog:
    """Writes a line for each request that is over, and tells `hook` what metrics count."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def operation(self, tally: Tally) -> None:
        """An operation on a WebSocket is over."""
        self._over({"method": "WS", "path": "/graphql"}, tally)

    def callback(self, tally: Tally) -> None:
        """A subscription that was delivered to a callback URL is over."""
        self._over({"method": "CALLBACK", "path": "/graphql"}, tally)

    def message(self, tally: Tally) -> None:
        """A message of the Model Context Protocol over standard input is over."""
        self._over({"method": "MCP", "path": "-"}, tally)

    def request(self, method: str, path: str, route: str | None, status: int, tally: Tally) -> None:
        """An HTTP request is over, which was routed to `route`."""
        self._hook(RequestAnswered(route, status))
        shown = path if path == route else _shown(path)
        self._over({"method": method, "path": shown, "status": status}, tally)

    def _over(self, fields: dict[str, Any], tally: Tally) -> None:
        seconds = time.perf_counter() - tally.started
        if tally.kind is not None or tally.outcome is not None:
            outcome = tally.outcome or "ok"  # of a stream that its client left before an answer
            self._hook(
                OperationAnswered(
                    tally.kind,
                    tally.operation,
                    outcome,
                    tally.codes,
                    seconds,
                    tally.client,
                    tally.usage,
                )
            )
        if logger.isEnabledFor(logging.INFO):
            fields["milliseconds"] = round(seconds * 1000, 1)
            _tell(fields, tally)
            logger.handle(_Record(_Line(fields), tally.request_id))


def _shown(path: str) -> str:
    """A path that no route has, cut short and without the end of a line: anybody chooses it."""
    return quote(path[:_LONGEST_PATH]) + "..." * (len(path) > _LONGEST_PATH)


def _tell(fields: dict[str, Any], tally: Tally) -> None:
    """Add what is known of a GraphQL request; nothing of any other."""
    if tally.viewer is not None:
        fields["viewer"] = tally.viewer
    if tally.client is not None:
        fields["client"] = "/".join(filter(None, tally.client))
    if tally.kind is not None:
        fields["kind"] = tally.kind
        fields["operation"] = tally.operation or ANONYMOUS
        fields["outcome"] = tally.outcome
    if tally.codes:
        fields["errors"] = ",".join(tally.codes)
    if tally.cost is not None:
        fields["cost"] = tally.cost
        fields["upstream_requests"] = tally.upstream_requests
    if tally.twilio_ids:
        fields["twilio_request_ids"] = ",".join(tally.twilio_ids)
    if tally.trace_id is not None:
        fields["trace_id"] = tally.trace_id


def request_id_of(given: str) -> str:
    """The id that a client gave its request, if it is a sane one; or another."""
    return given if _SANE.fullmatch(given) else f"{random.getrandbits(64):016x}"
