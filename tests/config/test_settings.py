import inspect
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.config.file import load
from gateway.config.kinds import CallbackUrls, Confidential, McpTools, Networks
from gateway.config.load import merged, read
from gateway.config.names import edit_distance, nearest, service_links
from gateway.config.settings import Secret, Settings
from gateway.config.settings_table import table
from gateway.errors import WrongSettings

SID = "AC" + "5a" * 16

EXAMPLES: dict[str, tuple[str, object]] = {
    "TWILIO_ACCOUNT_SID": (SID, SID),
    "TWILIO_API_KEY": ("SK" + "3c" * 16, "SK" + "3c" * 16),
    "GATEWAY_HOST": ("::1", "::1"),
    "GATEWAY_PORT": ("0", 0),
    "GATEWAY_WORKERS": ("4", 4),
    "GATEWAY_MAX_CONNECTIONS": ("500", 500),
    "GATEWAY_MAX_CONNECTIONS_PER_ADDRESS": ("20", 20),
    "GATEWAY_TRUSTED_PROXIES": ("10.0.0.0/8, ::1", Networks("10.0.0.0/8,::1/128")),
    "GATEWAY_DRAIN": ("5", 5.0),
    "GATEWAY_CONFIG": ("gateway.toml", "gateway.toml"),
    "GATEWAY_JWKS_URL": ("https://login.acme.example/keys", "https://login.acme.example/keys"),
    "GATEWAY_JWT_ISSUER": ("https://login.acme.example", "https://login.acme.example"),
    "GATEWAY_JWT_AUDIENCE": ("calls", "calls"),
    "GATEWAY_AUTH": ("required", "required"),
    "GATEWAY_UPSTREAM_URL": ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    "GATEWAY_INSECURE_HTTP": ("true", True),
    "HTTPS_PROXY": ("http://ana:word@proxy:3128", Confidential("http://ana:word@proxy:3128")),
    "HTTP_PROXY": ("proxy.acme.example:3128", Confidential("http://proxy.acme.example:3128")),
    "ALL_PROXY": ("https://[::1]:3128/", Confidential("https://[::1]:3128/")),
    "NO_PROXY": ("localhost,.acme.example,10.0.0.0/8", "localhost,.acme.example,10.0.0.0/8"),
    "GATEWAY_UPSTREAM_TIMEOUT": ("2.5", 2.5),
    "GATEWAY_UPSTREAM_CONCURRENCY": ("8", 8),
    "GATEWAY_DEADLINE": ("2.5", 2.5),
    "GATEWAY_CACHE_URL": (
        "rediss://user:secret@cache:6380/1",
        Confidential("rediss://user:secret@cache:6380/1"),
    ),
    "GATEWAY_CACHE_MAX_BYTES": ("1048576", 1048576),
    "GATEWAY_COMPLETE_MAX_AGE": ("3600", 3600.0),
    "GATEWAY_PARTIAL_MAX_AGE": ("0", 0.0),
    "GATEWAY_PAGE_MAX_AGE": ("0", 0.0),
    "GATEWAY_ANNOTATION_MAX_AGE": ("30", 30.0),
    "GATEWAY_SETTLED_VERSION": ("3", 3),
    "GATEWAY_STALE_IF_ERROR": ("60", 60.0),
    "GATEWAY_WEBHOOK_URL": ("https://calls.example/hook", "https://calls.example/hook"),
    "GATEWAY_CACHE_TAGS": ("Surrogate-Key", "Surrogate-Key"),
    "GATEWAY_WAREHOUSE_URL": ("chdb:///var/lib/gateway", "chdb:///var/lib/gateway"),
    "GATEWAY_WAREHOUSE_DAYS": ("7", 7),
    "GATEWAY_WAREHOUSE_REQUESTS_PER_MINUTE": ("10", 10),
    "GATEWAY_CORS_ORIGINS": (
        "https://app.example, http://localhost:3000",
        "https://app.example, http://localhost:3000",
    ),
    "GATEWAY_GRAPHIQL": ("FALSE", False),
    "GATEWAY_EXPLORER": ("false", False),
    "GATEWAY_INTROSPECTION": ("false", False),
    "GATEWAY_CALLBACK_URLS": (
        "https://router.example/callback/, http://127.0.0.1:4000",
        CallbackUrls("https://router.example/callback,http://127.0.0.1:4000"),
    ),
    "GATEWAY_TRUSTED_DOCUMENTS": ("documents.json", "documents.json"),
    "GATEWAY_FEDERATION": ("true", True),
    "GATEWAY_HTTP_STATUSES": ("2026", "2026"),
    "GATEWAY_REFUSE_NUMBERS": ("true", True),
    "GATEWAY_MCP": ("true", True),
    "GATEWAY_MCP_TOOLS": ("execute, validate", McpTools("validate,execute")),
    "GATEWAY_MCP_ANSWER_BYTES": ("8192", 8192),
    "GATEWAY_TRUSTED_DOCUMENTS_ONLY": ("true", True),
    "GATEWAY_MAX_COST": ("50000", 50_000),
    "GATEWAY_MAX_DEPTH": ("20", 20),
    "GATEWAY_MAX_ALIASES": ("100", 100),
    "GATEWAY_MAX_TOKENS": ("2000", 2_000),
    "GATEWAY_MAX_REQUESTS": ("100", 100),
    "GATEWAY_MAX_REQUESTS_PER_VIEWER": ("50", 50),
    "GATEWAY_MAX_FOLLOWERS": ("100", 100),
    "GATEWAY_MAX_FOLLOWERS_PER_VIEWER": ("50", 50),
    "GATEWAY_MAX_CONNECTIONS_PER_VIEWER": ("50", 50),
    "GATEWAY_COMPILED": ("false", False),
    "GATEWAY_LOG_LEVEL": ("debug", "debug"),
    "GATEWAY_LOG_FORMAT": ("json", "json"),
}
"""A value of each setting that is no secret, and what is read from it."""

