"""Holds the accounts whose calls the gateway serves, which a reload may replace."""

from collections.abc import Collection, Iterator

from gateway.config.accounts import Account


class ServedAccounts:
    """They, by their SIDs."""

    def __init__(self, accounts: Collection[Account]) -> None:
        self.replace(accounts)

    def replace(self, accounts: Collection[Account]) -> None:
        """Serve these from now on."""
        self._accounts = {account.sid: account for account in accounts}

    def __iter__(self) -> Iterator[Account]:
        """All of them, as they are now."""
        return iter([*self._accounts.values()])

    def hashing_key(self, sid: str) -> bytes:
        """The key by which numbers of an account are hashed. Raises KeyError for any other."""
        return self._accounts[sid].hashing_key
