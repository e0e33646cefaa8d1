"""Verifies JSON Web Tokens by the public keys of their issuer.

Only asymmetric algorithms are taken, so that neither `none` nor a public key used as a secret
ever passes; issuer, audience and expiry must be there and fit, give or take half a minute.
"""

import asyncio
import logging
import warnings
from base64 import urlsafe_b64decode
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey, import_key
from joserfc.jwt import JWTClaimsRegistry
from msgspec import Struct

from gateway.concurrency.background import keep_running, task_scope
from gateway.errors import KeysUnavailable, Unauthenticated
from gateway.http_library import httpx
from gateway.instrumentation import DependencyChanged, Hook, silent
from gateway.upstream.failures import (
    TRANSPORT_FAILURES,
    reason_of_exception,
    reason_of_response,
)
from gateway.upstream.proxies import DIRECT, Proxies
from gateway.upstream.transport import Bounded, Wire

logger = logging.getLogger("gateway.access")

ALGORITHMS: Mapping[str, tuple[type[Key], str | None]] = {
    "RS256": (RSAKey, None),
    "ES256": (ECKey, "P-256"),
    "EdDSA": (OKPKey, "Ed25519"),
    "Ed25519": (OKPKey, "Ed25519"),
}
"""The kind and curve of key that each needs. The last two are one: RFC 9864 gave `EdDSA` a new
name, and issuers write either."""

MOST_KEYS = 8
"""Keys that are tried for a token that names none."""

LEAST_RSA_BITS = 2048
"""RFC 7518 §3.3: smaller keys must not be used."""

LEEWAY = 30
"""Seconds by which clocks may differ."""

REFRESH_AFTER = 60.0
"""Seconds between two readings of the keys, however many unknown ones are shown."""

RETRY_AFTER = 1.0
"""Seconds between two readings while none has succeeded yet."""

KEEP_FOR = 3600.0
"""Seconds after which the keys are read again, so that withdrawn ones are gone."""

MAX_WAITING = 500
"""How many tokens wait for the keys to be read: anybody can make some up."""

MAX_LENGTH = 16_384


class _Header(Struct):
    alg: str
    kid: str | None = None


_HEADER = msgspec.json.Decoder(_Header)