SECRETS = {
    *("TWILIO_AUTH_TOKEN", "TWILIO_API_SECRET"),
    *("GATEWAY_CACHE_KEY", "GATEWAY_WAREHOUSE_PASSWORD"),
}
KEY = "A" * 43 + "="
JWT = {
    "GATEWAY_JWKS_URL": "https://login.acme.example/keys",
    "GATEWAY_JWT_ISSUER": "https://login.acme.example",
    "GATEWAY_JWT_AUDIENCE": "calls",
}

COMPANY = {
    "GATEWAY_AUTH": {"GATEWAY_CONFIG": "gateway.toml"},
    "GATEWAY_JWKS_URL": {name: value for name, value in JWT.items() if name != "GATEWAY_JWKS_URL"},
    "GATEWAY_JWT_ISSUER": {
        name: value for name, value in JWT.items() if name != "GATEWAY_JWT_ISSUER"
    },
    "GATEWAY_JWT_AUDIENCE": {
        name: value for name, value in JWT.items() if name != "GATEWAY_JWT_AUDIENCE"
    },
    "GATEWAY_TRUSTED_DOCUMENTS_ONLY": {"GATEWAY_TRUSTED_DOCUMENTS": "documents.json"},
    "TWILIO_API_KEY": {"TWILIO_API_SECRET": "a harbour at night"},
    "GATEWAY_WEBHOOK_URL": {"TWILIO_AUTH_TOKEN": "a harbour at night"},
    "GATEWAY_WAREHOUSE_URL": {"GATEWAY_CACHE_KEY": KEY},
}
"""What goes along with some of them."""

NEWER = [row.name for row in table() if row.name not in EXAMPLES.keys() | SECRETS]
ROWS = [row for row in table() if row.name in EXAMPLES]


