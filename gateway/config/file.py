"""Reads accounts and viewers from the TOML file that `GATEWAY_CONFIG` names.

It holds no secret, only the names of environment variables and hashes of tokens. It is checked
whole: every mistake is told, in a line that says where it is and how to mend it.
"""

import tomllib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct

from gateway.config.accounts import Account, account_of
from gateway.config.guessable_tokens import guessable
from gateway.config.kinds import Count
from gateway.config.settings import AccountSid, Secret, Settings
from gateway.config.settings_table import accepted
from gateway.config.viewers import Realm, Scope, Viewer, everybody
from gateway.errors import WrongSettings

RowT = TypeVar("RowT", bound=Struct)

Sha256 = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{64}\Z",
        title="64 hexadecimal digits in lower case, as `printf %s TOKEN | sha256sum` prints them",
    ),
]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z",
        title="a name of 1 to 64 letters, digits, `.`, `_` and `-`, not `.`, `_` or `-` first",
    ),
]
Text = Annotated[str, Meta(min_length=1, title="a text that is not empty")]
Variable = Annotated[str, Meta(min_length=1, title="the name of an environment variable")]
Claims = Annotated[
    dict[str, str], Meta(min_length=1, title='a table of texts such as `{ roles = "voice-ops" }`')
]
Sids = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^(\*|AC[0-9a-fA-F]{32})\Z")], ...],
    Meta(title='a list of SIDs of accounts, or `["*"]`'),
]
Scopes = Annotated[
    tuple[Scope, ...],
    Meta(
        min_length=1, title="a list of some of " + ", ".join(f'"{scope.value}"' for scope in Scope)
    ),
]

_SECRETS = {
    "auth_token": "auth_token_env",
    "api_secret": "api_secret_env",
    "token": "token_sha256",
}
"""What does not belong into the file, and what to write instead."""


class _AccountRow(Struct, frozen=True):
    sid: AccountSid
    auth_token_env: Variable | None = None
    api_key: Text | None = None
    api_secret_env: Variable | None = None

    @property
    def proof(self) -> str:
        return f"`api_key` and {self.api_secret_env}" if self.api_key else f"{self.auth_token_env}"


class _ViewerRow(Struct, frozen=True):
    name: Name
    account: AccountSid
    token_sha256: Sha256 | None = None
    jwt_subject: Text | None = None
    jwt_claims: Claims | None = None
    subaccounts: Sids = ()
    scopes: Scopes = (Scope.CALLS_READ,)
    max_cost: Count | None = None
    budget_per_minute: Count | None = None

    @property
    def claims(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((self.jwt_claims or {}).items()))


class Grant(Struct, frozen=True):
    """A viewer, and what one has to show to be it: one of a token, a subject, and claims."""

    viewer: Viewer
    token_sha256: str | None = None
    jwt_subject: str | None = None
    jwt_claims: tuple[tuple[str, str], ...] = ()


class Configuration(Struct, frozen=True):
    """Accounts and viewers, checked.

    `stranger` is the viewer that everybody is where there are no others. `proofs` says in words,
    by SID, where the credentials of each account of a file are.
    """

    accounts: tuple[Account, ...]
    grants: tuple[Grant, ...] = ()
    stranger: Viewer | None = None
    proofs: Mapping[str, str] = {}

    @property
    def realms(self) -> frozenset[Realm]:
        """All that somebody may see."""
        strangers = {self.stranger.realm} if self.stranger else set()
        return frozenset(strangers | {grant.viewer.realm for grant in self.grants})


def open_to_all(account: Account) -> Configuration:
    """The configuration without a file: one account, and everybody sees all of it."""
    return Configuration((account,), stranger=everybody(account))


def configuration_of(settings: Settings, environment: Mapping[str, str]) -> Configuration:
    """What the settings say of accounts and viewers. Raises WrongSettings."""
    if settings.gateway_config is None:
        return open_to_all(account_of(settings))
    configuration = load(Path(settings.gateway_config), environment)
    if mistakes := list(_unmet(settings, configuration)):
        raise WrongSettings(*(f"{settings.gateway_config}: {mistake}" for mistake in mistakes))
    return configuration


def _unmet(settings: Settings, configuration: Configuration) -> Iterator[str]:
    """What accounts and viewers need, and file and settings together do not give them."""
    by_token = [grant for grant in configuration.grants if not grant.token_sha256]
    if by_token and settings.gateway_jwks_url is None:
        yield (
            f"the viewer {by_token[0].viewer.name} is known by a JSON Web Token, which needs "
            "GATEWAY_JWKS_URL, GATEWAY_JWT_ISSUER and GATEWAY_JWT_AUDIENCE: set them."
        )
    for account in configuration.accounts:
        if settings.gateway_webhook_url is not None and account.webhook_key is None:
            yield (
                f"the account {account.sid} has no auth token, with which Twilio signs what it "
                "posts to GATEWAY_WEBHOOK_URL: give `auth_token_env` beside its key, or unset "
                "GATEWAY_WEBHOOK_URL."
            )


