"""Stores and resolves automatic persisted queries: a hash instead of a document.

There are two kinds of names. A client registers a document under its SHA-256 and asks by that
from then on (Apollo's automatic persisted queries); it is kept in the cache, which replicas share.
And an operator trusts the documents of a manifest, by the ids that they have there.
"""

import hashlib
import re
from collections.abc import Mapping

from graphql import GraphQLError
from msgspec import Struct

from gateway.cache.bytes_cache import BytesCache
from gateway.errors import BadUserInput
from gateway.insights.pii_detection import personal_data
from gateway.insights.rank import NO_MOMENT
from gateway.schema.documents.document import Document, Documents
from gateway.schema.documents.request import Request
from gateway.schema.types.field_traits import Trait

KEPT_FOR = 7 * 86400.0
"""Seconds after which a document has to be registered again."""

MAX_KEPT = 2**15
"""Characters of a document that is kept; the largest tabs of GraphiQL have 2 KB."""

_ID_SHOWN = 80
"""Characters of an unknown id that the error repeats; a SHA-256 has 64."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def _refusal(code: str, message: str) -> Document:
    return Document(None, errors=(GraphQLError(message),), code=code)


_NOT_FOUND = _refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
"""The message is the one that clients of Apollo's protocol wait for."""

_ONLY_TRUSTED = "PERSISTED_QUERY_REQUIRED"
_WITHOUT_ID = _refusal(
    _ONLY_TRUSTED,
    "This gateway runs trusted documents alone, and the request names none: ask for one by its id, "
    "in `documentId`.",
)
_MISMATCH = _refusal(
    BadUserInput.code,
    "`query` is not the document that the request names: send its own SHA-256, or no `query`.",
)


class PersistedQueries(Struct, frozen=True):
    """Finds the document of a request, and keeps those that clients register in `cache`.

    `trusted` are the texts of a manifest by their ids; `only` says that nothing else is run.
    """

    documents: Documents
    cache: BytesCache
    trusted: Mapping[str, str]
    only: bool

    async def read(self, request: Request) -> Document:
        """The document of a request, parsed and validated; or the reason why there is none."""
        name, query = request.document_id, request.query
        trusted = None if name is None else self.trusted.get(name)
        if self.only and trusted is None:
            return _WITHOUT_ID if name is None else _unknown(name)
        if name is None:
            return await self.documents.read_aside(query or "")
        if query is None:
            text = trusted or await self._registered(name)
            return _NOT_FOUND if text is None else await self.documents.read_aside(text)
        if trusted is None:
            return await self._register(name, query)
        return self.documents.read(trusted) if trusted == query else _MISMATCH

    async def _registered(self, digest: str) -> str | None:
        """The document that has this digest: whoever writes to the cache server picks no other."""
        found = _DIGEST.fullmatch(digest) is not None
        kept: bytes | None = await self.cache.get(_key(digest)) if found else None
        text = None if kept is None else kept.removeprefix(NO_MOMENT)
        if text is None or hashlib.sha256(text).hexdigest() != digest:
            return None
        return text.decode(errors="replace")  # others than ours may have this digest too

    async def _register(self, digest: str, query: str) -> Document:
        if hashlib.sha256(query.encode()).hexdigest() != digest:
            return _MISMATCH
        document = await self.documents.read_aside(query)
        if not document.errors and _may_be_kept(query, document.traits):
            await self.cache.set(_key(digest), NO_MOMENT + query.encode(), ttl=KEPT_FOR)
        return document


def _unknown(name: str) -> Document:
    return _refusal(
        _ONLY_TRUSTED,
        "This gateway runs trusted documents alone, and has none with the id "
        f"{name[:_ID_SHOWN]!r}. Its manifest may be older than this client: "
        "have whoever runs it read the new one.",
    )


def _may_be_kept(text: str, traits: Trait) -> bool:
    """Whether a document is no burden, and holds no personal data, not even in a comment."""
    small = len(text) <= MAX_KEPT
    return small and Trait.QUOTING not in traits and personal_data(text) is None


def _key(digest: str) -> str:
    return f"apq:{digest}"
