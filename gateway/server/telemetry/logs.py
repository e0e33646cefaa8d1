"""Formats log lines, as text or JSON, and writes them without blocking."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from gateway.config.settings import Settings

DELAY = 0.05
"""Seconds for which a line of log may wait for others: to write it alone costs more than it."""

MAX_WAITING = 2**20
"""Characters of lines that wait for whoever reads standard error."""

LAST_WORD = 1.0
"""Seconds for which a process that ends waits for its last lines to be written."""


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


class Lines(logging.Handler):
    """Writes lines in a thread of its own, so that nobody else waits for a slow reader.

    Lines of information are written together, within `DELAY`; others at once. Lines that find
    `MAX_WAITING` are dropped and counted, and a line says how many as soon as there is room.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._write = _writing_to(stream)
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._waiting: list[str] = []
        self._size = 0
        self._urgent = False
        self._reported = 0
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        try:
            self._take(self.format(record), urgent=record.levelno != logging.INFO)
        except Exception:  # noqa: BLE001 - nobody is to fail for a line of log
            self.handleError(record)
        if threading.current_thread() is threading.main_thread() and not _in_event_loop():
            self.flush()  # a command may be about to end

    def _take(self, line: str, *, urgent: bool) -> None:
        with self._changed:
            if self._size + len(line) > MAX_WAITING:
                self.dropped += 1
                return
            self._waiting.append(line)
            self._size += len(line)
            if urgent or len(self._waiting) == 1:
                self._urgent |= urgent
                self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Wait until all is written that was taken, if that takes no longer than `LAST_WORD`."""
        with self._changed:
            self._urgent = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._size, LAST_WORD)

    def _run(self) -> None:
        while True:
            lines = self._next()
            size = sum(map(len, lines))
            if unreported := self.dropped - self._reported:
                lines.append(self.format(_record_of_dropped(unreported)))
            lost = 0
            try:
                self._write("\n".join(lines) + "\n")
                self._reported += unreported
            except (OSError, ValueError):  # there is no reader any more
                lost = len(lines) - (unreported > 0)
            with self._changed:
                self.dropped += lost
                self._size -= size
                self._changed.notify_all()

    def _next(self) -> list[str]:
        """The lines to write next, as soon as there are any."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            self._changed.wait_for(lambda: self._urgent, DELAY)
            lines, self._waiting, self._urgent = self._waiting, [], False
            return lines


def lines_dropped() -> int:
    """How many lines of this process were dropped so far."""
    handlers = logging.getLogger().handlers
    return sum(handler.dropped for handler in handlers if isinstance(handler, Lines))


def _in_event_loop() -> bool:
    return asyncio._get_running_loop() is not None  # noqa: SLF001 - the public one raises


def _record_of_dropped(number: int) -> logging.LogRecord:
    message = "%d lines of log were dropped: standard error is read too slowly, or not at all"
    return logging.LogRecord("gateway.logs", logging.WARNING, "", 0, message, (number,), None)


def _writing_to(stream: TextIO) -> Callable[[str], object]:
    """What writes a text to a stream; past its buffer, which would be locked for all meanwhile."""
    try:
        file = stream.fileno()
    except OSError:  # it is one in memory
        return stream.write
    return lambda text: _write_all(file, text.encode(errors="backslashreplace"))


def _write_all(file: int, text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        try:
            rest = rest[os.write(file, rest) :]
        except BlockingIOError:  # somebody who shares the file has made it so
            time.sleep(DELAY)


def _of_server(record: logging.LogRecord) -> bool:
    """Whether to log a line of uvicorn's: none about a WebSocket, which tells the whole address.

    uvicorn calls its logger `uvicorn.error`, whatever it logs.
    """
    record.name = "uvicorn"
    return '"WebSocket ' not in str(record.msg)


def configure_logging(settings: Settings) -> None:
    """Send the log lines of this process to standard error."""
    level = logging.getLevelNamesMapping()[settings.gateway_log_level.upper()]
    for talkative in ("httpx", "aiocache"):  # of whole addresses and keys
        logging.getLogger(talkative).setLevel(logging.WARNING)
    served = logging.getLogger("uvicorn.error")
    served.setLevel(max(level, logging.INFO))  # below, it logs what is said over WebSockets
    served.addFilter(_of_server)
    logging.captureWarnings(capture=True)  # Python itself would write, and wait
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nobody reads
    handler = Lines(sys.stderr)
    handler.setFormatter(JsonLines() if settings.gateway_log_format == "json" else TextLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
