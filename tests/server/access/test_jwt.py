"""JSON Web Tokens: the good one, and every trick that is known."""

import asyncio
import contextlib
import json
import warnings
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from gateway.config.accounts import Account
from gateway.config.file import Grant
from gateway.config.settings import Secret
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.errors import KeysUnavailable, Unauthenticated
from gateway.server.access import jwt as verification
from gateway.server.access.authentication import Authenticator
from gateway.server.access.jwt import (
    KEEP_FOR,
    LEEWAY,
    MOST_KEYS,
    REFRESH_AFTER,
    RETRY_AFTER,
    TokenVerifier,
    key_set_of,
)
from gateway.upstream.transport import MAX_BODY_BYTES
from tests.conftest import NOON, Clock

ISSUER, AUDIENCE = "https://login.acme.example", "calls"
KEYS: dict[str, Any] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec", "alg": "ES256", "use": "sig"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "alg": "EdDSA", "use": "sig"}),
}
GOOD: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "exp": int(NOON) + 600}
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
def authenticator(issuer: Issuer, clock: Clock) -> Authenticator:
    grants = [
        Grant(Viewer("ana", REALM, frozenset({Scope.CALLS_READ})), jwt_subject="ana"),
        Grant(Viewer("team", REALM, frozenset(Scope)), jwt_claims=(("roles", "support"),)),
    ]
    return Authenticator(grants, None, TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock))


def _token(algorithm: str = "ES256", key: Any = None, **claims: Any) -> str:
    key = key or KEYS[algorithm]
    said = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    header = {"alg": algorithm, "kid": key.kid}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(header, said, key, algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", sorted(KEYS))
async def test_a_good_token_is_its_viewer_until_it_expires(
    authenticator: Authenticator, algorithm: str
) -> None:
    """RS256, ES256 and EdDSA; by subject. As long as the token would be let in again, not less."""
    admission = await authenticator.admit(f"Bearer {_token(algorithm)}")
    assert admission.viewer.name == "ana"
    assert admission.until == GOOD["exp"] + LEEWAY


async def test_a_claim_can_make_a_viewer(authenticator: Authenticator) -> None:
    """One of a list of roles is enough."""
    token = _token(sub="somebody", roles=["support", "sales"])
    assert (await authenticator.admit(f"Bearer {token}")).viewer.name == "team"


@pytest.mark.parametrize("claim", ["scope", "scp"])
@pytest.mark.parametrize("said", ["calls", "openid calls", "calls openid email", ["calls"]])
async def test_scopes_may_be_one_text_with_blanks(
    issuer: Issuer, clock: Clock, claim: str, said: Any
) -> None:
    """RFC 8693 §4.2 writes `scope` so, and Microsoft Entra `scp`; other issuers write a list."""
    grant = Grant(Viewer("team", REALM, frozenset(Scope)), jwt_claims=((claim, "calls"),))
    authenticator = Authenticator(
        [grant], None, TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)
    )
    token = _token(sub="somebody", **{claim: said})

    assert (await authenticator.admit(f"Bearer {token}")).viewer.name == "team"


@pytest.mark.parametrize(
    ("claim", "said"),
    [("scope", "calls:write"), ("scope", "mycalls"), ("scope", ""), ("department", "calls sales")],
)
async def test_no_part_of_a_word_is_a_scope(
    issuer: Issuer, clock: Clock, claim: str, said: Any
) -> None:
    """Whole words count alone, and blanks part the values of no other claim."""
    grant = Grant(Viewer("team", REALM, frozenset(Scope)), jwt_claims=((claim, "calls"),))
    authenticator = Authenticator(
        [grant], None, TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)
    )

    with pytest.raises(Unauthenticated):
        await authenticator.admit(f"Bearer {_token(sub='somebody', **{claim: said})}")


