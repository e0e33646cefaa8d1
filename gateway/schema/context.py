"""What a GraphQL request carries: who asks, and the verbs that answer."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import strawberry
from msgspec import Struct

from gateway.accounts import Account
from gateway.calls.verbs import Verbs
from gateway.insights.paging import Cursors


class Context(Struct, frozen=True):
    """The context of one request. `request_id` is what the client sees and the log has.

    `init` is what the client of a WebSocket said of itself at its beginning, empty for others.
    """

    account: Account
    verbs: Verbs
    cursors: Cursors
    now: float
    page_grid: float
    request_id: str
    init: Mapping[str, Any] = {}


Info: TypeAlias = strawberry.Info[Context, None]
