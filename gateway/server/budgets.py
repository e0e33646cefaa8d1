"""What HTTP clients are told of a budget: the headers that their libraries know.

`RateLimit-Limit`, `-Remaining` and `-Reset`, the last in seconds, and `RateLimit-Policy` are as in
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06.
"""

from gateway.schema.answers import Answer
from gateway.schema.demand_control import WINDOW


def told_of_budget(answer: Answer) -> dict[str, str]:
    """The headers of an answer to a viewer that has a budget."""
    if (allowance := answer.allowance) is None:
        return {}
    reset = str(allowance.reset)
    headers = {
        "RateLimit-Limit": str(allowance.limit),
        "RateLimit-Remaining": str(allowance.remaining),
        "RateLimit-Reset": reset,
        "RateLimit-Policy": f"{allowance.limit};w={WINDOW}",
    }
    return {**headers, "Retry-After": reset} if answer.exceeded else headers