def _nameless(algorithm: str, key: Any = None) -> str:
    """A token whose header does not say by which key it is."""
    key = key or KEYS[algorithm]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode({"alg": algorithm}, GOOD, key, algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", sorted(KEYS))
async def test_a_token_without_a_kid_is_verified_by_each_key_that_fits(
    authenticator: Authenticator, issuer: Issuer, algorithm: str
) -> None:
    """RFC 7515 §4.1.4: `kid` is optional; the key is found among all of the set."""
    others = [RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key()]
    issuer.keys = [*others, *KEYS.values()]

    admission = await authenticator.admit(f"Bearer {_nameless(algorithm)}")

    assert admission.viewer.name == "ana"


async def test_so_many_keys_are_tried_and_no_more(
    authenticator: Authenticator, issuer: Issuer
) -> None:
    """Whoever shows tokens without a `kid` has a bounded number of signatures verified."""
    others = [ECKey.generate_key("P-256") for _ in range(MOST_KEYS - 1)]
    issuer.keys = [*others, KEYS["ES256"]]
    assert await authenticator.admit(f"Bearer {_nameless('ES256')}")

    fresh = ECKey.generate_key("P-256")
    issuer.keys = [*others, fresh, KEYS["ES256"]]
    verifier = TokenVerifier(issuer.publish, ISSUER, AUDIENCE, lambda: NOON)
    with pytest.raises(Unauthenticated):
        await verifier.claims(_nameless("ES256"))
    assert await verifier.claims(_nameless("ES256", fresh))


@pytest.mark.parametrize(
    "unfit",
    [{"use": "enc"}, {"alg": "ES384"}, {"key_ops": ["encrypt"]}],
    ids=["for encryption", "of another algorithm", "not to verify"],
)
async def test_a_key_for_something_else_verifies_nothing(
    clock: Clock, unfit: dict[str, Any]
) -> None:
    """RFC 7517 §4.2 to §4.4: the issuer says what a key is for."""
    published = KEYS["ES256"].as_dict(private=False) | {"alg": "ES256"} | unfit

    async def publish() -> bytes:
        return json.dumps({"keys": [published]}).encode()

    verifier = TokenVerifier(publish, ISSUER, AUDIENCE, clock)
    for token in (_token(), _nameless("ES256")):
        with pytest.raises(Unauthenticated):
            await verifier.claims(token)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("bits", [1024, 2040])
async def test_a_weak_key_is_not_believed(
    issuer: Issuer, clock: Clock, bits: int, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 7518 §3.3: RSA keys have 2,048 bits or more. The log says what the issuer should mend."""
    weak = RSAKey.generate_key(bits, {"kid": "weak"})
    issuer.keys = [weak, KEYS["ES256"]]
    verifier = TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)

    for token in (_token("RS256", weak), _nameless("RS256", weak)):
        with pytest.raises(Unauthenticated):
            await verifier.claims(token)
    assert await verifier.claims(_token())
    assert f"an RSA key of {bits} bits" in caplog.text


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
async def test_a_trick_is_refused(authenticator: Authenticator, trick: str) -> None:
    """Unauthenticated, and nothing of the token in the message."""
    token = TRICKS[trick]()
    with pytest.raises(Unauthenticated) as refused:
        await authenticator.admit(f"Bearer {token}")
    assert token not in str(refused.value)


async def test_clocks_may_differ_a_little(authenticator: Authenticator) -> None:
    """A token that expired some seconds ago is still good."""
    assert await authenticator.admit(f"Bearer {_token(exp=int(NOON) - 10)}")


async def test_who_has_an_expired_token_is_told_so(
    authenticator: Authenticator, issuer: Issuer, clock: Clock
) -> None:
    """A choice of ours: the signature was good, so the holder learns nothing new of the gateway.

    The keys are not read again for it.
    """
    with pytest.raises(Unauthenticated, match="The token has expired"):
        await authenticator.admit(f"Bearer {_token(exp=int(NOON) - LEEWAY)}")
    clock.advance(REFRESH_AFTER + 1)
    with pytest.raises(Unauthenticated, match="The token has expired"):
        await authenticator.admit(f"Bearer {_token(exp=int(NOON) - LEEWAY)}")
    assert issuer.readings == 1
    forged = ECKey.generate_key("P-256", {"kid": "ec"})
    with pytest.raises(Unauthenticated, match="not valid here"):
        await authenticator.admit(f"Bearer {_token(key=forged, exp=int(NOON) - 60)}")


async def test_keys_are_rotated_without_a_restart(
    authenticator: Authenticator, issuer: Issuer, clock: Clock
) -> None:
    """A token by a new key has the keys read again; one by a withdrawn key is refused in time."""
    assert await authenticator.admit(f"Bearer {_token()}")
    new = ECKey.generate_key("P-256", {"kid": "new", "alg": "ES256"})
    issuer.keys = [new]
    clock.advance(REFRESH_AFTER + 1)
    assert await authenticator.admit(f"Bearer {_token(key=new)}")
    with pytest.raises(Unauthenticated):
        await authenticator.admit(f"Bearer {_token()}")


async def test_unknown_keys_do_not_have_the_keys_read_all_the_time(
    authenticator: Authenticator, issuer: Issuer
) -> None:
    """Who shows bad tokens in a loop causes no load on the issuer."""
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await authenticator.admit(f"Bearer {TRICKS['unknown kid']()}")
    assert issuer.readings == 1


async def test_an_issuer_that_is_down_costs_nobody_access(
    authenticator: Authenticator, issuer: Issuer, clock: Clock
) -> None:
    """The keys of before go on being good; without any, nobody is let in."""
    assert await authenticator.admit(f"Bearer {_token()}")
    issuer.is_up = False
    clock.advance(KEEP_FOR + 1)
    assert await authenticator.admit(f"Bearer {_token(exp=int(NOON + KEEP_FOR) + 600)}")
    fresh = Authenticator([], None, TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock))
    with pytest.raises(Unauthenticated, match="cannot be verified at the moment"):
        await fresh.admit(f"Bearer {_token(exp=int(NOON + KEEP_FOR) + 600)}")


@pytest.mark.parametrize(
    "header", [{"crit": 1}, {"crit": [[]]}, {"kid": []}, {"alg": {}}, {"typ": 7, "b64": 7}]
)
async def test_whatever_a_stranger_writes_is_no_fault_of_ours(
    authenticator: Authenticator, header: dict[str, Any]
) -> None:
    """A header may hold anything that is JSON."""
    said = [{"alg": "RS256", "kid": "rsa", **header}, {}]
    parts = [urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in said]
    with pytest.raises(Unauthenticated):
        await authenticator.admit(f"Bearer {'.'.join(parts)}.AAAA")


@pytest.mark.parametrize(
    "other",
    [
        {"kty": "EC", "crv": "BP-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "OKP", "crv": "Bls12381G2", "x": "AAAA"},
        {"kty": "AKP"},
        {},
        7,
    ],
)
async def test_a_key_that_is_of_no_use_here_makes_no_other_useless(
    clock: Clock, other: object
) -> None:
    """Issuers publish keys of new kinds beside those of old ones."""
    published = KeySet([KEYS["ES256"]]).as_dict(private=False)

    async def publish() -> bytes:
        return json.dumps({"keys": [other, *published["keys"]]}).encode()

    verifier = TokenVerifier(publish, ISSUER, AUDIENCE, clock)
    assert (await verifier.claims(_token()))["sub"] == "ana"


class Slow(Issuer):
    """An issuer that can be held up in the middle of an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def publish(self) -> bytes:
        self.readings += 1
        await self.goes_on.wait()
        return json.dumps(KeySet(self.keys).as_dict(private=False)).encode()


async def test_who_shows_an_unknown_key_holds_nobody_up(clock: Clock) -> None:
    """While the keys are read again for one, those whose keys are known do not wait."""
    issuer = Slow()
    verifier = TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)
    assert await verifier.claims(_token())
    clock.advance(REFRESH_AFTER + 1)
    issuer.goes_on.clear()
    stranger = asyncio.create_task(verifier.claims(TRICKS["unknown kid"]()))
    while issuer.readings == 1:
        await asyncio.sleep(0)
    assert (await asyncio.wait_for(verifier.claims(_token()), 5))["sub"] == "ana"
    issuer.goes_on.set()
    with pytest.raises(Unauthenticated):
        await stranger


async def test_those_who_wait_for_an_issuer_that_fails_fail_together(
    issuer: Issuer, clock: Clock
) -> None:
    """It is read once for all of them, and again for who asks a moment later."""
    issuer.is_up = False
    verifier = TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)
    failed = await asyncio.gather(
        *(verifier.claims(_token()) for _ in range(20)), return_exceptions=True
    )
    assert [type(one) for one in failed] == [KeysUnavailable] * 20
    assert issuer.readings == 1
    issuer.is_up = True
    clock.advance(RETRY_AFTER + 0.1)
    assert await verifier.claims(_token())


