"""Reports each request that is sent to Twilio, and its outcome, to the hook."""

import asyncio
import time
from typing import NamedTuple

from gateway.http_library import httpx
from gateway.instrumentation import Hook, Outcome, UpstreamAnswered
from gateway.upstream.failures import absence, reason_of_exception, reason_of_response
from gateway.upstream.responses import outcome, request_id
from gateway.upstream.transport import BodyTooLarge, Layer


class _End(NamedTuple):
    """How a request ended, as the fields of UpstreamAnswered; `status` is 0 without an answer."""

    status: int
    request_id: str | None
    outcome: Outcome | None
    reason: str | None


class Instrumented(Layer):
    """Has the hook hear of every attempt."""

    def __init__(self, inner: httpx.AsyncBaseTransport, hook: Hook) -> None:
        super().__init__(inner)
        self._hook = hook

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, and tell of it."""
        started = time.perf_counter()
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as error:
            self._tell(request, time.perf_counter() - started, _without_answer(error))
            raise
        self._tell(request, time.perf_counter() - started, _with(response, request))
        return response

    def _tell(self, request: httpx.Request, seconds: float, end: _End) -> None:
        asked = request.extensions
        self._hook(
            UpstreamAnswered(
                asked["account"],
                asked["resource"],
                end.status,
                seconds,
                end.request_id,
                asked.get("attempt", 1),
                end.outcome,
                end.reason,
            )
        )


def _without_answer(error: BaseException) -> _End:
    if isinstance(error, asyncio.CancelledError):
        return _End(0, None, None, None)
    how = Outcome.ANSWERED if isinstance(error, BodyTooLarge) else Outcome.FAILED
    return _End(0, None, how, reason_of_exception(error))


def _with(response: httpx.Response, request: httpx.Request) -> _End:
    """A 403 refuses the credentials, too, unless it is about a state or a subaccount."""
    how, status = outcome(response), response.status_code
    if status == httpx.codes.FORBIDDEN and not (absence(response) or _subaccount(request)):
        how = Outcome.REFUSED
    wrong = how in {Outcome.REFUSED, Outcome.FAILED}
    return _End(status, request_id(response), how, reason_of_response(response) if wrong else None)


def _subaccount(request: httpx.Request) -> bool:
    """Whether a question is about a subaccount, which may be one that the asker made up."""
    return "Subaccount" in request.url.params
