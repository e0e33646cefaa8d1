"""Defines a GraphQL request: document, operation name, variables, extensions."""

import hashlib
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct, structs

from gateway.schema.results.answer_cache import Question

EXPLAIN = "explain"
"""The value of `extensions.cost` in a request whose cost is to be explained by field."""


LARGE = 8 * 1024
"""Bytes of variables that take a while to read."""


class Request(Struct, frozen=True, dict=True):
    """A GraphQL request, as GraphQL over HTTP writes it; with a `query`, a `document_id`, or both.

    `document_id` is the name of a document: its SHA-256, or its id in a manifest.
    """

    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None

    @property
    def wants_cost(self) -> bool:
        """Whether the answer is to tell what it took."""
        cost = None if self.extensions is None else self.extensions.get("cost")
        return cost is True or cost == EXPLAIN

    @property
    def wants_explanation(self) -> bool:
        """Whether the answer is to tell what each of its fields took, too."""
        return self.extensions is not None and self.extensions.get("cost") == EXPLAIN

    def explained(self) -> "Request":
        """The same request for an answer that tells what each of its fields took."""
        return structs.replace(self, extensions={**(self.extensions or {}), "cost": EXPLAIN})

    def unexplained(self) -> "Request":
        """The same request for an answer that tells nothing of its cost."""
        rest = {name: value for name, value in (self.extensions or {}).items() if name != "cost"}
        return structs.replace(self, extensions=rest)

    @cached_property
    def encoded_variables(self) -> bytes:
        """The variables as JSON."""
        return msgspec.json.encode(self.variables)

    @property
    def has_large_variables(self) -> bool:
        """Whether the variables take a while to read."""
        return len(self.encoded_variables) > LARGE

    @cached_property
    def question(self) -> Question | None:
        """What is asked; None if that is answered anew each time.

        So is a request that tells its cost, and one that registers a document under its name.
        """
        if self.wants_cost or (self.query is not None and self.document_id is not None):
            return None
        variables = msgspec.Raw(self.encoded_variables)
        asked = (self.query, self.document_id, self.operation_name, variables)
        return hashlib.blake2b(msgspec.json.encode(asked), digest_size=32).digest()
