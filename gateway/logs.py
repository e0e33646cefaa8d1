"""Log lines: text for people, JSON for machines."""

import asyncio
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from gateway.settings import Settings

DELAY = 0.05
"""Seconds for which a line of log may wait for others: to write it alone costs more than it."""


class Fields:
    """A message that is not one text but several `fields`; `str` of it is for people."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields

    def __str__(self) -> str:
        """As words."""
        return " ".join(f"{name}={value}" for name, value in self.fields.items())


class TextLines(logging.Formatter):
    """One line, for people; an exception has its own below."""

    def __init__(self) -> None:
        super().__init__()
        self._second = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        second = int(record.created)
        if self._second[0] != second:  # once for all lines of a second
            shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            self._second = (second, shown)
        moment = f"{self._second[1]},{record.msecs:03.0f}"
        line = f"{moment} {record.levelname:<7} {record.name}  {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if isinstance(record.msg, Fields):
            line |= record.msg.fields
        else:
            line["message"] = record.getMessage()
        if (request_id := getattr(record, "request_id", None)) is not None:
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class Lines(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes lines of information together, within `DELAY` in an event loop; others at once."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        try:
            self._waiting.append(self.format(record))
            loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises
            if loop is None or record.levelno != logging.INFO:
                self.flush()
            elif len(self._waiting) == 1:
                loop.call_later(DELAY, self.flush)
        except Exception:  # noqa: BLE001 - nobody is to fail for a line of log
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits."""
        with self.lock:  # type: ignore[union-attr]
            if self._waiting:
                lines, self._waiting = self._waiting, []
                self.stream.write("\n".join(lines) + "\n")
            super().flush()


def _names_no_address(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's is not about a WebSocket: these tell the whole address."""
    return '"WebSocket ' not in str(record.msg)


def configure_logging(settings: Settings) -> None:
    """Send the log lines of this process to standard error."""
    level = logging.getLevelNamesMapping()[settings.gateway_log_level.upper()]
    for talkative in ("httpx", "aiocache"):  # of whole addresses and keys
        logging.getLogger(talkative).setLevel(logging.WARNING)
    served = logging.getLogger("uvicorn.error")
    served.setLevel(max(level, logging.INFO))  # below, it logs what is said over WebSockets
    served.addFilter(_names_no_address)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nobody reads
    handler = Lines(sys.stderr)
    handler.setFormatter(JsonLines() if settings.gateway_log_format == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
