"""Derives the account of the sandbox, its API key and two subaccounts from the seed."""

import base64
import binascii
import hmac
import random
from dataclasses import dataclass

from gateway.sandbox.errors import unauthenticated


@dataclass(frozen=True, slots=True)
class Accounts:
    """The parties that hold credentials; `secrets` maps each user name to its password."""

    account_sid: str
    api_key: str
    subaccounts: tuple[str, ...]
    secrets: dict[str, str]

    @classmethod
    def of(cls, seed: int) -> "Accounts":
        """The same seed gives the same accounts and the same secrets."""
        rng = random.Random(f"{seed}/accounts")

        def word() -> str:
            return f"{rng.getrandbits(128):032x}"

        account_sid, api_key = f"AC{word()}", f"SK{word()}"
        subaccounts = (f"AC{word()}", f"AC{word()}")
        names = (account_sid, api_key, *subaccounts)
        return cls(account_sid, api_key, subaccounts, {name: word() for name in names})

    @property
    def sids(self) -> tuple[str, ...]:
        """The account and its subaccounts."""
        return self.account_sid, *self.subaccounts

    @property
    def without_insights(self) -> tuple[str, ...]:
        """Those for which Advanced Features are off now: the last subaccount."""
        return self.subaccounts[-1:]

    def authenticate(self, authorization: str | None) -> str:
        """The SID of the account behind an HTTP Basic header; an API key is its account's.

        Raises the 401 for credentials that are missing, malformed or wrong.
        """
        scheme, _, encoded = (authorization or "").partition(" ")
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise unauthenticated() from None
        expected = self.secrets.get(name)
        if scheme.lower() != "basic" or expected is None:
            raise unauthenticated()
        if not hmac.compare_digest(secret.encode(), expected.encode()):
            raise unauthenticated()
        return self.account_sid if name == self.api_key else name

    def may_see(self, asker: str, owner: str) -> bool:
        """A parent sees its subaccounts' calls; a subaccount sees only its own."""
        return asker in (owner, self.account_sid)
