"""Defines the base class of the caches: aiocache's methods that the gateway uses, over bytes."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiocache.base import BaseCache
from aiocache.serializers import NullSerializer


class BytesCache(BaseCache):  # type: ignore[misc]  # aiocache has no type hints
    """A cache of bytes: `get`, `set`, `delete`, `clear`, `close`, and several keys at once.

    Any other verb of aiocache raises NotImplementedError.
    """

    def __init__(self) -> None:
        super().__init__(serializer=NullSerializer(), timeout=0)

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys."""
        raise NotImplementedError

    async def write(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Keep a value for so many seconds, or for good; whether it is kept."""
        raise NotImplementedError

    async def _get(self, key: str, encoding: str = "", _conn: Any = None) -> bytes | None:
        (value,) = await self.read([key])
        return value

    async def _multi_get(
        self, keys: Sequence[str], encoding: str = "", _conn: Any = None
    ) -> list[bytes | None]:
        return await self.read(keys)

    async def _set(
        self,
        key: str,
        value: bytes,
        ttl: float | None = None,
        _cas_token: bytes | None = None,
        _conn: Any = None,
    ) -> bool:
        return await self.write(key, value, ttl)

    async def _multi_set(
        self, pairs: Iterable[tuple[str, bytes]], ttl: float | None = None, _conn: Any = None
    ) -> bool:
        return all([await self.write(key, value, ttl) for key, value in pairs])
