"""Decides by the environment variables of OpenTelemetry whether traces are sent."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.config.extras import install

if TYPE_CHECKING:  # it needs the extra `otel`
    from gateway.server.telemetry.spans import Spans

_EXPORTER = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

logger = logging.getLogger(__name__)


@contextmanager
def sent_at_the_end(traces: "Spans | None") -> Iterator[None]:
    """Have no span lost that was made inside the `with` block."""
    yield
    if traces is not None:
        traces.close()


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether an exporter, or an endpoint to send to, is named."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get(_EXPORTER, "").strip().lower()
    if exporter not in {"", "none", "otlp"}:
        logger.warning("%s is %r: traces are sent by otlp, or not at all.", _EXPORTER, exporter)
        return False
    return exporter == "otlp" or (
        not exporter and any(environment.get(name, "").strip() for name in _ENDPOINTS)
    )


def traces_of(environment: Mapping[str, str]) -> "Spans | None":
    """What sends traces to where the environment says, if it does."""
    if not is_wanted(environment):
        return None
    try:
        from gateway.server.telemetry.spans import Spans  # noqa: PLC0415 - it needs an extra
    except ImportError:
        logger.warning(
            "Traces are wanted, and cannot be sent: in a checkout, run `%s`.", install("otel")
        )
        return None
    return Spans.by(environment)
