"""What all the verbs stand on."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.cache.leases import Leases
from gateway.cache.policy import Freshness
from gateway.cache.store import Store
from gateway.instrumentation import Hook
from gateway.upstream.client import InsightsClient

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse


class Ground(Struct, frozen=True):
    """The way to Twilio, what is remembered and for how long, and whose turn it is to ask.

    `hook` hears what happens; `clock` gives seconds since 1970. `warehouse` is None where none is
    kept.
    """

    client: InsightsClient
    store: Store
    freshness: Freshness
    leases: Leases
    hook: Hook
    clock: Callable[[], float]
    warehouse: "Warehouse | None" = None