async def test_who_leaves_ends_no_reading_of_the_keys(clock: Clock) -> None:
    """It is for all who have a token, and a stranger could end it again and again (our choice)."""
    issuer = Slow()
    issuer.goes_on.clear()
    verifier = TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)
    leaving, staying = (asyncio.create_task(verifier.claims(_token())) for _ in range(2))
    while not issuer.readings:
        await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    issuer.goes_on.set()
    assert (await staying)["sub"] == "ana"
    assert issuer.readings == 1


async def test_so_many_wait_for_the_keys_and_no_more(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can make tokens up, and each that waits holds a place (our choice)."""
    monkeypatch.setattr(verification, "MAX_WAITING", 2)
    issuer = Slow()
    issuer.goes_on.clear()
    verifier = TokenVerifier(issuer.publish, ISSUER, AUDIENCE, clock)
    asking = [asyncio.create_task(verifier.claims(_token())) for _ in range(2)]
    while not issuer.readings:
        await asyncio.sleep(0)
    with pytest.raises(KeysUnavailable):
        await verifier.claims(_token())
    issuer.goes_on.set()
    assert [one["sub"] for one in await asyncio.gather(*asking)] == ["ana"] * 2
    assert (await verifier.claims(_token()))["sub"] == "ana"


Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hangs_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Says nothing; the caller closes."""


async def _stalls(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def _answers(head: bytes, body: bytes = b"") -> Serve:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + head + b"\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()

    return answer


@asynccontextmanager
async def _serving(behaviour: Callable[[], Serve]) -> AsyncIterator[str]:
    """An issuer on a socket, which behaves as it is to at each request; gives its address."""
    under_way: set[asyncio.Task[Any] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        with contextlib.suppress(OSError):
            await behaviour()(reader, writer)
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        yield "http://{}:{}/keys".format(*server.sockets[0].getsockname())
        await asyncio.gather(*filter(None, under_way))


TROUBLES = {
    "fails": _answers(b"503 Service Unavailable"),
    "has moved": _answers(b"302 Found\r\nLocation: http://127.0.0.1:1/"),
    "hangs up": _hangs_up,
    "stalls": _stalls,
    "stops half way": _answers(b"200 OK\r\nContent-Length: 1000", b'{"keys":'),
    "speaks no HTTP": _answers(b"what?"),
    "tells a page": _answers(b"200 OK\r\nContent-Type: text/html", b"<html></html>"),
    "tells no keys": _answers(b"200 OK", b'{"keys": 1}'),
    "tells what has no end": _answers(b"200 OK", b"[" * 100_000),
    "tells too much": _answers(b"200 OK", b" " * (MAX_BODY_BYTES + 1)),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_trouble_of_an_issuer_costs_access(
    issuer: Issuer, clock: Clock, trouble: str
) -> None:
    """Whatever an issuer does on its socket, the keys of before go on being good."""
    behaves = _answers(b"200 OK", await issuer.publish())
    async with _serving(lambda: behaves) as url:
        fetch = key_set_of(url, 1.0)
        verifier = TokenVerifier(fetch, ISSUER, AUDIENCE, clock)
        assert await verifier.claims(_token())
        behaves = TROUBLES[trouble]
        clock.advance(KEEP_FOR + 1)
        late = _token(exp=int(NOON + KEEP_FOR) + 600)
        assert (await verifier.claims(late))["sub"] == "ana"
        with pytest.raises(Unauthenticated, match="cannot be verified at the moment"):
            await TokenVerifier(fetch, ISSUER, AUDIENCE, clock).claims(late)
