"""Authenticates a request by bearer token: a known hash, or a JSON Web Token."""

import asyncio
import hashlib
import hmac
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field, structs

from gateway.config.file import Grant
from gateway.config.viewers import Viewer
from gateway.errors import Unauthenticated
from gateway.server.access.jwt import LEEWAY, TokenVerifier

_CURE = "Send `Authorization: Bearer TOKEN` with the token that you were given"
_UNQUESTIONED = 60.0
"""Seconds after which a JSON Web Token is verified again: its key may have been withdrawn."""

_UNKNOWN = "The token is not known here, or not any more."


class Admission(Struct, frozen=True):
    """A viewer, and up to when (seconds since 1970) what was shown is good; None for ever.

    `withdrawn` is set when the viewer is no more, or may do other things than before; `version` is
    the authenticator's at that moment.
    """

    viewer: Viewer
    until: float | None = None
    withdrawn: asyncio.Event = field(default_factory=asyncio.Event)
    version: int = 0

    def unquestioned(self, now: float) -> float:
        """Up to when what was shown need not be looked at again."""
        return math.inf if self.until is None else min(self.until, now + _UNQUESTIONED)

    def lasting(self, now: float) -> float | None:
        """Seconds for which a stream that begins now may last."""
        return None if self.until is None else max(0.0, self.until - now)


class Authenticator:
    """Tells viewers by what they show. `stranger` is who everybody is, where there are no others.

    `version` is another one whenever it may tell another viewer by the same. Raises
    Unauthenticated; its message never repeats what was shown.
    """

    def __init__(
        self,
        grants: Sequence[Grant],
        stranger: Viewer | None = None,
        verifier: TokenVerifier | None = None,
    ) -> None:
        self._verifier = verifier
        self.version = 0
        self._shapes: dict[str, object] = {}
        self._withdrawals: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.replace(grants, stranger)

    def replace(self, grants: Sequence[Grant], stranger: Viewer | None = None) -> None:
        """Know these and no others from now on; who is not as before is withdrawn."""
        self._hashes = [(bytes.fromhex(g.token_sha256), g.viewer) for g in grants if g.token_sha256]
        self._claimed = [grant for grant in grants if not grant.token_sha256]
        self._stranger = stranger
        self.version += 1
        before, self._shapes = self._shapes, {grant.viewer.name: _shape(grant) for grant in grants}
        for name in before:
            if before[name] != self._shapes.get(name) and name in self._withdrawals:
                self._withdrawals.pop(name).set()

    def needs_token(self) -> bool:
        """Whether nobody is let in without one."""
        return self._stranger is None

    async def admit(self, authorization: str | None) -> Admission:
        """The viewer that an `Authorization` header shows."""
        return self.admit_at_once(authorization) or await self._verified(_token_in(authorization))

    def admit_at_once(self, authorization: str | None) -> Admission | None:
        """The same, if that takes no waiting; None if it is a token that has to be verified."""
        if self._stranger is not None:
            return self._admission(self._stranger)
        token = _token_in(authorization)
        if (viewer := self._by_hash(token)) is not None:
            return self._admission(viewer)
        if self._verifier is None or token.count(".") != 2:  # noqa: PLR2004 - header.claims.seal
            raise Unauthenticated(_UNKNOWN)
        return None

    async def _verified(self, token: str) -> Admission:
        assert self._verifier is not None  # noqa: S101 - else no token has to be verified
        claims = await self._verifier.claims(token)
        return self._admission(self._by_claims(claims), claims["exp"] + LEEWAY)

    def _admission(self, viewer: Viewer, until: float | None = None) -> Admission:
        return Admission(viewer, until, self._withdrawals[viewer.name], self.version)

    def _by_hash(self, token: str) -> Viewer | None:
        shown = hashlib.sha256(token.encode()).digest()
        found = None
        for expected, viewer in self._hashes:  # all of them, so that time tells nothing
            if hmac.compare_digest(expected, shown):
                found = viewer
        return found

    def _by_claims(self, claims: Mapping[str, Any]) -> Viewer:
        for grant in self._claimed:
            if grant.jwt_subject is not None and grant.jwt_subject == claims["sub"]:
                return grant.viewer
        for grant in self._claimed:
            if grant.jwt_claims and all(_holds(claims, *claim) for claim in grant.jwt_claims):
                return grant.viewer
        raise Unauthenticated(_UNKNOWN)


def _token_in(authorization: str | None) -> str:
    """The bearer token of a header. Raises Unauthenticated."""
    if not authorization:
        raise Unauthenticated(f"There is no token. {_CURE}.")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(f"That is no bearer token. {_CURE}.")
    return token


def _shape(grant: Grant) -> object:
    """All that a viewer is and may, in a form that can be compared; secrets cannot."""
    viewer, account = grant.viewer, grant.viewer.realm.account
    rest = structs.asdict(structs.replace(viewer, realm=structs.replace(viewer.realm, account="")))
    shown = (grant.token_sha256, grant.jwt_subject, grant.jwt_claims)
    return shown, rest, account.username, account.signing_key


_IN_BLANKS = frozenset({"scope", "scp"})
"""Claims that are one text with blanks between its values: RFC 8693 §4.2, and Microsoft's `scp`."""


def _holds(claims: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a claim has the value, or is a list that holds it (`roles`)."""
    claim = claims.get(name)
    if name in _IN_BLANKS and isinstance(claim, str):
        return claim == value or value in claim.split(" ")
    return value in claim if isinstance(claim, list) else claim == value
