"""Calls of a window, page by page, and one that is followed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.async_transport import AsyncTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from websockets.exceptions import ConnectionClosed, InvalidHandshake

ATTEMPTS = 5
REFUSED = 4401
PAGE = """
query Page($filter: CallFilter, $after: String) {
  calls(filter: $filter, first: 100, after: $after) {
    nodes { sid state }
    pageInfo { hasNextPage endCursor }
  }
}
"""
FOLLOW = """
subscription Follow($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version } } }
}
"""

Connect = Callable[[], AsyncTransport]
"""Makes a transport, with a token that is good now."""


async def ask(session: AsyncClientSession, query: str, **variables: Any) -> dict[str, Any]:
    """The answer. What may pass is asked again, after `retryAfterSeconds` if Twilio said so."""
    attempt = 1
    while True:
        try:
            return await session.execute(GraphQLRequest(query, variable_values=variables))
        except TransportQueryError as problem:
            told = (problem.errors or [{}])[0].get("extensions", {})
            if not told.get("retryable") or attempt == ATTEMPTS:
                raise
            await asyncio.sleep(told["retryAfterSeconds"] or 0.2 * 2**attempt)
            attempt += 1


async def calls(connect: Connect, **filters: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Each call that the filter finds, newest first."""
    more, after = True, None
    while more:
        async with Client(transport=connect()) as session:
            page = (await ask(session, PAGE, filter=filters, after=after))["calls"]
        for call in page["nodes"]:
            yield call
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]


async def follow(connect: Connect, sid: str) -> AsyncGenerator[dict[str, Any], None]:
    """What is told of a call, until its summary is complete, be the connection lost meanwhile.

    Raises PermissionError if the gateway does not know the token.
    """
    request = GraphQLRequest(FOLLOW, variable_values={"sid": sid})
    while True:
        try:
            async with Client(transport=connect()) as session:
                async for told in session.subscribe(request):
                    yield told["callUpdates"]
                return
        except (TransportConnectionFailed, InvalidHandshake, OSError) as problem:
            cause = problem.__cause__
            closed = cause.rcvd if isinstance(cause, ConnectionClosed) else None
            if closed is not None and closed.code == REFUSED:
                raise PermissionError(closed.reason) from problem
        await asyncio.sleep(1)  # and come back
