"""Stacks the transports to Twilio, in the order in which a request passes them."""

from gateway.http_library import httpx
from gateway.instrumentation import Hook, silent
from gateway.upstream.availability import Availability
from gateway.upstream.circuit_breaker import CircuitBreaker, FailFast
from gateway.upstream.concurrency_limit import ConcurrencyLimit
from gateway.upstream.instrumented import Instrumented
from gateway.upstream.retry import Retries
from gateway.upstream.transport import Bounded


def transport_stack(
    transport: httpx.AsyncBaseTransport,
    concurrency: int,
    seconds: float,
    hook: Hook = silent,
) -> httpx.AsyncBaseTransport:
    """A transport that asks Twilio as it wants to be asked.

    `concurrency` requests of an account may be under way at once, and each may take so many
    `seconds`. The circuit breaker stands behind the line, where all see how the others fared, and
    is asked before it too, so that nobody waits for a refusal.
    """
    watched = Availability(hook)
    breaker = CircuitBreaker(Instrumented(Bounded(transport, seconds), watched), hook=watched)
    shares = ConcurrencyLimit(breaker, concurrency, hook=hook)
    return Retries(FailFast(shares, breaker))
