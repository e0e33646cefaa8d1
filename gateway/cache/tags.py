"""Names calls, accounts and lists by tags, by which caches of responses drop them.

A tag is a hash, so it gives no SID away to a reader of headers. SIDs are random, and no key is
needed: whoever has the SID of a call can compute its tag, on any replica and in any version.
"""

import hashlib
from collections.abc import Collection, Iterable

_DIGITS = 16
"""Hexadecimal digits of a tag: two calls with one tag would be dropped together."""

_KINDS_OF_CALLS = frozenset({"call", "details"})

MOST_CALLS = 40
"""Calls that a response names; with more, it counts as a list. A header stays below 1 KB."""


def call_tag(sid: str) -> str:
    """The tag of a call."""
    return f"call-{_hashed(f'CA{sid[2:].lower()}')}"


def account_tag(account: str) -> str:
    """The tag of all that was read with the credentials of an account."""
    return f"account-{_hashed(account)}"


def lists_tag(account: str) -> str:
    """The tag of what holds calls that it does not name: lists, searches, long answers."""
    return f"lists-{_hashed(account)}"


def tags_of_answer(account: str, calls: Collection[str] | None) -> list[str]:
    """The tags of an answer from an account; `calls` are those in it, None if it lists calls.

    So whatever holds a call has the tag of that call, or that of lists.
    """
    if calls is None or len(calls) > MOST_CALLS:
        return [account_tag(account), lists_tag(account)]
    return [account_tag(account), *sorted({call_tag(sid) for sid in calls})]


def tags_of_forgotten(accounts: Iterable[str], calls: Iterable[str]) -> list[str]:
    """The tags of everything that may hold one of these calls, of any of these accounts."""
    return [*sorted({call_tag(sid) for sid in calls}), *map(lists_tag, accounts)]


def tags_of_key(key: str) -> list[str]:
    """The tags of an entry of the cache, by its key; none if it is of another kind."""
    realm, _, rest = key.partition(":")
    kind, _, name = rest.partition(":")
    account = realm.partition("+")[0]
    if kind in _KINDS_OF_CALLS:
        return [account_tag(account), call_tag(name.partition(":")[0])]
    return [account_tag(account), lists_tag(account)] if kind == "page" else []


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
