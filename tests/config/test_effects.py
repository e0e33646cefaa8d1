"""Settings that contradict each other without harm: each has a line with the cure. All are ours."""

import pytest

from gateway.config.effects import ineffective
from gateway.config.load import read
from gateway.config.settings import Settings

SID = "AC" + "5a" * 16
CASES = {
    "GATEWAY_UPSTREAM_TIMEOUT": {"GATEWAY_DEADLINE": "5"},
    "GATEWAY_PARTIAL_MAX_AGE": {
        "GATEWAY_PARTIAL_MAX_AGE": "60",
        "GATEWAY_COMPLETE_MAX_AGE": "30",
    },
    "GATEWAY_CACHE_KEY": {"GATEWAY_CACHE_KEY": "A" * 43 + "="},
    "GATEWAY_WAREHOUSE_PASSWORD": {
        "GATEWAY_WAREHOUSE_PASSWORD": "a harbour at night",
        "GATEWAY_WAREHOUSE_URL": "chdb:///calls",
        "GATEWAY_CACHE_KEY": "A" * 43 + "=",
    },
    "GATEWAY_JWKS_URL": {
        "GATEWAY_JWKS_URL": "https://login.example/keys",
        "GATEWAY_JWT_ISSUER": "https://login.example",
        "GATEWAY_JWT_AUDIENCE": "calls",
    },
    "TWILIO_ACCOUNT_SID": {"TWILIO_ACCOUNT_SID": SID, "GATEWAY_CONFIG": "gateway.toml"},
    "GATEWAY_GRAPHIQL": {"GATEWAY_INTROSPECTION": "false"},
    "GATEWAY_MAX_REQUESTS_PER_VIEWER": {
        "GATEWAY_MAX_REQUESTS": "100",
        "GATEWAY_CONFIG": "gateway.toml",
    },
}


@pytest.mark.parametrize("name", CASES)
def test_a_setting_without_effect_is_a_line_with_its_cure(name: str) -> None:
    """It names both settings, and starts with the one to change."""
    (line,) = ineffective(read(CASES[name]), [])
    assert line.startswith(f"{name} ")
    assert ": " in line
    assert line.endswith(".")
    assert "\n" not in line


def test_what_is_typed_into_graphiql_is_in_no_manifest() -> None:
    """So the two exclude each other."""
    settings = Settings(
        gateway_trusted_documents="documents.json", gateway_trusted_documents_only=True
    )
    (line,) = ineffective(settings, [])
    assert "GATEWAY_TRUSTED_DOCUMENTS_ONLY" in line


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"GATEWAY_DEADLINE": "10"},
        {"GATEWAY_MAX_REQUESTS": "100"},
        {"GATEWAY_WAREHOUSE_URL": "chdb:///calls", "GATEWAY_CACHE_KEY": "A" * 43 + "="},
        {"GATEWAY_INTROSPECTION": "false", "GATEWAY_GRAPHIQL": "false"},
        {"TWILIO_ACCOUNT_SID": "AC" + "1b" * 16, "GATEWAY_CONFIG": "gateway.toml"},
    ],
)
def test_what_goes_together_is_not_complained_of(said: dict[str, str]) -> None:
    """The defaults least of all."""
    assert list(ineffective(read(said), ["AC" + "1b" * 16])) == []
