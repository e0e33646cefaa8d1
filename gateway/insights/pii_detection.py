"""Detects personal data in short texts that people write.

Free text has no certain signs, so this is a table of how such data is usually written. Where a
number could as well be an identifier it passes: `INC-20261123`, a ticket in a URL, a time.
"""

import re
import unicodedata
from urllib.parse import unquote

_DASHES = re.compile("[\u2010-\u2015\u2212]")

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"/\\]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,}")

_CARD = re.compile(
    r"(?<![^\W_])(?:(?:\d{4}[ -]?){3}\d{4}|\d{4}[ -]?\d{6}[ -]?\d{4,5}|\d{13,19})(?![^\W_])"
)
_ISSUED = re.compile(r"[3-6]|2[2-7]")
"""How numbers of payment cards begin; times such as `20261123072900` do not."""

_PHONES = tuple(
    map(
        re.compile,
        (
            # With a country code: +1 415 555 0100, +49 (0)30 1234567, 0049 30 1234567.
            r"\+[1-9](?:[ ./()-]{0,3}\d){7,14}(?!\d)",
            r"(?<![\w.,:])00[1-9](?:[ ./()-]{0,3}\d){8,14}(?!\d)",
            # North America: (415) 555-0100, 415.555.0100, 1-415-555-0100.
            r"(?<!\d)(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?!\d)",
            # With a trunk prefix: 020 7946 0958, 030/1234567, (030) 1234567, 044 668 18 00.
            r"(?<![\w.,:/-])0[1-9]\d{0,3}(?:\)[ /-]?|[ /-])(?:\d{6,8}|\d{3,4}[ -]\d{3,4})(?![\w-])",
            r"(?<![\w.,:/-])0[1-9]\d{0,3}(?:\)[ /-]?|[ /-])\d{3}(?:[ -]\d\d){2}(?![\w-])",
            r"(?<![\w.,:/-])0[1-9](?:[ .-]\d\d){4}(?!\d)",
            # Digits alone, when nothing says that they are an identifier: 4155550100, 07700900123.
            r"(?<![\w#/=&.-])(?:1?[2-9]\d\d[2-9]\d{6}|0[1-9]\d{8,9})(?![\w-]|\.\d)",
        ),
    )
)


def personal_data(text: str) -> str | None:
    """What `text` seems to hold that it should not, in words; None when it looks harmless."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", unquote(text)))
    if _EMAIL.search(plain):
        return "an e-mail address"
    if any(_is_card(found[0]) for found in _CARD.finditer(plain)):
        return "a card number"
    if any(pattern.search(plain) for pattern in _PHONES):
        return "a phone number"
    return None


def _is_card(number: str) -> bool:
    """Whether a number begins as those of cards do, and its last digit checks (Luhn)."""
    digits = [int(digit) for digit in number if digit.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return bool(_ISSUED.match(number)) and (sum(digits[::-2]) + sum(doubled)) % 10 == 0
