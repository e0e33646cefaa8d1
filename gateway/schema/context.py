"""Defines the context of a GraphQL request: its viewer, and the operations on calls."""

import math
from typing import TypeAlias

import strawberry
from msgspec import Struct, field

from gateway.calls.service import CallService
from gateway.concurrency.deadlines import OneAsker, now
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.insights.paging import Cursors
from gateway.schema.demand_control.budgets import Expenses
from gateway.schema.results.freshness import Freshness


class Context(Struct, frozen=True):
    """The context of one request. `request_id` is what the client sees and the log has.

    `deadline` is how many seconds there are to answer. While the answer is made, `freshness` adds
    up how fresh it is, and `expenses` what it costs.
    """

    viewer: Viewer
    call_service: CallService
    cursors: Cursors
    now: float
    page_grid: float
    request_id: str
    deadline: float = math.inf
    freshness: Freshness = field(default_factory=Freshness)
    expenses: Expenses = field(default_factory=Expenses)

    @property
    def realm(self) -> Realm:
        """The calls that the viewer may see. Raises Forbidden when they are none."""
        self.viewer.must(Scope.CALLS_READ, "This")
        return self.viewer.realm

    def asker(self) -> OneAsker:
        """Who asks upstream for this request, or for one event of it, from now on."""
        return OneAsker(self.viewer.name, until=now() + self.deadline)


Info: TypeAlias = strawberry.Info[Context, None]