def load(path: Path, environment: Mapping[str, str]) -> Configuration:
    """Read and check a file. Raises WrongSettings with a line for each mistake."""
    try:
        written = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise WrongSettings(
            f"GATEWAY_CONFIG is {str(path)!r}, which cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSettings(f"{path} is no TOML: {error}.") from error
    reader = _Reader(environment)
    configuration = reader.read(written)
    if reader.mistakes:
        raise WrongSettings(*(f"{path}: {mistake}" for mistake in reader.mistakes))
    return configuration


class _Reader:
    """Reads tables into values, and notes what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._unread: set[str] = set()  # SIDs of accounts of which enough is said
        self.mistakes: list[str] = []

    def read(self, written: Mapping[str, Any]) -> Configuration:
        """The whole file; incomplete where there are mistakes."""
        for name in written.keys() - {"accounts", "viewers"}:
            self.mistakes.append(f"`{name}` is unknown: there are `accounts` and `viewers`.")
        rows = list(self._rows(written, "accounts", _AccountRow))
        accounts = {row.sid: self._account(place, row) for place, row in rows}
        self._unique("accounts", "sid", [row.sid for _, row in rows])
        viewers = list(self._rows(written, "viewers", _ViewerRow))
        self._unique("viewers", "name", [row.name for _, row in viewers])
        self._unique("viewers", "token_sha256", [row.token_sha256 for _, row in viewers])
        self._unique("viewers", "jwt_subject", [row.jwt_subject for _, row in viewers])
        self._unique("viewers", "jwt_claims", [row.claims or None for _, row in viewers])
        grants = [self._grant(place, row, accounts) for place, row in viewers]
        return Configuration(
            tuple(account for account in accounts.values() if account),
            tuple(grant for grant in grants if grant),
            proofs={row.sid: row.proof for _, row in rows},
        )

    def _rows(
        self, written: Mapping[str, Any], table: str, kind: type[RowT]
    ) -> Iterator[tuple[str, RowT]]:
        rows = written.get(table, [])
        if not isinstance(rows, list) or not rows:
            self.mistakes.append(f"there are no [[{table}]]: add one.")
            return
        for number, row in enumerate(rows, 1):
            place = f"{table} {number}"
            if not isinstance(row, dict):
                self.mistakes.append(f"{place}: is no table: write its keys below [[{table}]].")
            elif (read := self._row(place, row, kind)) is not None:
                yield place, read

    def _row(self, place: str, row: Mapping[str, Any], kind: type[RowT]) -> RowT | None:
        """A row; None where a key is wrong, unknown or missing, each of which is told."""
        hints = get_type_hints(kind, include_extras=True)
        values: dict[str, Any] = {}
        wrong = [
            f"`{field.name}` is missing: set it to {accepted(hints[field.name])}."
            for field in msgspec.structs.fields(kind)
            if field.required and field.name not in row
        ]
        for name, value in row.items():
            if name in _SECRETS:
                wrong.append(
                    f"`{name}` would put a secret into the file: remove it, change the secret if "
                    f"the file was shared, and use `{_SECRETS[name]}`."
                )
            elif name not in hints:
                accepted_names = ", ".join(f"`{one}`" for one in hints)
                wrong.append(f"`{name}` is unknown: remove it, or use one of {accepted_names}.")
            else:
                try:
                    values[name] = msgspec.convert(value, hints[name])
                except msgspec.ValidationError:
                    wrong.append(f"`{name}` is wrong: set it to {accepted(hints[name])}.")
        self.mistakes += [f"{place}: {mistake}" for mistake in wrong]
        self._unread |= {str(row.get("sid"))} if wrong else set()
        return None if wrong else kind(**values)

    def _account(self, place: str, row: _AccountRow) -> Account | None:
        token = self._secret(place, row.auth_token_env)
        secret = self._secret(place, row.api_secret_env)
        halved = (row.api_key is None) != (row.api_secret_env is None)
        if halved or (row.api_key is None and row.auth_token_env is None):
            self.mistakes.append(
                f"{place}: give `auth_token_env`, or `api_key` and `api_secret_env`, which go "
                "together, or all three."
            )
        elif row.api_key is not None and secret is not None:
            return Account(row.sid, row.api_key, secret, token)
        elif row.api_key is None and token is not None:
            return Account(row.sid, row.sid, token)
        return None

    def _secret(self, place: str, variable: str | None) -> Secret | None:
        """What an environment variable holds, if one is named."""
        if variable is None:
            return None
        if held := self._environment.get(variable):
            return Secret(held)
        self.mistakes.append(f"{place}: the environment variable {variable} is not set: set it.")
        return None

    def _grant(
        self, place: str, row: _ViewerRow, accounts: Mapping[str, Account | None]
    ) -> Grant | None:
        place = f"{place} ({row.name})"
        shown = [row.token_sha256, row.jwt_subject, row.jwt_claims]
        if sum(1 for one in shown if one) != 1:
            self.mistakes.append(
                f"{place}: give one of `token_sha256`, `jwt_subject` and `jwt_claims`."
            )
        if row.token_sha256 and (word := guessable(row.token_sha256, row.name)) is not None:
            self.mistakes.append(
                f'{place}: `token_sha256` is that of "{word}", which anybody may guess: make a '
                "token with `openssl rand -hex 32`, and hash that."
            )
        if row.account not in accounts.keys() | self._unread:
            self.mistakes.append(f"{place}: {row.account} is not among the accounts: add it.")
        every = row.subaccounts == ("*",)
        if "*" in row.subaccounts and not every:
            self.mistakes.append(f'{place}: `subaccounts` must hold SIDs of accounts, or just "*".')
        account = accounts.get(row.account)
        if account is None:
            return None
        realm = Realm(account, None if every else frozenset(row.subaccounts))
        viewer = Viewer(row.name, realm, frozenset(row.scopes), row.max_cost, row.budget_per_minute)
        return Grant(viewer, row.token_sha256, row.jwt_subject, row.claims)

    def _unique(self, table: str, name: str, values: Sequence[Hashable]) -> None:
        given = [value for value in values if value is not None]
        if len(given) != len(set(given)):
            self.mistakes.append(f"[[{table}]]: two have the same `{name}`: each needs its own.")
