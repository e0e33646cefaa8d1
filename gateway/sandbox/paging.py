"""Writes page tokens, and the `meta` object of a page with its absolute URLs."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

import msgspec

from gateway.sandbox.calls import Json
from gateway.sandbox.errors import ApiError, bad_parameter

HOST = "https://insights.twilio.com"
LIST_PATH = "/v1/Voice/Summaries"
LIST_URL = f"{HOST}{LIST_PATH}"
KEY = "call_summaries"
CHECKSUM = 9  # bytes


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A place between two calls: just after, or just before, the call (`when`, `sid`).

    `as_of` (epoch seconds) is when the first page was asked for: all pages of one walk see the
    world as it was then, however many calls come in between.
    """

    page: int
    way: Literal["on", "back"]
    when: int
    sid: str
    as_of: float
    fingerprint: str


class Tokens:
    """Writes cursors down so that nobody else can, and reads them again."""

    def __init__(self, secret: str) -> None:
        """Tokens of another secret are foreign."""
        self._secret = secret.encode()

    def write(self, cursor: Cursor) -> str:
        """An opaque token, safe in a URL."""
        words = msgspec.msgpack.encode(cursor)
        return "PT" + base64.urlsafe_b64encode(self._checksum(words) + words).decode().rstrip("=")

    def read(self, token: str, fingerprint: str) -> Cursor:
        """The cursor again; raises the 400 if it is not ours, or belongs to another filter."""
        try:
            raw = base64.b64decode(token[2:] + "=" * (-len(token[2:]) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise bad_token() from None
        checksum, words = raw[:CHECKSUM], raw[CHECKSUM:]
        if not hmac.compare_digest(checksum, self._checksum(words)):
            raise bad_token()
        cursor = msgspec.msgpack.decode(words, type=Cursor)
        if cursor.fingerprint != fingerprint or self.write(cursor) != token:
            raise bad_token()
        return cursor

    def _checksum(self, words: bytes) -> bytes:
        return hmac.digest(self._secret, words, hashlib.sha256)[:CHECKSUM]


def bad_token() -> ApiError:
    """400: a token that is altered, foreign, or was given out for another list."""
    return bad_parameter("PageToken", "not a token of this list")


def meta(  # noqa: PLR0913  (two more than any other list)
    asked: Mapping[str, str],
    size: int,
    page: int,
    tokens: Mapping[Literal["own", "next", "previous"], str | None],
    *,
    path: str = LIST_PATH,
    key: str = KEY,
) -> Json:
    """The `meta` object; `tokens` lead to the page itself and to its neighbours, if it has any."""

    def url(number: int, token: str | None) -> str:
        place = {"PageSize": size, "Page": number} | ({"PageToken": token} if token else {})
        return f"{HOST}{path}?{urlencode({**asked, **place})}"

    before, after = tokens.get("previous"), tokens.get("next")
    return {
        "page": page,
        "page_size": size,
        "first_page_url": url(0, None),
        "previous_page_url": url(page - 1, before) if before else None,
        "next_page_url": url(page + 1, after) if after else None,
        "key": key,
        "url": url(page, tokens.get("own")),
    }