def mistakes(environment: Mapping[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(WrongSettings) as caught:
        read(environment, env_file)
    return caught.value.mistakes


def test_every_setting_has_its_example_here() -> None:
    """A setting that is added comes with a line above, and so with the tests below."""
    assert not NEWER


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_setting_is_read_from_the_environment(row: object) -> None:
    """As the type that it is of, with what goes along with it."""
    name = getattr(row, "name", "")
    text, value = EXAMPLES[name]

    settings = read({name: f"  {text} ", **COMPANY.get(name, {})})

    assert getattr(settings, name.lower()) == value
    assert type(getattr(settings, name.lower())) is type(value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_setting_is_read_from_the_env_file(row: object, tmp_path: Path) -> None:
    """Where the environment says nothing of it; where both do, the environment counts."""
    name = getattr(row, "name", "")
    text, value = EXAMPLES[name]
    company = COMPANY.get(name, {})
    file = tmp_path / ".env"
    file.write_text(f"# settings\nexport {name}='{text}'\nOTHER=1\n")

    assert getattr(read(company, file), name.lower()) == value
    assert getattr(read({name: text, **company}, file), name.lower()) == value
    file.write_text(f"{name}=wrong value?\n")
    assert getattr(read({name: text, **company}, file), name.lower()) == value


def test_of_what_is_not_said_the_default_holds(tmp_path: Path) -> None:
    """An empty value says nothing, and neither does a name without one."""
    file = tmp_path / ".env"
    file.write_text("GATEWAY_PORT\nGATEWAY_HOST=\n")

    assert read({}) == read({"GATEWAY_PORT": "", "GATEWAY_WORKERS": " "}, file) == Settings()


def test_an_empty_variable_hides_nothing_of_the_env_file(tmp_path: Path) -> None:
    """Orchestrators set variables to nothing that they have no value for."""
    file = tmp_path / ".env"
    file.write_text("GATEWAY_PORT=1234\n")

    assert read({"GATEWAY_PORT": " "}, file).gateway_port == 1234
    assert merged({"GATEWAY_PORT": "", "OTHER": " x "}, file) == {
        "GATEWAY_PORT": "1234",
        "OTHER": "x",
    }


def test_an_env_file_that_cannot_be_read_is_a_line(tmp_path: Path) -> None:
    """Not a traceback, and not a byte of it."""
    file = tmp_path / ".env"
    file.write_bytes(b"TWILIO_AUTH_TOKEN=\xff\n")

    (mistake,) = mistakes({}, file)
    assert mistake.endswith(".env is no UTF-8: write it anew in UTF-8.")
    assert read({}, tmp_path / "missing") == Settings()


def test_every_default_is_one_of_the_accepted_values() -> None:
    """What the reference shows as a default can be written down as such."""
    for row in table():
        if row.default is None:
            continue
        text = str(row.default).lower() if isinstance(row.default, bool) else str(row.default)
        assert getattr(read({row.name: text}), row.name.lower()) == row.default


def test_every_setting_says_what_it_does_and_what_it_accepts() -> None:
    """The reference is written from the table."""
    for row in table():
        assert re.fullmatch(r"[A-Z`].*\.", row.sentence), row.name
        assert row.accepted, row.name
        assert re.fullmatch(r"(TWILIO|GATEWAY)_[A-Z_]+|(HTTPS?|ALL|NO)_PROXY", row.name)


WRONG = {
    "TWILIO_ACCOUNT_SID": ("AC1", "SK" + "5a" * 16, SID + "0"),
    "GATEWAY_PORT": ("-1", "65536", "http", "1.5", "9" * 5000),
    "GATEWAY_WORKERS": ("0", "many"),
    "GATEWAY_AUTH": ("None", "off"),
    "GATEWAY_JWKS_URL": (
        *("login.acme.example", "https://user:word@host/keys"),
        *("https://keys.example:84x/keys", "https://keys.example:99999/keys", "https://[::g]/k"),
    ),
    "GATEWAY_UPSTREAM_URL": (
        *("insights.twilio.com", "ftp://host", "https://", "https://host/", "https://a b"),
        *("https://host?x", "https://user:word@host", "https://host:port", "https://[::zz]"),
        *(
            "https://[:::1]",
            "https://[1.2]",
            "https://💩.example",
            "https://a..b",
            "https://a:99999",
        ),
        f"https://{'a' * 64}.example",
    ),
    "GATEWAY_UPSTREAM_TIMEOUT": ("0", "-1", "nan", "inf", "1e999", "ten"),
    "GATEWAY_UPSTREAM_CONCURRENCY": ("0",),
    "GATEWAY_DEADLINE": ("0", "-1", "soon"),
    "GATEWAY_CACHE_URL": (
        *("memory", "redis", "http://cache", "redis://host:abc", "redis://host:99999"),
        *("redis://[:::1]", "redis://user:word@h:1x", "redis://:a/b@cache", "redis://💩"),
    ),
    "HTTPS_PROXY": (
        "socks5://proxy:1080",
        "http://proxy:84x",
        "http://",
        "http://proxy/path",
        "a b",
    ),
    "HTTP_PROXY": ("https://[::zz]", "proxy:99999"),
    "GATEWAY_WEBHOOK_URL": ("https://calls.example:84x/hook",),
    "GATEWAY_CACHE_KEY": ("harbour", "aGFyYm91cg==", "A" * 43 + "=,", "A" * 43),
    "GATEWAY_WAREHOUSE_URL": (
        *("chdb://", "chdb:///", "chdb://folder", "/var/lib/gateway", "http://clickhouse:8123"),
        *("clickhouse://", "clickhouse://user:word@host", "clickhouse://host:84x"),
        *("clickhouses://host/calls?secure=0", "clickhouse://[::zz]", "chdb:///a b"),
    ),
    "GATEWAY_WAREHOUSE_DAYS": ("0", "31", "1.5", "30d"),
    "GATEWAY_WAREHOUSE_REQUESTS_PER_MINUTE": ("0", "many"),
    "GATEWAY_CACHE_MAX_BYTES": ("0", "1GB"),
    "GATEWAY_COMPLETE_MAX_AGE": ("-1", "nan", "inf", "7d"),
    "GATEWAY_PAGE_MAX_AGE": ("inf",),
    "GATEWAY_SETTLED_VERSION": ("0", "null"),
    "GATEWAY_CORS_ORIGINS": (
        *("*", "null", "app.example", "https://app.example/", "https://*.example"),
        *("https://app.example,", "https://app.example,*", "https://user:word@app.example"),
    ),
    "GATEWAY_GRAPHIQL": ("maybe", "2"),
    "GATEWAY_LOG_LEVEL": ("loud",),
    "GATEWAY_LOG_FORMAT": ("xml",),
}


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, texts in WRONG.items() for text in texts],
    ids=lambda value: value[:40],
)
def test_a_mistake_is_one_line_with_its_cure(name: str, text: str) -> None:
    """It names the variable, and what to set it to; it is found at the start and not later."""
    (mistake,) = mistakes({name: text})
    (accepted,) = (row.accepted for row in table() if row.name == name)

    assert mistake.startswith(f"{name} is ")
    assert mistake.endswith(f": set it to {accepted}.")
    assert "\n" not in mistake
    assert len(mistake) < 300


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GATEWAY_UPSTREAM_URL", "https://[::1]:8443"),
        ("GATEWAY_UPSTREAM_URL", "https://insights.twilio.com."),
        ("GATEWAY_UPSTREAM_URL", "https://my_gateway-1:80"),
        ("GATEWAY_CACHE_URL", "redis://:word@[fe80::1]:6379/0?socket_timeout=1"),
        ("GATEWAY_CACHE_URL", "redis:///1"),
        ("GATEWAY_WAREHOUSE_URL", "chdb:///var/lib/gateway"),
        ("GATEWAY_WAREHOUSE_URL", "clickhouse://localhost"),
        ("GATEWAY_WAREHOUSE_URL", "clickhouses://ana@[fe80::1]:8443/calls"),
    ],
)
def test_an_address_is_a_name_or_number_of_a_host_and_a_port(name: str, text: str) -> None:
    """In every form that can be connected to."""
    assert getattr(read({**COMPANY.get(name, {}), name: text}), name.lower()) == text


