"""JSON Web Tokens: the good one, and every trick that is known."""

import json
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from gateway.accounts import Account
from gateway.configuration import Grant
from gateway.errors import Unauthenticated
from gateway.server.auth import Doorkeeper
from gateway.server.tokens import KEEP_FOR, REFRESH_AFTER, TokenVerifier
from gateway.settings import Secret
from gateway.viewers import Realm, Scope, Viewer
from tests.conftest import NOON, Clock

ISSUER, AUDIENCE = "https://login.acme.example", "calls"
KEYS: dict[str, Any] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec", "alg": "ES256", "use": "sig"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "alg": "EdDSA", "use": "sig"}),
}
GOOD = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "exp": int(NOON) + 600}
REALM = Realm(Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret")))


class Issuer:
    """Publishes keys, and counts how often they are read."""

    def __init__(self) -> None:
        self.keys: list[Any] = list(KEYS.values())
        self.readings = 0
        self.is_up = True

    async def publish(self) -> bytes:
        self.readings += 1
        if not self.is_up:
            raise OSError("no route")
        return json.dumps(KeySet(self.keys).as_dict(private=False)).encode()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def doorkeeper(issuer: Issuer, clock: Clock) -> Doorkeeper:
    grants = [
        Grant(Viewer("ana", REALM, frozenset({Scope.CALLS_READ})), jwt_subject="ana"),
        Grant(Viewer("team", REALM, frozenset(Scope)), jwt_claims=(("roles", "support"),)),
    ]
    return Doorkeeper(grants, None, TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock))


def _token(algorithm: str = "ES256", key: Any = None, **claims: Any) -> str:
    key = key or KEYS[algorithm]
    said = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    header = {"alg": algorithm, "kid": key.kid}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(header, said, key, algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", sorted(KEYS))
async def test_a_good_token_is_its_viewer_until_it_expires(
    doorkeeper: Doorkeeper, algorithm: str
) -> None:
    """RS256, ES256 and EdDSA; by subject."""
    admission = await doorkeeper.admit(f"Bearer {_token(algorithm)}")
    assert admission.viewer.name == "ana"
    assert admission.until == GOOD["exp"]


async def test_a_claim_can_make_a_viewer(doorkeeper: Doorkeeper) -> None:
    """One of a list of roles is enough."""
    token = _token(sub="somebody", roles=["support", "sales"])
    assert (await doorkeeper.admit(f"Bearer {token}")).viewer.name == "team"


def _unsigned() -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, GOOD)]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def _confused() -> str:
    """Signed with the public key as if it were a shared secret."""
    public = json.dumps(KEYS["RS256"].as_dict(private=False)).encode()
    key = OctKey.import_key(public, {"kid": "rsa"})
    return jwt.encode({"alg": "HS256", "kid": "rsa"}, GOOD, key, algorithms=["HS256"])


TRICKS: dict[str, Callable[[], str]] = {
    "alg none": _unsigned,
    "HS256 with the public key": _confused,
    "another audience": lambda: _token(aud="other"),
    "no audience": lambda: _token(aud=None),
    "another issuer": lambda: _token(iss="https://evil.example"),
    "expired": lambda: _token(exp=int(NOON) - 60),
    "without expiry": lambda: _token(exp=None),
    "not yet": lambda: _token(nbf=int(NOON) + 600),
    "unknown kid": lambda: _token(key=ECKey.generate_key("P-256", {"kid": "nobody"})),
    "another key under a known kid": lambda: _token(key=ECKey.generate_key("P-256", {"kid": "ec"})),
    "altered": lambda: _token()[:-4] + "AAAA",
    "an unknown subject": lambda: _token(sub="mallory"),
    "garbage": lambda: "a.b.c",
    "too long": lambda: "a" * 20_000 + "..",
}


@pytest.mark.parametrize("trick", sorted(TRICKS))
async def test_a_trick_is_refused(doorkeeper: Doorkeeper, trick: str) -> None:
    """Unauthenticated, and nothing of the token in the message."""
    token = TRICKS[trick]()
    with pytest.raises(Unauthenticated) as refused:
        await doorkeeper.admit(f"Bearer {token}")
    assert token not in str(refused.value)


async def test_clocks_may_differ_a_little(doorkeeper: Doorkeeper) -> None:
    """A token that expired some seconds ago is still good."""
    assert await doorkeeper.admit(f"Bearer {_token(exp=int(NOON) - 10)}")


async def test_keys_are_rotated_without_a_restart(
    doorkeeper: Doorkeeper, issuer: Issuer, clock: Clock
) -> None:
    """A token by a new key has the keys read again; one by a withdrawn key is refused in time."""
    assert await doorkeeper.admit(f"Bearer {_token()}")
    new = ECKey.generate_key("P-256", {"kid": "new", "alg": "ES256"})
    issuer.keys = [new]
    clock.advance(REFRESH_AFTER + 1)
    assert await doorkeeper.admit(f"Bearer {_token(key=new)}")
    with pytest.raises(Unauthenticated):
        await doorkeeper.admit(f"Bearer {_token()}")


async def test_unknown_keys_do_not_have_the_keys_read_all_the_time(
    doorkeeper: Doorkeeper, issuer: Issuer
) -> None:
    """Who shows bad tokens in a loop causes no load on the issuer."""
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await doorkeeper.admit(f"Bearer {TRICKS['unknown kid']()}")
    assert issuer.readings == 1


async def test_an_issuer_that_is_down_costs_nobody_access(
    doorkeeper: Doorkeeper, issuer: Issuer, clock: Clock
) -> None:
    """The keys of before go on being good; without any, nobody is let in."""
    assert await doorkeeper.admit(f"Bearer {_token()}")
    issuer.is_up = False
    clock.advance(KEEP_FOR + 1)
    assert await doorkeeper.admit(f"Bearer {_token(exp=int(NOON + KEEP_FOR) + 600)}")
    fresh = Doorkeeper([], None, TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock))
    with pytest.raises(Unauthenticated, match="cannot be verified at the moment"):
        await fresh.admit(f"Bearer {_token(exp=int(NOON + KEEP_FOR) + 600)}")
