"""Reads the header `GraphQL-Cost-Debug: 1`, which requests an explanation of the cost by field.

Shopify's `Shopify-GraphQL-Cost-Debug: 1` does the same. Clients that cannot set a header, such as
WebSockets of browsers, send `"extensions": {"cost": "explain"}`.
"""

from collections.abc import Mapping

from gateway.schema.documents.request import Request

HEADER = "graphql-cost-debug"
"""In lower case, as ASGI has it."""


def explained_if_asked(request: Request, headers: Mapping[str, str]) -> Request:
    """The request, which asks for an explanation if its headers do."""
    return request.explained() if headers.get(HEADER) == "1" else request