def test_all_mistakes_are_told_at_once() -> None:
    """One start, one list: nobody mends them one start at a time."""
    found = mistakes(
        {"GATEWAY_PORT": "x", "GATEWAY_WORKERS": "0", "GATEWAY_HOST": "0.0.0.0"}  # noqa: S104
    )

    assert [mistake.split()[0] for mistake in found] == [
        "GATEWAY_PORT",
        "GATEWAY_WORKERS",
        "GATEWAY_HOST",
    ]
    assert str(WrongSettings(*found)) == "\n".join(found)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("GATEWAY_UPSTREAM_URI", "GATEWAY_UPSTREAM_URL"),
        ("GATEWAY_GRAPHQL", "GATEWAY_GRAPHIQL"),
        ("TWILIO_ACOUNT_SID", "TWILIO_ACCOUNT_SID"),
        ("GATEWAY_PAGE_MAXAGE", "GATEWAY_PAGE_MAX_AGE"),
        ("GATEWAY_PROT", "GATEWAY_PORT"),
        ("GATEWAY_POTR", "GATEWAY_PORT"),
        ("GATEWAY_REDIS_URL", "GATEWAY_CACHE_URL"),
        ("GATEWAY_TIMEOUT", "GATEWAY_UPSTREAM_TIMEOUT"),
        ("GATEWAY_TRUSTED_DOCUMENT", "GATEWAY_TRUSTED_DOCUMENTS"),
        ("GATEWAY_PORT_HTTP", "GATEWAY_PORT"),
    ],
)
def test_a_name_that_is_no_setting_is_told_which_is_meant(said: str, meant: str) -> None:
    """A setting that silently does nothing is the hardest mistake to find."""
    (mistake,) = mistakes({said: "harbour"})

    assert mistake == (
        f"{said} is not a setting: if you mean {meant}, rename it; otherwise remove it."
    )


