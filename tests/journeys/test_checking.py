"""`gateway check` examines all that the settings name, with one line for each, before a start.

What it asks is real: a sandbox as Twilio, a Redis, an issuer of tokens, and a gateway that runs.
"""

import base64
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.cli import main
from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.sandbox import Fault, Sandbox
from gateway.server.app import create_app
from gateway.server.webhook import PATH
from tests.servers import RedisServer, free_port, serving

ISSUER = {"GATEWAY_JWT_ISSUER": "https://login.example", "GATEWAY_JWT_AUDIENCE": "calls"}


class Check:
    """`gateway check` with settings, and what it prints."""

    def __init__(
        self,
        environment: pytest.MonkeyPatch,
        captured: pytest.CaptureFixture[str],
        settings: dict[str, str],
    ) -> None:
        self._environment = environment
        self._captured = captured
        self.settings = settings

    def run(self, **settings: str) -> tuple[int, str, str]:
        """The exit status, and what is fine and what is not."""
        self._captured.readouterr()
        for name, text in {**self.settings, **settings}.items():
            self._environment.setenv(name, text)
        status = main(["check"])
        out, err = self._captured.readouterr()
        return status, out, err

    def find(self, **settings: str) -> str:
        """The one line of what is wrong."""
        status, _, err = self.run(**settings)
        assert status == 1
        (line,) = err.splitlines()
        return line


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=20)


@pytest.fixture
def check(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Check]:
    monkeypatch.chdir(tmp_path)
    with serving(sandbox.app) as address:
        yield Check(
            monkeypatch,
            capsys,
            {
                "TWILIO_ACCOUNT_SID": sandbox.account_sid,
                "TWILIO_AUTH_TOKEN": sandbox.auth_token,
                "GATEWAY_UPSTREAM_URL": address,
                "GATEWAY_LOG_LEVEL": "error",
            },
        )


@contextlib.contextmanager
def issuing(answer: Response) -> Iterator[str]:
    """The address of a key set."""

    async def keys(_: object) -> Response:
        return answer

    with serving(Starlette(routes=[Route("/keys", keys)])) as address:
        yield f"{address}/keys"


def key_set() -> Response:
    key = ECKey.generate_key("P-256", {"kid": "ec"})
    return JSONResponse({"keys": [key.as_dict(private=False)]})


def configured(directory: Path, sid: str) -> str:
    """The path of a file with an account, and a viewer that is known by a JSON Web Token."""
    file = directory / "gateway.toml"
    file.write_text(
        f'[[accounts]]\nsid = "{sid}"\nauth_token_env = "TWILIO_AUTH_TOKEN"\n'
        f'[[viewers]]\nname = "ana"\naccount = "{sid}"\njwt_subject = "ana"\n'
    )
    return str(file)


def test_everything_that_is_named_has_its_line(
    check: Check, redis: RedisServer, tmp_path: Path
) -> None:
    """All of it right, and status 0."""
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({"a": "{ viewer { name } }", "b": "query B { __typename }"}))
    config = configured(tmp_path, check.settings["TWILIO_ACCOUNT_SID"])
    with issuing(key_set()) as keys:
        status, out, err = check.run(
            GATEWAY_CONFIG=config,
            GATEWAY_CACHE_URL=redis.url,
            GATEWAY_JWKS_URL=keys,
            GATEWAY_TRUSTED_DOCUMENTS=str(manifest),
            GATEWAY_WEBHOOK_URL=f"http://127.0.0.1:{free_port()}{PATH}",
            **ISSUER,
        )
    assert (status, err) == (0, "")
    lines = dict(line.split(": ", 1) for line in out.splitlines())
    assert lines["Settings"].startswith("fine (1 account, asked at ")
    assert lines["Viewers"] == "fine (1, 0 by a bearer token, 1 by JSON Web Token)."
    assert lines["Trusted documents"] == "fine (2 documents, all valid)."
    assert lines["Upstream"].startswith("fine (Twilio answered account AC")
    assert lines["Cache"].startswith(f"fine ({redis.url}, not encrypted, ")
    assert lines["JWKS"] == f"fine (1 key of use at {keys})."
    assert "Connection refused). Start the gateway" in lines["Sink"]


def test_a_redis_that_is_gone_is_told_with_the_cure(check: Check, redis: RedisServer) -> None:
    """Not only by /readyz of a gateway that runs."""
    redis.stop()
    line = check.find(GATEWAY_CACHE_URL=redis.url)
    assert line.startswith(f"Cache: {redis.url}: Error 111 connecting to ")
    assert line.endswith("Cure: see whether GATEWAY_CACHE_URL is right and reachable from here.")


@pytest.mark.parametrize(
    ("user", "reason", "cure"),
    [
        ("nobody:harbour", "invalid username-password pair", "compare user and password"),
        ("reader:harbour", "no permissions to run the 'set' command", "allow its user the command"),
        (
            "deaf:harbour",
            "no permissions to access one of the channels",
            "and the channel `insights:",
        ),
    ],
)
def test_a_redis_that_does_not_let_the_gateway_work_is_told(
    check: Check, redis: RedisServer, user: str, reason: str, cure: str
) -> None:
    """Whoever made the user forgot something that the gateway needs; the password is not shown."""
    redis.command("ACL", "SETUSER", "reader", "on", ">harbour", "~*", "&*", "+@all", "-set")
    redis.command("ACL", "SETUSER", "deaf", "on", ">harbour", "~*", "resetchannels", "+@all")
    line = check.find(GATEWAY_CACHE_URL=redis.url.replace("//", f"//{user}@"))
    assert line.startswith(f"Cache: {redis.url}: ")
    assert reason.lower() in line.lower()
    assert f"Cure: {cure}" in line or cure in line
    assert "harbour" not in line


