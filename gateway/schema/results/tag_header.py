"""Writes the response header by which a CDN drops cached responses: `Cache-Tag` or another."""

from typing import NamedTuple

from gateway.cache.tags import tags_of_answer
from gateway.config.settings import Settings
from gateway.schema.results.freshness import Freshness
from gateway.schema.types.field_traits import Trait

_SEPARATORS = {"Cache-Tag": ",", "Edge-Cache-Tag": ",", "Surrogate-Key": " "}
"""How Cloudflare and Google, Akamai, and Fastly part the tags of their headers."""

NAMES = frozenset(name.lower().encode() for name in _SEPARATORS)
"""The headers, as ASGI has them."""


class TagHeader(NamedTuple):
    """The header, and what stands between two tags."""

    name: str
    separator: str

    @classmethod
    def chosen(cls, settings: Settings) -> "TagHeader | None":
        """The one that the settings name."""
        name = settings.gateway_cache_tags
        return None if name is None else cls(name, _SEPARATORS[name])

    def of(self, freshness: Freshness, traits: Trait, account: str) -> tuple[bytes, bytes]:
        """The header of an answer to a document with these traits, read as this account."""
        calls = None if Trait.UNDATED in traits else freshness.calls()
        tags = tags_of_answer(account, calls)
        return self.name.lower().encode(), self.separator.join(tags).encode()
