"""Defines a viewer: a client's identity, scopes, and the accounts whose calls it may read."""

import hashlib
from functools import lru_cache

from msgspec import Struct

from gateway.config.accounts import Account
from gateway.errors import Forbidden
from gateway.insights.catalogue import Vocabulary


class Scope(Vocabulary):
    """A permission of a viewer."""

    CALLS_READ = "calls:read", "See calls, their personal data masked."
    PII_READ = "pii:read", "See personal data as it is, and filter by phone numbers."
    ANNOTATIONS_WRITE = "annotations:write", "Annotate calls."
    SETTINGS_READ = "settings:read", "See what is switched on at Twilio for the accounts."
    CACHE_PURGE = "cache:purge", "Have the gateway drop cached calls, at `/cache/purge`."


class Realm(Struct, frozen=True):
    """The calls that can be seen with an account's credentials by somebody who may see some.

    `subaccounts` are those whose calls can be seen beside the account's own; None means all. The
    realm is part of every key: what one realm remembers, another never meets.
    """

    account: Account
    subaccounts: frozenset[str] | None = None

    @property
    def key(self) -> str:
        """The first part of every key: the account, and what may be seen of it."""
        return _key(self.account.sid, self.subaccounts)

    @property
    def is_whole(self) -> bool:
        """Whether it holds all calls that the credentials can read."""
        return self.subaccounts is None

    def has(self, account_sid: str | None) -> bool:
        """Whether calls of that account belong to it; None is a call that does not say."""
        if self.subaccounts is None:
            return True
        return account_sid == self.account.sid or account_sid in self.subaccounts


@lru_cache(maxsize=1024)
def _key(account_sid: str, subaccounts: frozenset[str] | None) -> str:
    if subaccounts is None:
        return account_sid
    seen = ",".join(sorted(subaccounts)).encode()
    return f"{account_sid}+{hashlib.blake2b(seen, digest_size=8).hexdigest()}"


class Viewer(Struct, frozen=True):
    """Somebody who asks, by the name that logs show.

    `max_cost` is what one request may cost, where it is not as for all, and `budget_per_minute`
    what all of them together may.
    """

    name: str
    realm: Realm
    scopes: frozenset[Scope]
    max_cost: int | None = None
    budget_per_minute: int | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the viewer has a scope."""
        return scope in self.scopes

    def must(self, scope: Scope, wish: str) -> None:
        """See that the viewer has the scope that a wish needs. Raises Forbidden."""
        if scope not in self.scopes:
            raise Forbidden(
                f"{wish} needs the scope `{scope.value}`, which you do not have: ask the operator "
                "of this gateway for it, or leave it out."
            )


def everybody(account: Account) -> Viewer:
    """The viewer of a gateway without viewers: whoever reaches it, with all scopes."""
    return Viewer("everybody", Realm(account), frozenset(Scope))
