import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from gateway.config.accounts import Account
from gateway.config.file import Configuration
from gateway.config.settings import Secret, Settings
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from tests.conftest import Clock
from tests.node import CLIENTS, install
from tests.servers import serving

Serve = Callable[..., AbstractContextManager[str]]

WINDOW = {"startTime": "2026-05-28T12:00:00Z", "endTime": "2026-05-28T20:00:00Z"}
CALLS = "query($w: CallFilter) { calls(first: 1000, filter: $w) { nodes { sid } } }"
COMPLETE = 6
"""The version of a summary in the sandbox that is complete."""


@pytest.fixture(scope="session", autouse=True)
def _packages() -> None:
    install()


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))


@pytest.fixture
def serve(sandbox: Sandbox, clock: Clock, account: Account) -> Serve:
    """Runs the gateway over the sandbox, both on sockets; gives where GraphQL is spoken."""

    @contextmanager
    def running(access: Configuration | None = None, **settings: str | bool) -> Iterator[str]:
        with serving(sandbox.app) as upstream:
            chosen = Settings(gateway_upstream_url=upstream, **settings)  # type: ignore[arg-type]
            with serving(create_app(chosen, access or account, clock=clock)) as address:
                yield f"{address}/graphql"

    return running


@pytest.fixture
def url(serve: Serve) -> Iterator[str]:
    """Where GraphQL is spoken, by a gateway that is as it comes."""
    with serve() as url:
        yield url


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of Relay, compiled against the schema that is written down."""
    root = tmp_path_factory.mktemp("relay")
    clients = root / "tests" / "clients"
    shutil.copytree(CLIENTS / "relay", clients / "relay")
    for file in ("package.json", "token.mjs"):
        shutil.copy(CLIENTS / file, clients)
    shutil.copy(CLIENTS.parents[1] / "schema.graphql", root)
    (clients / "node_modules").symlink_to(CLIENTS / "node_modules")
    (clients / "relay" / "documents.json").write_text("{}")
    compiler = CLIENTS / "node_modules" / ".bin" / "relay-compiler"
    subprocess.run([compiler, "--output", "quiet-with-errors"], cwd=clients / "relay", check=True)
    return clients / "relay"
