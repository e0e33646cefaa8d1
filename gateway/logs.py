"""Log lines: text for people, JSON for machines."""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.settings import Settings

_TEXT = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"


class Fields:
    """A message that is not one text but several `fields`; `str` of it is for people."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields

    def __str__(self) -> str:
        """As words."""
        return " ".join(f"{name}={value}" for name, value in self.fields.items())


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


def configure_logging(settings: Settings) -> None:
    """Send the log lines of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    as_json = settings.gateway_log_format == "json"
    handler.setFormatter(JsonLines() if as_json else logging.Formatter(_TEXT))
    logging.basicConfig(level=settings.gateway_log_level.upper(), handlers=[handler], force=True)
