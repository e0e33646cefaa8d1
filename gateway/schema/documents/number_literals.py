"""Finds phone numbers in the texts of a document.

A document is logged, cached and shown by many programs on its way; variables mostly are not.
"""

import re

from gateway.insights.pii_detection import personal_data

_STRING = re.compile(r'"""(.*?)"""|"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
_DIGITS = re.compile(r"(?:\d\D{0,3}){7}")
"""The least that a number has; most documents are done with that."""

NUMBER_FOUND = (
    "The document holds what looks like a phone number: send it in `variables`, which are neither "
    "logged nor cached with the document."
)
WARNING = {"code": "PHONE_NUMBER_IN_DOCUMENT", "message": NUMBER_FOUND}
"""Among `extensions.warnings` of an answer."""


def has_number(text: str) -> bool:
    """Whether a text of a document looks like a phone number."""
    if '"' not in text or _DIGITS.search(text) is None:
        return False
    texts = (found[1] or found[2] or "" for found in _STRING.finditer(text))
    return any(personal_data(one) == "a phone number" for one in texts)
