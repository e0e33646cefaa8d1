"""The file with accounts and viewers: what it may hold, and what is said of mistakes."""

from hashlib import sha256
from pathlib import Path

import pytest

from gateway.config.file import configuration_of, load
from gateway.config.load import read
from gateway.config.viewers import Scope
from gateway.errors import WrongSettings

ACCOUNT = "AC" + "1" * 32
SUBACCOUNT = "AC" + "2" * 32
TOKEN_HASH = sha256(b"3c6e0b8a9c15224a").hexdigest()
ENVIRONMENT = {"ACME_TOKEN": "secret of acme", "KEY_SECRET": "secret of a key"}

GOOD = f"""
[[accounts]]
sid = "{ACCOUNT}"
auth_token_env = "ACME_TOKEN"

[[viewers]]
name = "support-dashboard"
token_sha256 = "{TOKEN_HASH}"
account = "{ACCOUNT}"
subaccounts = ["{SUBACCOUNT}"]
scopes = ["calls:read", "pii:read"]

[[viewers]]
name = "everything"
jwt_subject = "ops@acme.example"
account = "{ACCOUNT}"
subaccounts = ["*"]
scopes = ["calls:read"]
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    """Accounts with their secrets from the environment, viewers with what they may see and do."""
    configuration = load(_file(tmp_path, GOOD), ENVIRONMENT)
    (account,) = configuration.accounts
    assert account.sid == ACCOUNT
    assert account.password.reveal() == "secret of acme"
    dashboard, everything = configuration.grants
    assert dashboard.token_sha256 == TOKEN_HASH
    assert dashboard.viewer.scopes == {Scope.CALLS_READ, Scope.PII_READ}
    assert dashboard.viewer.realm.subaccounts == frozenset({SUBACCOUNT})
    assert everything.jwt_subject == "ops@acme.example"
    assert everything.viewer.realm.is_whole
    assert len(configuration.realms) == 2


def test_an_account_with_a_key_may_have_its_auth_token_beside_it(tmp_path: Path) -> None:
    """The key asks Twilio; the auth token is what Twilio signs with."""
    key = 'api_key = "SK1"\napi_secret_env = "KEY_SECRET"'
    auth = 'auth_token_env = "ACME_TOKEN"'
    with_both = _file(tmp_path, GOOD.replace(auth, f"{key}\n{auth}"))
    (account,) = load(with_both, ENVIRONMENT).accounts
    assert (account.username, account.password.reveal()) == ("SK1", "secret of a key")
    assert account.webhook_key == b"secret of acme"
    (account,) = load(_file(tmp_path, GOOD.replace(auth, key)), ENVIRONMENT).accounts
    assert (account.username, account.webhook_key) == ("SK1", None)


def test_where_twilio_pushes_each_account_needs_its_auth_token(tmp_path: Path) -> None:
    """Its own, that is: of the account that the environment names nothing is used."""
    auth = 'auth_token_env = "ACME_TOKEN"'
    key = 'api_key = "SK1"\napi_secret_env = "KEY_SECRET"'
    text = GOOD.replace('jwt_subject = "ops@acme.example"', f'token_sha256 = "{"0" * 64}"')
    path = _file(tmp_path, text)
    said = {"GATEWAY_CONFIG": str(path), "GATEWAY_WEBHOOK_URL": "https://calls.example/hook"}
    assert configuration_of(read(said), ENVIRONMENT).accounts[0].webhook_key == b"secret of acme"

    _file(tmp_path, text.replace(auth, key))
    with pytest.raises(WrongSettings, match=f"{ACCOUNT} has no auth token") as wrong:
        configuration_of(read(said), ENVIRONMENT)
    assert "give `auth_token_env` beside its key" in str(wrong.value)
    assert configuration_of(read({"GATEWAY_CONFIG": str(path)}), ENVIRONMENT).accounts

    _file(tmp_path, text.replace(auth, f"{key}\n{auth}"))
    assert configuration_of(read(said), ENVIRONMENT).accounts[0].webhook_key == b"secret of acme"


def test_without_subaccounts_one_sees_the_account_alone(tmp_path: Path) -> None:
    """`[]`, or nothing said, is the account's own calls."""
    text = GOOD.replace(f'subaccounts = ["{SUBACCOUNT}"]\n', "")
    realm = load(_file(tmp_path, text), ENVIRONMENT).grants[0].viewer.realm
    assert realm.has(ACCOUNT)
    assert not realm.has(SUBACCOUNT)
    assert not realm.has(None)


@pytest.mark.parametrize(
    "token", ["test", "hello", "TOKEN", "Password", "", "test\n", "support-dashboard"]
)
def test_a_token_that_anybody_would_try_is_refused(tmp_path: Path, token: str) -> None:
    """With the word, and how to make a good one: a choice of ours.

    The empty one is what `printf %s "$TOKEN"` gives where the variable is not set, and the one that
    ends its line what `echo` gives.
    """
    text = GOOD.replace(TOKEN_HASH, sha256(token.encode()).hexdigest())
    with pytest.raises(WrongSettings) as wrong:
        load(_file(tmp_path, text), ENVIRONMENT)
    (mistake,) = wrong.value.mistakes
    assert f'viewers 1 (support-dashboard): `token_sha256` is that of "{token.strip()}"' in mistake
    assert "openssl rand -hex 32" in mistake


