"""Maps exceptions to GraphQL errors with documented codes, and hides internal ones."""

import logging
from typing import Any

from graphql import GraphQLError, VariableNode

from gateway.errors import BadUserInput, GatewayError

logger = logging.getLogger("gateway.errors")

_NOT_NULL = "a value, or none at all, for the default"

Shown = dict[str, Any]
"""An error as it goes to the client."""


def refusal(error: GraphQLError, request_id: str, code: str) -> Shown:
    """An error of a request that was not executed; `code` is that of graphql-core's own ones."""
    original = _root(error)
    if original is not None:
        return _shown(error, original, request_id)
    return {**error.formatted, "extensions": {"code": code, **(error.extensions or {})}}


def failure(error: GraphQLError, request_id: str) -> Shown:
    """An error of the execution.

    Of what graphql-core itself says then, one thing is for the client: that a variable is null
    where its argument cannot be. The rest is about values of ours that do not fit the schema.
    """
    error = of_null(error)
    return _shown(error, _root(error) or error, request_id)


def of_null(error: GraphQLError) -> GraphQLError:
    """The same error; in words of ours where it is that a variable is null and must not be.

    A document is valid with such a variable only if there is a default in its place.
    """
    variable = error.nodes[0] if error.nodes else None
    if _root(error) is not None or not isinstance(variable, VariableNode):
        return error
    mistake = BadUserInput(f"${variable.name.value}", "is null", _NOT_NULL)
    return GraphQLError(str(mistake), error.nodes, path=error.path, original_error=mistake)


def mask(fault: BaseException, request_id: str) -> Shown:
    """A fault of the gateway: logged whole, with the request id that is all the client is told."""
    logger.error("request %s failed", request_id, exc_info=fault, extra={"request_id": request_id})
    return {
        "message": f"Something went wrong inside the gateway (request {request_id}).",
        "extensions": {"code": GatewayError.code, "requestId": request_id},
    }


def _shown(error: GraphQLError, original: BaseException, request_id: str) -> Shown:
    if isinstance(original, GatewayError) and type(original) is not GatewayError:
        ours = {"message": str(original), "extensions": original.extensions}
    else:
        ours = mask(original, request_id)
    return {**error.formatted, **ours}


def _root(error: GraphQLError) -> BaseException | None:
    """The exception at the bottom; None when graphql-core itself complained."""
    original: BaseException | None = error
    while isinstance(original, GraphQLError):
        original = original.original_error
    return original
