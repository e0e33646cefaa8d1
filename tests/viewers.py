"""Viewers in tests, each known by the token that is its name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway

ALL = frozenset(Scope)
READ = frozenset({Scope.CALLS_READ})


class People:
    """Viewers of one sandbox, each by the token that is their name."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
        self._grants: list[Grant] = []

    def add(
        self,
        name: str,
        subaccounts: frozenset[str] | None,
        scopes: frozenset[Scope],
        **limits: int,
    ) -> None:
        viewer = Viewer(name, Realm(self.account, subaccounts), scopes, **limits)
        self._grants.append(Grant(viewer, sha256(name.encode()).hexdigest()))

    @property
    def access(self) -> Configuration:
        return Configuration((self.account,), tuple(self._grants))


class Asker:
    """Somebody with a token at a gateway."""

    def __init__(self, gateway: Gateway, token: str) -> None:
        self._gateway = gateway
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, query: str | None, **said: Any) -> httpx.Response:
        body = {**({} if query is None else {"query": query}), **said}
        return await self._gateway.http.post("/graphql", json=body, headers=self._headers)

    async def send(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self.post(query, variables=variables)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = await self.send(query, **variables)
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    async def fail(self, query: str, **variables: Any) -> str:
        (error,) = (await self.send(query, **variables))["errors"]
        code: str = error["extensions"]["code"]
        return code


@asynccontextmanager
async def open_to(
    sandbox: Sandbox, clock: Clock, people: People, **said: Any
) -> AsyncIterator[Gateway]:
    """A gateway that knows these people."""
    async with Gateway(sandbox, clock, Settings(**said), access=people.access) as gateway:
        yield gateway
