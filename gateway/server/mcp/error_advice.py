"""Lists advice to assistants for each error code."""

from collections.abc import Iterable, Mapping
from typing import Any

INSTEAD: Mapping[str, str] = {
    "GRAPHQL_PARSE_FAILED": "Mend the syntax of the document.",
    "GRAPHQL_VALIDATION_FAILED": (
        "Read gateway://schema and the types in it, and write the document anew."
    ),
    "BAD_USER_INPUT": "Mend the argument as the message says, and call the tool again.",
    "INVALID_CURSOR": "Call the tool without the cursor, or with one of the same question.",
    "UNAUTHENTICATED": "Say that the token is missing or no longer valid. Do not try again.",
    "FORBIDDEN": (
        "Do not try again: this token lacks the scope. Leave out what needs it. To find calls of "
        "one party, compare `callerHash` or `calleeHash`, which need no scope. Otherwise say "
        "which scope is missing."
    ),
    "COST_ESTIMATED_TOO_EXPENSIVE": (
        "Ask for fewer calls at once, with a smaller `first` or a shorter time range. To count "
        "calls, use `call_statistics`, which lists none."
    ),
    "QUERY_TOO_COMPLEX": "Ask for less at once, or later if others ask too much.",
    "PERSISTED_QUERY_NOT_FOUND": "Use another tool.",
    "PERSISTED_QUERY_REQUIRED": "Use the other tools: documents of your own are not run here.",
    "UPSTREAM_RATE_LIMITED": "Wait, then call the tool again.",
    "UPSTREAM_TIMEOUT": "Wait a few seconds, then call the tool again.",
    "UPSTREAM_UNAVAILABLE": "Say that Twilio cannot be reached. Try again in a minute.",
    "UPSTREAM_CREDENTIALS": "Say that the operator of the gateway must mend its credentials.",
    "UPSTREAM_REJECTED": "Mend the argument as the message says. Do not repeat the same call.",
    "UPSTREAM_INVALID_RESPONSE": "Call the tool again once. If it fails again, say so.",
    "DEADLINE_EXCEEDED": "Call the tool again, or for fewer calls.",
    "WAREHOUSE_DISABLED": (
        "Say that search and statistics are not set up here. Look up calls by their SIDs with "
        "`look_up_call`."
    ),
    "WAREHOUSE_UNAVAILABLE": "Look up single calls with `look_up_call`, or try again in a while.",
    "WAREHOUSE_BUSY": "Wait a few seconds, then call the tool again.",
    "INTERNAL_SERVER_ERROR": "Say that the gateway failed, with the request id in the message.",
}
"""By code of an error; the list of codes is closed, and a test compares both."""


def refusal(errors: Iterable[Mapping[str, Any]]) -> str:
    """Errors as text: what is wrong, and what to ask instead."""
    return "\n".join(map(_message, errors))


def _message(error: Mapping[str, Any]) -> str:
    extensions = error["extensions"]
    code = extensions["code"]
    message = f"{code}: {error['message']}"
    if (seconds := extensions.get("retryAfterSeconds")) is not None:
        message += f" Wait {seconds:g} seconds first."
    return f"{message}\nInstead: {INSTEAD[code]}"