def test_a_redis_that_takes_no_writes_is_told(check: Check, redis: RedisServer) -> None:
    """It is full; a check leaves nothing behind."""
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.command("CONFIG", "SET", "maxmemory", "1")
    try:
        line = check.find(GATEWAY_CACHE_URL=redis.url)
    finally:
        redis.command("CONFIG", "SET", "maxmemory", "0")
    assert "Cure: give it the `maxmemory-policy` `allkeys-lru`, or more memory." in line
    assert check.run(GATEWAY_CACHE_URL=redis.url)[0] == 0
    assert redis.command("KEYS", "*") == []


@pytest.mark.parametrize(
    ("answer", "reason", "cure"),
    [
        (Response(status_code=503), "cannot be read: HTTP 503", "see whether GATEWAY_JWKS_URL"),
        (Response("<html>"), "is of no use: it is no JSON", "set GATEWAY_JWKS_URL to the"),
        (JSONResponse({"keys": [{"kty": "oct", "k": "AA"}]}), "with keys of use", "`jwks_uri`"),
    ],
)
def test_a_key_set_of_no_use_is_told(
    check: Check, tmp_path: Path, answer: Response, reason: str, cure: str
) -> None:
    """Every JSON Web Token would be refused; what may be a secret in the address is not shown."""
    config = configured(tmp_path, check.settings["TWILIO_ACCOUNT_SID"])
    with issuing(answer) as keys:
        url = f"{keys}?key=harbour"
        line = check.find(GATEWAY_CONFIG=config, GATEWAY_JWKS_URL=url, **ISSUER)
    assert line.startswith(f"JWKS: {keys} ")
    assert reason in line
    assert cure in line
    assert "harbour" not in line


def test_twilio_that_answers_with_a_failure_is_no_wrong_address(
    check: Check, sandbox: Sandbox
) -> None:
    """The address is right where an answer comes from it: the cure is not to change it."""
    sandbox.inject(Fault(kind="server_error"))
    line = check.find()
    assert line.startswith(f"Upstream: account {sandbox.account_sid}: Twilio failed (HTTP 50")
    assert "https://status.twilio.com" in line
    assert "reachable" not in line


def test_a_warehouse_that_cannot_be_opened_is_told_to_an_operator(check: Check) -> None:
    """The reason and the cure, without the advice for clients to ask again."""
    key = base64.b64encode(bytes(32)).decode()
    line = check.find(GATEWAY_WAREHOUSE_URL="chdb:///proc/none", GATEWAY_CACHE_KEY=key)
    assert line.startswith("Warehouse: chdb:///proc/none: The warehouse cannot be opened: No such")
    assert "Ask again" not in line


@pytest.mark.parametrize("command", ["check", "serve"])
def test_an_extra_that_is_not_installed_is_told_before_the_start(
    command: str, check: Check, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`gateway check` found all fine, and `gateway serve` said that it listened, and ended."""
    monkeypatch.setitem(sys.modules, "mcp", None)  # as Python has it where none is installed
    for name, text in {**check.settings, "GATEWAY_MCP": "true", "GATEWAY_PORT": "0"}.items():
        monkeypatch.setenv(name, text)
    assert main([command]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("gateway: GATEWAY_MCP is true, and its extra is not installed: in a ")
    assert len(err.splitlines()) == 1


def test_settings_that_contradict_each_other_are_told(check: Check) -> None:
    """They would let the gateway start."""
    line = check.find(GATEWAY_DEADLINE="5")
    assert line.startswith("Settings: GATEWAY_UPSTREAM_TIMEOUT is 10 s, and GATEWAY_DEADLINE ends")


@contextlib.contextmanager
def gateway_with_sink(check: Check, auth_token: str) -> Iterator[str]:
    """The address of the sink of a gateway that runs."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{PATH}"
    sid = check.settings["TWILIO_ACCOUNT_SID"]
    settings = Settings(gateway_webhook_url=url)
    with serving(create_app(settings, Account(sid, sid, Secret(auth_token))), port):
        yield url


def test_a_sink_that_accepts_is_fine(check: Check) -> None:
    """What is posted there holds no event, and is signed as Twilio does."""
    with gateway_with_sink(check, check.settings["TWILIO_AUTH_TOKEN"]) as url:
        status, out, err = check.run(GATEWAY_WEBHOOK_URL=url)
    assert (status, err) == (0, "")
    assert f"Sink: fine (a gateway at {url} accepts what account AC" in out


def test_a_sink_with_another_token_is_told(check: Check) -> None:
    """The gateway there was not restarted after a rotation, or is another one."""
    with gateway_with_sink(check, "another token") as url:
        line = check.find(GATEWAY_WEBHOOK_URL=url)
    assert line.startswith(f"Sink: the gateway at {url} refuses what account AC")
    assert "Cure: start it with these settings" in line


def test_an_address_that_is_no_sink_is_told(check: Check) -> None:
    """A proxy leads it elsewhere, or it has a slip."""
    url = f"{check.settings['GATEWAY_UPSTREAM_URL']}/nowhere"
    line = check.find(GATEWAY_WEBHOOK_URL=url)
    assert line.startswith(f"Sink: {url} answers with HTTP 404, as no sink does. Cure: lead")
