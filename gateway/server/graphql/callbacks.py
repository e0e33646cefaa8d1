"""Delivers subscriptions to the callback URL of a federation router, in the background."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager, suppress
from typing import Any, Self

from starlette.responses import Response

from gateway.concurrency.background import cancel_all, log_fault, task_scope
from gateway.concurrency.quotas import Place
from gateway.config.kinds import CallbackUrls
from gateway.config.settings import Settings
from gateway.errors import Forbidden, Unauthenticated, UpstreamUnavailable
from gateway.http_library import httpx
from gateway.request_stats import Tally, current
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer
from gateway.schema.results.error_policy import Shown
from gateway.server.access.authentication import Admission
from gateway.server.graphql.bodies import BadRequest
from gateway.server.graphql.callback_protocol import (
    PROTOCOL,
    Router,
    RouterGone,
    Sleep,
    subscription_of,
)
from gateway.server.graphql.negotiation import JSON
from gateway.server.graphql.responses import BufferedResponse
from gateway.server.graphql.service import Service
from gateway.server.graphql.subscription_events import Ending, reported
from gateway.server.telemetry.request_log import RequestLog
from gateway.subscription_instrumentation import EndReason
from gateway.upstream.proxies import Proxies
from gateway.upstream.transport import Bounded, Wire

_SECONDS = 10.0
"""That a router has for its answer."""

_GOODBYE = 2.0
"""Seconds for the last messages when the server stops."""

_ERRORS: Mapping[EndReason, Shown] = {
    "withdrawn": {
        "message": "The token has expired, or its viewer has changed: subscribe again.",
        "extensions": {"code": Unauthenticated.code},
    },
    "stopping": {
        "message": "This gateway stops: subscribe again.",
        "extensions": {"code": UpstreamUnavailable.code, "retryable": True},
    },
}
"""What a router is told of an end that is not the subscription's own."""


class ForbiddenCallback(BadRequest):
    """A callback URL that the settings do not name."""

    code = Forbidden.code


class Callbacks:
    """Subscriptions that are delivered to `allowed` addresses; `sleep` waits for seconds."""

    def __init__(
        self,
        allowed: CallbackUrls | None,
        service: Service,
        request_log: RequestLog,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._allowed = allowed
        transport = transport or httpx.AsyncBaseTransport()  # which sends nothing
        self._client = httpx.AsyncClient(transport=transport, timeout=None, trust_env=False)
        self._quota = service.quotas.connections
        self._hook = service.hook
        self._clock = service.clock
        self._request_log = request_log
        self._sleep = sleep
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def of(cls, settings: Settings, service: Service, request_log: RequestLog) -> Self:
        """To the addresses that the settings name."""
        allowed = settings.gateway_callback_urls
        wire = None if allowed is None else Bounded(Wire(Proxies.of(settings)), _SECONDS)
        return cls(allowed, service, request_log, wire)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """As long as the server; at its end, routers are told."""
        yield
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GOODBYE)
        await cancel_all(self._tasks)
        await self._client.aclose()

    async def begin(
        self,
        request: Request,
        answers: AsyncGenerator[Answer, None],
        admission: Admission,
        tally: Tally,
    ) -> Response:
        """Confirm a subscription at its router, and deliver its answers from now on.

        Raises BadRequest, and QuotaSpent.
        """
        router = self._router(request)
        with ExitStack() as held:
            place = held.enter_context(self._quota.enter(admission.viewer.name))
            await _confirm(router)
            held.pop_all()  # the place is the task's from now on
        task = asyncio.create_task(self._deliver(router, answers, admission, place, _own(tally)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_fault)
        response = BufferedResponse(JSON, b'{"data":null}', 200)
        response.headers.update(PROTOCOL)
        return response

    def _router(self, request: Request) -> Router:
        """The router of a request, if it may be called."""
        if self._allowed is None:
            raise BadRequest(406, "Subscriptions by callback are off: see GATEWAY_CALLBACK_URLS.")
        subscription = subscription_of(request)
        if not self._allowed.allow(subscription.callback_url):
            raise ForbiddenCallback(403, "GATEWAY_CALLBACK_URLS does not name this callback URL.")
        return Router(self._client, subscription, self._sleep)

    async def _deliver(
        self,
        router: Router,
        answers: AsyncGenerator[Answer, None],
        admission: Admission,
        place: Place,
        tally: Tally,
    ) -> None:
        """Send all answers, until something ends the subscription."""
        current.set(tally)  # in the context of this task
        ending = Ending()
        try:
            with place, suppress(RouterGone):
                async with aclosing(reported(answers, "callback", ending, self._hook)) as stream:
                    sending = _send(router, stream, tally)
                    await self._until_the_end(router, sending, admission, ending)
                if (error := _ERRORS.get(ending.reason)) is not None:
                    await router.complete([error])
        finally:
            self._request_log.callback(tally)

    async def _until_the_end(
        self,
        router: Router,
        sending: Coroutine[Any, Any, None],
        admission: Admission,
        ending: Ending,
    ) -> None:
        """Send, and check the router, until one of it ends. Raises RouterGone."""
        lasting = admission.lasting(self._clock())
        async with task_scope(
            sending, router.beat(), self._stopping.wait(), admission.withdrawn.wait()
        ) as tasks:
            await asyncio.wait(tasks, timeout=lasting, return_when=asyncio.FIRST_COMPLETED)
            for ended in tasks[:2]:
                if ended.done():
                    ended.result()
                    return
            ending.reason = "stopping" if tasks[2].done() else "withdrawn"


async def _confirm(router: Router) -> None:
    """See that the router wants the subscription. Raises BadRequest."""
    try:
        await router.check()
    except RouterGone:
        raise BadRequest(400, "The callback URL did not confirm the subscription.") from None


async def _send(router: Router, answers: AsyncGenerator[Answer, None], tally: Tally) -> None:
    """Send each answer, and the end; what was refused is the errors of the end."""
    errors: Sequence[Shown] = ()
    async for answer in answers:
        tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
        if answer.executed:
            await router.next(answer.body)
        else:
            errors = answer.errors
    await router.complete(errors)


def _own(tally: Tally) -> Tally:
    """Notes on the subscription, which is logged when it is over and not with its request."""
    own = Tally(tally.request_id, tally.trace_parent)
    own.viewer, own.client, own.cost = tally.viewer, tally.client, tally.cost
    own.kind, own.operation = tally.kind, tally.operation
    tally.kind = None
    return own
