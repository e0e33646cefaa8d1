import base64

import pytest

from gateway.config.accounts import Account, account_of
from gateway.config.load import read
from gateway.config.settings import Secret, Settings
from gateway.errors import WrongSettings

SID = "AC" + "5a" * 16
KEY = "SK" + "3c" * 16
BOTH = {
    "TWILIO_ACCOUNT_SID": SID,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_API_KEY": KEY,
    "TWILIO_API_SECRET": "secret",
}


def pair(account: Account) -> str:
    """What the header says."""
    scheme, _, encoded = account.authorization.partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(encoded).decode()


def test_the_auth_token_is_the_password_of_the_account() -> None:
    """HTTP Basic, as Twilio documents it."""
    token = {name: BOTH[name] for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")}

    assert pair(account_of(read(token))) == f"{SID}:token"


def test_an_api_key_comes_before_the_auth_token() -> None:
    """Whoever makes a key wants it used; it can be revoked without touching the account."""
    account = account_of(read(BOTH))

    assert account.sid == SID
    assert pair(account) == f"{KEY}:secret"


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (Settings(), "TWILIO_ACCOUNT_SID"),
        (Settings(twilio_account_sid=SID), "TWILIO_AUTH_TOKEN"),
    ],
)
def test_an_account_without_credentials_is_one_line_with_its_cure(
    settings: Settings, missing: str
) -> None:
    """It is the first thing that somebody who has just installed the gateway sees."""
    with pytest.raises(WrongSettings) as caught:
        account_of(settings)

    (mistake,) = caught.value.mistakes
    assert mistake.startswith(f"{missing} is not set: set it to ")


def test_an_account_shows_no_secret() -> None:
    """Not even in the repr that a traceback shows."""
    account = Account(SID, KEY, Secret("a harbour at night"))

    assert "harbour" not in repr(account)
    assert account.authorization not in repr(account)


def test_replicas_with_the_same_credentials_sign_alike() -> None:
    """A cursor of one is a cursor of all; another account's or secret's is none."""
    one = Account(SID, KEY, Secret("a harbour at night"))
    others = {
        Account(SID, KEY, Secret("a harbour by day")).signing_key,
        Account("AC" + "5b" * 16, KEY, Secret("a harbour at night")).signing_key,
    }

    assert one.signing_key == Account(SID, KEY, Secret("a harbour at night")).signing_key
    assert one.signing_key not in others
    assert len(others) == 2
