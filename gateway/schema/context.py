"""What a GraphQL request carries: who asks, and the verbs that answer."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import strawberry
from msgspec import Struct, field

from gateway.accounts import Account
from gateway.calls.verbs import Verbs
from gateway.insights.paging import Cursors
from gateway.schema.told import Told


class Context(Struct, frozen=True):
    """The context of one request. `request_id` is what the client sees and the log has.

    `init` is what the client of a WebSocket said of itself at its beginning, empty for others.
    `told` adds up how fresh the answer is, while it is made.
    """

    account: Account
    verbs: Verbs
    cursors: Cursors
    now: float
    page_grid: float
    request_id: str
    init: Mapping[str, Any] = {}
    told: Told = field(default_factory=Told)


Info: TypeAlias = strawberry.Info[Context, None]
