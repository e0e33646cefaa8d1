"""A GraphQL request, before its document is read."""

import hashlib
from collections.abc import Hashable
from typing import Any

import msgspec
from msgspec import Struct

from gateway.schema.results.answer_cache import Remembered


class Request(Struct):
    """A GraphQL request, as GraphQL over HTTP writes it; with a `query`, a `document_id`, or both.

    `document_id` is the name of a document: its SHA-256, or its id in a manifest. `remembered` is
    how it was answered last, if it was asked before.
    """

    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None
    remembered: Remembered | None = None

    @property
    def wants_cost(self) -> bool:
        """Whether the answer is to tell what it took."""
        return self.extensions is not None and self.extensions.get("cost") is True

    @property
    def registers(self) -> bool:
        """Whether it brings a document together with its name."""
        return self.query is not None and self.document_id is not None

    @property
    def question(self) -> Hashable:
        """What is asked, whoever asks and however often; it is as short whatever that says."""
        asked = (self.query, self.document_id, self.operation_name, self.variables)
        return hashlib.blake2b(msgspec.json.encode(asked), digest_size=32).digest()
