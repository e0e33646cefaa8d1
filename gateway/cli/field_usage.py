"""Reads which clients use which field, from a gateway's metrics or a Prometheus server."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from gateway.http_library import httpx
from gateway.schema.language.breaking_changes import Usage

METRIC = "gateway_field_usage"
QUERY = f"sum by (coordinate, client) (increase({METRIC}_total[30d]))"
_PATIENCE = 30.0
"""Seconds that an answer may take."""


class NoUsage(Exception):
    """There is no usage to be had there; the message says why."""


def usage_at(url: str) -> Usage:
    """By coordinate and client: since the gateway's start, or of 30 days. Raises NoUsage.

    An address that ends with `/metrics` is that of a gateway, any other one that of a Prometheus.
    """
    of_a_gateway = urlsplit(url).path.endswith("/metrics")
    address = url if of_a_gateway else f"{url.rstrip('/')}/api/v1/query"
    parameters = None if of_a_gateway else {"query": QUERY}
    try:
        answer = httpx.get(address, params=parameters, timeout=_PATIENCE).raise_for_status()
        found = _of_metrics(answer.text) if of_a_gateway else _of_query(answer.content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise NoUsage(f"{url} has no usage of fields: {error}.") from error
    usage: dict[str, dict[str, float]] = {}
    for coordinate, client, number in found:
        if number > 0:
            usage.setdefault(coordinate, {})[client] = number
    if not usage:
        raise NoUsage(f"{url} has no usage of fields: no client was counted yet.")
    return usage


def _of_metrics(text: str) -> list[tuple[str, str, float]]:
    return [
        (sample.labels["coordinate"], sample.labels["client"], sample.value)
        for family in text_string_to_metric_families(text)
        if family.name == METRIC
        for sample in family.samples
    ]


def _of_query(body: bytes) -> list[tuple[str, str, float]]:
    rows: list[Any] = msgspec.json.decode(body)["data"]["result"]
    return [
        (row["metric"]["coordinate"], row["metric"]["client"], float(row["value"][1]))
        for row in rows
    ]