def test_the_name_of_another_viewer_is_no_word_of_this_one(tmp_path: Path) -> None:
    """Only its own name is what one would try first."""
    text = GOOD.replace(TOKEN_HASH, sha256(b"everything").hexdigest())
    assert load(_file(tmp_path, text), ENVIRONMENT)


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        (ACCOUNT, "ACx", "accounts 1: `sid` is wrong: set it to `AC` and 32 hexadecimal digits"),
        (f'"{ACCOUNT}"', f'"{ACCOUNT}\\n"', "accounts 1: `sid` is wrong"),
        ('auth_token_env = "ACME_TOKEN"', "", "give `auth_token_env`, or `api_key` and"),
        (
            "auth_token_env =",
            'api_key = "SK1"\nauth_token_env =',
            "`api_secret_env`, which go together",
        ),
        ("auth_token_env", "api_secret_env", "`api_secret_env`, which go together"),
        ("ACME_TOKEN", "OTHER_TOKEN", "the environment variable OTHER_TOKEN is not set"),
        ("auth_token_env", "auth_token", "`auth_token` would put a secret into the file"),
        ("token_sha256", "token", "`token` would put a secret into the file"),
        (TOKEN_HASH, "abc", "viewers 1: `token_sha256` is wrong: set it to 64 hexadecimal digits"),
        (TOKEN_HASH, f"{TOKEN_HASH}\\n", "as `printf %s TOKEN | sha256sum` prints them."),
        ('name = "everything"', "", "viewers 2: `name` is missing: set it to a name of 1 to 64"),
        ('name = "everything"', 'name = "everything\\n"', "viewers 2: `name` is wrong"),
        (
            'jwt_subject = "ops@acme.example"',
            "jwt_claims = 1",
            "set it to a table of texts such as",
        ),
        (f'["{SUBACCOUNT}"]', f'["{SUBACCOUNT}\\n"]', "set it to a list of SIDs of accounts"),
        (f'token_sha256 = "{TOKEN_HASH}"\n', "", "give one of `token_sha256`, `jwt_subject`"),
        (
            'scopes = ["calls:read"]',
            "scopes = []",
            "`scopes` is wrong: set it to a list of some of",
        ),
        ('"pii:read"', '"pii:write"', "`scopes` is wrong: set it to a list of some of"),
        ('["*"]', f'["*", "{ACCOUNT}"]', "`subaccounts` must hold SIDs"),
        (f'account = "{ACCOUNT}"', f'account = "{SUBACCOUNT}"', "is not among the accounts"),
        ("everything", "support-dashboard", "two have the same `name`"),
        ("[[viewers]]", "[[viewer]]", "`viewer` is unknown"),
        ('name = "everything"', 'name = "everything"\ncolour = 1', "`colour` is unknown"),
        ("[[accounts]]", "[[accounts", "is no TOML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(
    tmp_path: Path, good: str, bad: str, told: str
) -> None:
    """One line for each, and no secret in it."""
    path = _file(tmp_path, GOOD.replace(good, bad))
    with pytest.raises(WrongSettings) as wrong:
        load(path, ENVIRONMENT)
    assert any(told in mistake for mistake in wrong.value.mistakes), wrong.value.mistakes
    assert all(str(path) in mistake and "\n" not in mistake for mistake in wrong.value.mistakes)
    assert "secret of acme" not in str(wrong.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """A file is mended in one go."""
    text = (
        GOOD.replace("ACME_TOKEN", "NOBODY").replace('"pii:read"', '"x"').replace('["*"]', '["x"]')
    )
    with pytest.raises(WrongSettings) as wrong:
        load(_file(tmp_path, text), ENVIRONMENT)
    assert len(wrong.value.mistakes) == 3


def test_all_mistakes_of_a_row_are_told(tmp_path: Path) -> None:
    """Each with its key and what it must be; of what is wrong nothing is repeated."""
    row = 'name = "-"\ntoken_sha256 = "harbour"\ncolour = 1\nmax_cost = 0'
    text = GOOD.replace('name = "everything"', row).replace("token_env", "token")
    text = text.replace('["*"]', '["AC1"]').replace('["calls:read"]', "[]")
    path = _file(tmp_path, text)
    with pytest.raises(WrongSettings) as wrong:
        load(path, ENVIRONMENT)
    keys = ["auth_token", "name", "token_sha256", "colour", "max_cost", "subaccounts"]
    keys.append("scopes")
    assert [mistake.split("`")[1] for mistake in wrong.value.mistakes] == keys
    assert "harbour" not in str(wrong.value)


@pytest.mark.parametrize("table", ["accounts", "viewers"])
def test_a_row_that_is_no_table_is_a_mistake(tmp_path: Path, table: str) -> None:
    """It is told where it is, and how a table is written."""
    text = f'{table} = ["AC"]\n' + "".join(
        f"[[{part}" for part in GOOD.split("[[")[1:] if not part.startswith(table)
    )
    with pytest.raises(WrongSettings, match=rf"{table} 1: is no table: .* \[\[{table}\]\]\."):
        load(_file(tmp_path, text), ENVIRONMENT)


@pytest.mark.parametrize(
    "shown", ['jwt_subject = "ops@acme.example"', 'jwt_claims = { team = "a", roles = "b" }']
)
def test_no_two_viewers_are_known_by_the_same(tmp_path: Path, shown: str) -> None:
    """Otherwise it would be the order of the file that says what one may see."""
    text = GOOD.replace('jwt_subject = "ops@acme.example"', shown)
    text = text.replace(f'token_sha256 = "{TOKEN_HASH}"', shown)
    with pytest.raises(WrongSettings, match=f"two have the same `{shown.split(maxsplit=1)[0]}`"):
        load(_file(tmp_path, text), ENVIRONMENT)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    """It is named, and so is what the system says."""
    with pytest.raises(WrongSettings, match="cannot be read: No such file"):
        load(tmp_path / "missing.toml", {})
