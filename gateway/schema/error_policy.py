"""What clients see of an error: one of the documented codes, and never what is our business."""

import logging
from typing import Any

from graphql import GraphQLError

from gateway.errors import GatewayError

logger = logging.getLogger("gateway.errors")


def present(error: GraphQLError, request_id: str, default_code: str) -> dict[str, Any]:
    """An error as it goes to the client.

    Errors of ours and of graphql-core itself are told as they are; anything else is masked and
    logged with the request id that the client is given instead. `default_code` is the code of
    graphql-core's own errors at this stage of the request.
    """
    shown: dict[str, Any] = dict(error.formatted)
    original = _root(error)
    if original is None:
        shown["extensions"] = {"code": default_code, **(error.extensions or {})}
    elif type(original) is not GatewayError and isinstance(original, GatewayError):
        shown["message"] = str(original)
        shown["extensions"] = original.extensions
    else:
        logger.error("request %s failed", request_id, exc_info=original)
        shown["message"] = f"Something went wrong inside the gateway (request {request_id})."
        shown["extensions"] = {"code": GatewayError.code, "requestId": request_id}
    return shown


def _root(error: GraphQLError) -> BaseException | None:
    """The exception at the bottom; None when graphql-core itself complained."""
    original: BaseException | None = error
    while isinstance(original, GraphQLError):
        original = original.original_error
    return original