NAMES = [row.name for row in table()]


@given(st.data())
def test_a_slip_of_one_letter_is_told_its_setting(data: st.DataObject) -> None:
    """Swapped with its neighbour, left out, doubled or another one, wherever it is in the name."""
    meant = data.draw(st.sampled_from([name for name in NAMES if "_PROXY" not in name]))
    at = data.draw(st.integers(len("GATEWAY_"), len(meant) - 2))
    a, b, rest = meant[at], meant[at + 1], meant[at + 2 :]
    slip = data.draw(st.sampled_from([b + a, b, a + a + b, "X" + b]))
    said = meant[:at] + slip + rest
    assume(said not in NAMES)

    assert edit_distance(said, meant) == 1
    assert edit_distance(said, nearest(said, NAMES)) == 1
    assert len(mistakes({said: "x"})) == 1


@given(st.text("ABC", max_size=6), st.text("ABC", max_size=6), st.text("ABC", max_size=6))
def test_the_distance_of_two_names_is_one(one: str, other: str, third: str) -> None:
    """The same both ways, nothing for the same name alone, and at least the lengths' difference."""
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    assert (distance == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    assert edit_distance(one + third, other + third) <= distance


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "TWILIO_PHONE_NUMBER", "TWILIO_AUTH_TOKEN_2", "TWILIO_API_SECRET_ACME"),
        *("GATEWAY_SKIP_GRAPHIQL", "MY_GATEWAY_PORT", "GATEWAY"),
    ],
)
def test_a_name_that_is_somebody_elses_is_left_alone(name: str) -> None:
    """Other programs have settings too, and the build has one of its own."""
    assert read({name: "x"}) == Settings()


LINKS = {
    "GATEWAY_SERVICE_HOST": "10.0.0.1",
    "GATEWAY_SERVICE_PORT": "80",
    "GATEWAY_SERVICE_PORT_HTTP": "80",
    "GATEWAY_PORT": "tcp://10.0.0.1:80",
    "GATEWAY_PORT_80_TCP": "tcp://10.0.0.1:80",
    "GATEWAY_PORT_80_TCP_PROTO": "tcp",
    "GATEWAY_PORT_80_TCP_PORT": "80",
    "GATEWAY_PORT_80_TCP_ADDR": "10.0.0.1",
    "GATEWAY_REDIS_SERVICE_HOST": "10.0.0.2",
    "GATEWAY_REDIS_PORT": "tcp://10.0.0.2:6379",
    "GATEWAY_REDIS_PORT_6379_TCP_ADDR": "10.0.0.2",
}
"""What Kubernetes sets for Services named `gateway` and `gateway-redis`, by its documentation of
environment variables of Services."""


def test_the_service_links_of_kubernetes_are_no_settings() -> None:
    """The default holds for the port, and whoever sets one says a number."""
    assert service_links(LINKS) == LINKS.keys()
    assert read(LINKS) == Settings()
    assert read({**LINKS, "GATEWAY_PORT": "9000"}).gateway_port == 9000
    assert mistakes({"GATEWAY_REDIS_PORT": "6379"})


def test_variables_that_the_configuration_names_are_no_settings(tmp_path: Path) -> None:
    """They may be called as one likes; a name that none of its accounts has is a mistake still."""
    file = tmp_path / "gateway.toml"
    said = {"GATEWAY_CONFIG": str(file), "GATEWAY_ACME_TOKEN": "x", "GATEWAY_ACME_SECRET": "x"}
    file.write_text('[[accounts]]\nauth_token_env = "GATEWAY_ACME_TOKEN"\n')
    (mistake,) = mistakes(said)
    assert mistake.startswith("GATEWAY_ACME_SECRET is not a setting")

    file.write_text(
        '[[accounts]]\nauth_token_env = "GATEWAY_ACME_TOKEN"\n'
        '[[accounts]]\napi_key = "SK"\napi_secret_env = "GATEWAY_ACME_SECRET"\n'
    )
    assert read(said).gateway_config == str(file)


