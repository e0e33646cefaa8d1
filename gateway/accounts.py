"""A Twilio account, as the gateway uses it: its SID, and what to show for it."""

from base64 import b64encode

from msgspec import Struct

from gateway.settings import Secret


class Account(Struct, frozen=True):
    """An account with its credentials: its auth token, or an API key and secret.

    `username` is the SID that the password belongs to: the account's, or the key's.
    """

    sid: str
    username: str
    password: Secret

    @property
    def authorization(self) -> str:
        """The value of the `Authorization` header (HTTP Basic)."""
        pair = f"{self.username}:{self.password.reveal()}".encode()
        return f"Basic {b64encode(pair).decode('ascii')}"

    @property
    def signing_key(self) -> bytes:
        """Secret bytes that every replica with the same credentials has."""
        return f"{self.sid}:{self.password.reveal()}".encode()
