"""Writes the budget of a viewer as `RateLimit` headers.

`RateLimit-Limit`, `-Remaining` and `-Reset`, the last in seconds, and `RateLimit-Policy` are as in
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06.
"""

from gateway.schema.demand_control.budgets import WINDOW, Allowance

NAMES = ("RateLimit-Limit", "RateLimit-Policy", "RateLimit-Remaining", "RateLimit-Reset")
"""The headers of an answer to a viewer that has a budget."""

_POLICY_WINDOW = b";w=%d" % WINDOW


def budget_headers(
    allowance: Allowance | None, *, exceeded: bool = False
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer to a viewer that has a budget, and may have exceeded it."""
    if allowance is None:
        return []
    limit, reset = b"%d" % allowance.limit, b"%d" % allowance.reset
    headers = [
        (b"ratelimit-limit", limit),
        (b"ratelimit-remaining", b"%d" % allowance.remaining),
        (b"ratelimit-reset", reset),
        (b"ratelimit-policy", limit + _POLICY_WINDOW),
    ]
    return [*headers, (b"retry-after", reset)] if exceeded else headers
