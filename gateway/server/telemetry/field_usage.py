"""Counts which client uses which field, argument, input field and enum value.

A request counts one: which operation, and whose. What that uses is added up later, in the
background and a few operations at a time, so a warm answer pays for one addition.
"""

from prometheus_client import CollectorRegistry

from gateway.instrumentation import Listeners, OperationAnswered, ProcessMeasured
from gateway.schema.documents.usage import Usage
from gateway.server.telemetry.metrics import Make
from gateway.server.telemetry.operation_names import OTHER, Labels

MOST_WAITING = 1000
"""Pairs of operation and client that wait to be added up; of further ones nothing is counted."""

AT_ONCE = 20
"""Operations that are looked through at once, for the first time."""

MOST_SERIES = 10_000
"""Pairs of coordinate and client that are told apart; of further ones the client is `other`."""

UNNAMED = "unnamed"
"""The client of a request that names none."""


class FieldUsage:
    """A counter by coordinate and client; `clients` are the labels of these."""

    def __init__(self, registry: CollectorRegistry, clients: Labels) -> None:
        self._clients = clients
        self._waiting: dict[tuple[Usage, str], int] = {}
        self._series: set[tuple[str, str]] = set()
        self._used = Make(registry).counter(
            "gateway_field_usage",
            "Operations that use a field, argument, input field or enum value, by client.",
            *("coordinate", "client"),
        )

    def listeners(self) -> Listeners:
        """What it listens to: operations, and every few seconds that it is time to add up."""
        return {OperationAnswered: self.count, ProcessMeasured: lambda _: self.add_up()}

    def count(self, one: OperationAnswered) -> None:
        """Count an operation that was executed."""
        if (used := one.usage) is None:
            return
        client = one.client
        pair = used, UNNAMED if client is None else self._clients.of(client[0])
        try:
            self._waiting[pair] += 1
        except KeyError:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[pair] = 1

    def add_up(self) -> None:
        """Add up what waits: all that is known already, and a few operations that are new."""
        new = 0
        for used, client in list(self._waiting):
            if "coordinates" not in vars(used):
                new += 1
                if new > AT_ONCE:
                    continue
            number = self._waiting.pop((used, client))
            for coordinate in used.coordinates:
                self._used(coordinate, self._label(coordinate, client)).inc(number)

    def _label(self, coordinate: str, client: str) -> str:
        series = coordinate, client
        if series in self._series:
            return client
        if len(self._series) >= MOST_SERIES:
            return OTHER
        self._series.add(series)
        return client