@pytest.mark.parametrize("written", ["[[accounts", "accounts = 1", "[accounts]\nsid = 1", "", None])
def test_a_configuration_that_cannot_be_read_is_told_by_itself(
    written: str | None, tmp_path: Path
) -> None:
    """Which variables it names nobody knows, so none is called a mistake for it."""
    file = tmp_path / "gateway.toml"
    if written is not None:
        file.write_text(written)
    said = {"GATEWAY_CONFIG": str(file), "GATEWAY_ACME_TOKEN": "x"}

    assert read(said).gateway_config == str(file)
    with pytest.raises(WrongSettings):
        load(file, said)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_this_machine_alone_may_be_served_without_a_word(host: str) -> None:
    """Loopback addresses, by whatever name."""
    assert read({"GATEWAY_HOST": host}).gateway_host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "calls.example", "127.1"])  # noqa: S104
def test_serving_others_without_authentication_has_to_be_said(host: str) -> None:
    """Whoever reaches the address can read every call."""
    (mistake,) = mistakes({"GATEWAY_HOST": host})
    assert "GATEWAY_AUTH=none" in mistake
    assert repr(host) in mistake

    assert read({"GATEWAY_HOST": host, "GATEWAY_AUTH": "none"}).gateway_host == host


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "127.8.8.8", "localhost:8001", "[::1]"])
@pytest.mark.parametrize("name", ["GATEWAY_UPSTREAM_URL", "GATEWAY_JWKS_URL"])
def test_this_machine_may_be_asked_without_tls(name: str, host: str) -> None:
    """What is said there travels over no network: `gateway sandbox` is asked so."""
    assert getattr(read({**JWT, name: f"http://{host}"}), name.lower()) == f"http://{host}"


@pytest.mark.parametrize("host", ["insights.twilio.com", "sandbox:8001", "10.0.0.7", "127.1"])
@pytest.mark.parametrize(
    "name", ["GATEWAY_UPSTREAM_URL", "GATEWAY_JWKS_URL", "GATEWAY_CALLBACK_URLS"]
)
def test_asking_others_without_tls_has_to_be_said(name: str, host: str) -> None:
    """Credentials would be read on the way, and keys exchanged."""
    said = {**JWT, name: f"http://{host}"}
    (mistake,) = mistakes(said)

    assert mistake.startswith(f"{name} is http://")
    assert "GATEWAY_INSECURE_HTTP=true" in mistake
    allowed = getattr(read({**said, "GATEWAY_INSECURE_HTTP": "true"}), name.lower())
    assert allowed in {f"http://{host}", (f"http://{host}",)}


def test_half_an_api_key_is_a_mistake() -> None:
    """Key and secret belong together."""
    (without_secret,) = mistakes({"TWILIO_API_KEY": "SK1"})
    (without_key,) = mistakes({"TWILIO_API_SECRET": "a harbour at night"})

    assert without_secret.startswith("TWILIO_API_SECRET is missing")
    assert without_key.startswith("TWILIO_API_KEY is missing")


def test_webhooks_need_the_auth_token_that_twilio_signs_with() -> None:
    """An API key opens doors, and signs nothing."""
    (mistake,) = mistakes({"GATEWAY_WEBHOOK_URL": "https://calls.example/hook"})

    assert mistake.startswith("TWILIO_AUTH_TOKEN is missing")


@pytest.mark.parametrize("url", ["chdb:///calls", "clickhouse://localhost/calls"])
def test_a_warehouse_needs_a_key(url: str) -> None:
    """Personal data is nowhere in the clear; the cure is the command that makes a key (ours)."""
    (mistake,) = mistakes({"GATEWAY_WAREHOUSE_URL": url})

    assert mistake.startswith("GATEWAY_CACHE_KEY is missing")
    assert "openssl rand -base64 32" in mistake
    assert read({"GATEWAY_WAREHOUSE_URL": url, "GATEWAY_CACHE_KEY": KEY})