class TokenVerifier:
    """Verifies tokens of one issuer for one audience.

    `fetch` gives the key set (JWKS) as JSON, or raises OSError; `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        issuer: str,
        audience: str,
        clock: Callable[[], float],
        hook: Hook = silent,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._hook = hook
        self._keys: KeySet | None = None
        self._problem: str | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._waiting = 0
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def claims(self, token: str) -> Mapping[str, Any]:
        """What a token says. Raises Unauthenticated: it has expired, or is bad without a reason."""
        if len(token) > MAX_LENGTH:
            raise Unauthenticated("The token is too long.")
        keys = await self._key_set(KEEP_FOR)
        try:
            return self._verified(token, keys)
        except ExpiredTokenError:  # of good make otherwise: its holder may know
            raise Unauthenticated("The token has expired: get a new one.") from None
        except Exception:  # noqa: BLE001 - whatever a stranger may have written
            newer = await self._key_set(REFRESH_AFTER)  # the keys may have been rotated
            if newer is keys:
                raise Unauthenticated("The token is not valid here, or not any more.") from None
        try:
            return self._verified(token, newer)
        except Exception:  # noqa: BLE001 - the same
            raise Unauthenticated("The token is not valid here, or not any more.") from None

    def _verified(self, token: str, keys: KeySet) -> Mapping[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of the old name of Ed25519
            decoded = _decoded(token, keys)
        self._claims.validate(decoded.claims)
        return decoded.claims

    async def _key_set(self, max_age: float) -> KeySet:
        """The keys, read within `max_age` seconds; only who needs newer ones waits for them."""
        if self._are_older(max_age):
            await self._wait_for_newer()
        if self._keys is None:
            raise KeysUnavailable
        return self._keys

    async def keep_fresh(self) -> None:
        """Read the keys now and each half hour; each minute while they cannot be read."""
        while True:
            with suppress(KeysUnavailable):
                await self._wait_for_newer()
            await asyncio.sleep(KEEP_FOR / 2 if self._problem is None else REFRESH_AFTER)

    async def _wait_for_newer(self) -> None:
        """Have the keys read, which is done to its end whoever waits for it."""
        if self._waiting >= MAX_WAITING:
            raise KeysUnavailable
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        self._waiting += 1
        try:
            await asyncio.shield(self._reading)
        finally:
            self._waiting -= 1

    def _are_older(self, max_age: float) -> bool:
        return self._clock() - self._read_at > (RETRY_AFTER if self._keys is None else max_age)

    async def _read(self) -> None:
        """Read the keys; when they cannot be read, those of before go on being good."""
        try:
            self._keys = key_set_in(await self._fetch())
            self._problem = None
        except (OSError, ValueError) as error:
            self._problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever an issuer may have published
            self._problem = type(error).__name__
        finally:
            self._read_at = self._clock()
            self._reading = None
        self._hook(DependencyChanged("keys", self._problem))


def _decoded(token: str, keys: KeySet) -> jwt.Token:
    """A token, once a key verifies it. Raises whatever is wrong with it."""
    for key in _candidates(token, keys):
        with suppress(BadSignatureError):
            return jwt.decode(token, key, algorithms=list(ALGORITHMS))
    raise BadSignatureError


def _candidates(token: str, keys: KeySet) -> Iterator[Key]:
    """The keys that may verify a token: those of its `kid`, or of its algorithm if it has none."""
    header = _HEADER.decode(urlsafe_b64decode(token.partition(".")[0] + "=="))
    fitting = (key for key in keys if _fits(key, header.alg) and header.kid in {None, key.kid})
    return islice(fitting, MOST_KEYS)


def _fits(key: Key, algorithm: str) -> bool:
    """Whether a key is for signatures by an algorithm."""
    kind, curve = ALGORITHMS[algorithm]
    meant = key.alg in {None, algorithm} and key.get("use") in {None, "sig"}
    return meant and isinstance(key, kind) and getattr(key, "curve_name", None) == curve


def key_set_in(published: bytes) -> KeySet:
    """The keys of a set; those that are of no use here are left out (RFC 7517 §5).

    Raises ValueError when there are none, whatever else was published.
    """
    try:
        entries = [*msgspec.json.decode(published.removeprefix(BOM_UTF8))["keys"]]
    except (msgspec.MsgspecError, ValueError, RecursionError, LookupError, TypeError):
        entries = []
    keys = []
    for one in entries:
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of what is left out below
            key = import_key(one)
            if any(_fits(key, name) for name in ALGORITHMS) and not _is_weak(key):
                keys.append(key)
    if not keys:
        raise ValueError("it is no JSON with keys of use")
    return KeySet(keys)


def _is_weak(key: Key) -> bool:
    """Whether a key is too short to be believed; the log says so."""
    bits = key.public_key.key_size if isinstance(key, RSAKey) else LEAST_RSA_BITS
    if bits < LEAST_RSA_BITS:
        logger.warning(
            "GATEWAY_JWKS_URL has an RSA key of %d bits, and tokens by it are refused: have the "
            "issuer sign with %d bits or more.",
            bits,
            LEAST_RSA_BITS,
        )
    return bits < LEAST_RSA_BITS


@asynccontextmanager
async def kept_fresh(verifier: TokenVerifier | None, hook: Hook) -> AsyncIterator[None]:
    """Have the keys read inside the `async with` block before somebody needs them."""
    if verifier is None:
        yield
        return
    async with task_scope(keep_running("reading of keys", verifier.keep_fresh, hook)):
        yield


def key_set_of(
    url: str, seconds: float, proxies: Proxies = DIRECT
) -> Callable[[], Awaitable[bytes]]:
    """What reads the key set at `url`, within `seconds`, and raises OSError when it cannot."""

    async def fetch() -> bytes:
        bounded = Bounded(Wire(proxies), seconds)
        async with httpx.AsyncClient(transport=bounded, timeout=None) as client:
            try:
                return (await client.get(url)).raise_for_status().content
            except httpx.HTTPStatusError as error:
                raise OSError(reason_of_response(error.response)) from error
            except TRANSPORT_FAILURES as error:
                raise OSError(reason_of_exception(error)) from error

    return fetch
