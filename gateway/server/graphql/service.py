"""Bundles what all transports of GraphQL share: authentication, executor and quotas."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from gateway.concurrency.quotas import Quotas
from gateway.config.viewers import Viewer
from gateway.instrumentation import Hook, silent
from gateway.schema.context import Context
from gateway.schema.execution.executor import Executor
from gateway.schema.execution.tables import Tables
from gateway.server.access.authentication import Authenticator

MakeContext: TypeAlias = Callable[[str, Viewer], Context]
"""Makes the context of the request that has this id, and is this viewer's."""


class Service(NamedTuple):
    """Documents are read and executed by `executor`; `clock` gives seconds since 1970.

    `tables` asks the executor for tables, and `hook` hears of subscriptions.
    """

    executor: Executor
    tables: Tables
    context: MakeContext
    authenticator: Authenticator
    quotas: Quotas
    clock: Callable[[], float]
    hook: Hook = silent
