"""Defines a Twilio account as the gateway uses it: its SID and its credentials."""

import hashlib
from base64 import b64encode
from functools import cached_property

from msgspec import Struct

from gateway.config.settings import Secret, Settings
from gateway.errors import WrongSettings


class Account(Struct, frozen=True, dict=True):
    """An account with its credentials: its auth token, or an API key and secret.

    `username` is the SID that the password belongs to: the account's, or the key's. With a key,
    the account's own auth token may be known too: Twilio signs with it.
    """

    sid: str
    username: str
    password: Secret
    auth_token: Secret | None = None

    @cached_property
    def authorization(self) -> str:
        """The value of the `Authorization` header (HTTP Basic)."""
        pair = f"{self.username}:{self.password.reveal()}".encode()
        return f"Basic {b64encode(pair).decode('ascii')}"

    @cached_property
    def signing_key(self) -> bytes:
        """Secret bytes that every replica with the same credentials has."""
        return f"{self.sid}:{self.password.reveal()}".encode()

    @cached_property
    def hashing_key(self) -> bytes:
        """Secret bytes to stand numbers of this account in for others, on every replica."""
        return hashlib.blake2b(self.signing_key, person=b"gateway parties").digest()

    @property
    def webhook_key(self) -> bytes | None:
        """What Twilio signs webhooks with, the auth token; None when only a key is known."""
        token = self.password if self.username == self.sid else self.auth_token
        return None if token is None else token.reveal().encode()


def account_of(settings: Settings) -> Account:
    """The account that the settings name. Raises WrongSettings where they do not."""
    sid, key, secret = (
        settings.twilio_account_sid,
        settings.twilio_api_key,
        settings.twilio_api_secret,
    )
    if sid is None:
        raise WrongSettings(
            "TWILIO_ACCOUNT_SID is not set: set it to the SID of your account, `AC…`, as the "
            "Twilio console shows it. (`gateway demo` needs no account.)"
        )
    if key and secret:
        return Account(sid, key, secret, settings.twilio_auth_token)
    if settings.twilio_auth_token is None:
        raise WrongSettings(
            "TWILIO_AUTH_TOKEN is not set: set it to the auth token of the account, or set "
            "TWILIO_API_KEY and TWILIO_API_SECRET."
        )
    return Account(sid, sid, settings.twilio_auth_token)