def test_one_process_owns_an_embedded_warehouse() -> None:
    """Two would destroy each other's files (chDB); a server is for any number of processes."""
    said = {"GATEWAY_CACHE_KEY": KEY, "GATEWAY_WORKERS": "2"}
    (mistake,) = mistakes({**said, "GATEWAY_WAREHOUSE_URL": "chdb:///calls"})

    assert mistake.startswith("GATEWAY_WORKERS is 2")
    assert "clickhouse://" in mistake
    assert read({**said, "GATEWAY_WAREHOUSE_URL": "clickhouse://localhost"}).gateway_workers == 2


def test_without_its_engine_a_warehouse_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The extra is optional, so a setting that needs it says so at the start (ours)."""
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    (mistake,) = mistakes({"GATEWAY_WAREHOUSE_URL": "chdb:///calls", "GATEWAY_CACHE_KEY": KEY})

    assert mistake.startswith("GATEWAY_WAREHOUSE_URL is set, and its engine is not installed")
    assert "pip install '.[warehouse]'" in mistake


def test_a_router_and_trusted_documents_alone_exclude_each_other() -> None:
    """What a router asks is in no manifest: that is told at the start, not by each answer."""
    said = {"GATEWAY_TRUSTED_DOCUMENTS_ONLY": "true", "GATEWAY_TRUSTED_DOCUMENTS": "documents.json"}

    (mistake,) = mistakes({**said, "GATEWAY_FEDERATION": "true"})

    assert mistake.startswith("GATEWAY_FEDERATION is true")


def test_a_secret_shows_as_stars_and_tells_only_when_asked() -> None:
    """In logs, in tracebacks, in the repr of what holds it."""
    settings = read({"TWILIO_AUTH_TOKEN": "a harbour at night", "TWILIO_ACCOUNT_SID": SID})
    secret = settings.twilio_auth_token

    assert isinstance(secret, Secret)
    assert secret.reveal() == "a harbour at night"
    for shown in (repr(secret), str(secret), f"{secret}", repr(settings), f"{[secret]}"):
        assert "harbour" not in shown
        assert "*****" in shown


def test_the_password_of_the_cache_is_not_shown_with_the_settings() -> None:
    """The address is used as it is; where settings are printed, stars stand for it."""
    settings = read({"GATEWAY_CACHE_URL": "redis://user:harbour@cache?password=harbour"})

    assert settings.gateway_cache_url == "redis://user:harbour@cache?password=harbour"
    assert "harbour" not in repr(settings)
    assert "redis://*****" in repr(settings)


def test_a_proxy_may_be_named_in_lower_case(tmp_path: Path) -> None:
    """Most programs read both, and lower case first; its password is not shown."""
    file = tmp_path / ".env"
    file.write_text("https_proxy=http://user:harbour@lower:1\n")
    settings = read({"HTTPS_PROXY": "http://upper:2", "no_proxy": "twilio.com"}, file)

    assert settings.https_proxy == "http://user:harbour@lower:1"
    assert settings.no_proxy == "twilio.com"
    assert "harbour" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TWILIO_ACCOUNT_SID", "harbour"),
        ("GATEWAY_CACHE_URL", "redi://user:harbour@cache"),
        ("GATEWAY_CACHE_KEY", "harbour"),
        ("GATEWAY_CACHE_URL", "redis://user:harbour@cache:abc"),
        ("GATEWAY_JWKS_URL", "https://keys.example:84x/keys?key=harbour"),
        ("GATEWAY_UPSTREAM_URL", "https://user:harbour@host"),
        ("GATEWAY_WEBHOOK_URL", "https://user:harbour@host/hook"),
        ("GATEWAY_WAREHOUSE_URL", "clickhouse://user:harbour@clickhouse:8123/calls"),
        ("HTTPS_PROXY", "socks5://user:harbour@proxy:1080"),
        ("ALL_PROXY", "http://user:harbour@proxy:abc"),
    ],
)
def test_a_mistake_repeats_nothing_that_may_be_a_secret(name: str, text: str) -> None:
    """A token in the place of the SID is a common mistake, and its message goes into logs."""
    with pytest.raises(WrongSettings) as caught:
        read({name: text})

    assert "harbour" not in "".join(traceback.format_exception(caught.value))


def test_settings_are_read_when_they_are_asked_for() -> None:
    """Nothing is read at import: two settings can live in one process."""
    assert list(inspect.signature(read).parameters) == ["environment", "env_file"]
    assert read({"GATEWAY_PORT": "1"}) != read({"GATEWAY_PORT": "2"})
