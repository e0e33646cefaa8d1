"""Maps every failure of the engine to an error of the gateway.

Codes are ClickHouse's (`ErrorCodes.cpp`). What the SQL itself is to blame for is a fault of the
gateway; whatever is neither that nor a limit says that the engine cannot be asked now.
"""

import logging

from gateway.errors import DeadlineExceeded, GatewayError, WarehouseBusy, WarehouseUnavailable

_log = logging.getLogger("gateway.warehouse")

_LATE = {159: "TIMEOUT_EXCEEDED", 160: "TOO_SLOW"}
_BUSY = {202: "TOO_MANY_SIMULTANEOUS_QUERIES", 252: "TOO_MANY_PARTS"}
_TOO_MUCH = {
    158: "rows",  # TOO_MANY_ROWS
    307: "rows",  # TOO_MANY_BYTES
    396: "rows",  # TOO_MANY_ROWS_OR_BYTES
    241: "memory",  # MEMORY_LIMIT_EXCEEDED
}
_OURS = {
    36: "BAD_ARGUMENTS",
    42: "NUMBER_OF_ARGUMENTS_DOESNT_MATCH",
    43: "ILLEGAL_TYPE_OF_ARGUMENT",
    46: "UNKNOWN_FUNCTION",
    47: "UNKNOWN_IDENTIFIER",
    53: "TYPE_MISMATCH",
    62: "SYNTAX_ERROR",
    184: "ILLEGAL_AGGREGATION",
    215: "NOT_AN_AGGREGATE",
    386: "NO_COMMON_TYPE",
    456: "UNKNOWN_QUERY_PARAMETER",
    457: "BAD_QUERY_PARAMETER",
}


class TooMuchToRead(GatewayError):
    """A query met its limit of `what`: memory, or rows."""

    code = "COST_ESTIMATED_TOO_EXPENSIVE"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This needs more {what} than one question may take of the warehouse: narrow `where`, "
            "for example by `endTime`, or ask for less at once."
        )


class TooManyGroups(TooMuchToRead):
    """A query would have more groups than it may."""

    def __init__(self) -> None:
        super().__init__("groups")


def late() -> DeadlineExceeded:
    """There was no answer in the time that the question had."""
    return DeadlineExceeded(
        "The warehouse gave no answer in the time that this gateway gives a request."
    )


def failure_of(error: BaseException) -> GatewayError:
    """The error of ours, to be raised from the engine's, whose words are for the log alone."""
    code = getattr(error, "code", None)
    if code in _LATE:
        return late()
    if code in _BUSY:
        return WarehouseBusy()
    if code in _TOO_MUCH and "rows to GROUP BY" in str(error):
        return TooManyGroups()
    if code in _TOO_MUCH:
        return TooMuchToRead(_TOO_MUCH[code])
    if code in _OURS:
        _log.error("The engine of the warehouse refused a statement: %s", first_line(error))
        return GatewayError(f"The engine of the warehouse refused a statement: {_OURS[code]}.")
    return WarehouseUnavailable()


def first_line(error: BaseException) -> str:
    """What happened, without the statement: that may hold what a client asked for."""
    text = str(error).partition("\n")[0].partition(" In scope ")[0].partition(": While ")[0]
    return f"{type(error).__name__}: {text[:300]}"


def reason_of(problem: GatewayError) -> str:
    """Why the warehouse cannot be asked, for operators: without the statement."""
    words = problem.problem if isinstance(problem, WarehouseUnavailable) else str(problem)
    why = f" ({first_line(problem.__cause__)})" if problem.__cause__ else ""
    return f"{words.rstrip('.')}{why}"
