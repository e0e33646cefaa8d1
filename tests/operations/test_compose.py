"""The compose file, as far as it can be checked without an engine."""

import subprocess
import sys
from typing import Any

import httpx
import pytest

from gateway.config.settings_table import table
from tests.conftest import Gateway
from tests.operations.files import OPERATIONS, SECRETS, only, promtool, settings_of

FILE = OPERATIONS / "compose.yaml"
COMPOSE = only(FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)


def published(service: str) -> list[tuple[str, int]]:
    """The address and the port inside the container of each port that is published."""
    ports = (port.split(":") for port in SERVICES[service].get("ports", ()))
    return [(address, int(inner)) for address, _, inner in ports]


@pytest.mark.processes
def test_it_is_a_compose_file() -> None:
    """It is valid by the schema of the Compose Specification."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_gateway_starts_with_these_settings() -> None:
    """Each variable is a setting, and with an account in `.env` they are right."""
    said = SERVICES["gateway"]["environment"]
    assert said.keys() <= {setting.name for setting in table()}
    settings = settings_of({**SECRETS, **said})
    assert published("gateway") == [("127.0.0.1", settings.gateway_port)]
    assert httpx.URL(settings.gateway_cache_url).host in SERVICES


@EVERY_SERVICE
def test_a_port_is_published_to_this_machine_alone(service: str) -> None:
    """Nobody else reads calls, or metrics, from a machine on which somebody tries this."""
    assert {address for address, _ in published(service)} <= {"127.0.0.1"}


@EVERY_SERVICE
def test_a_service_writes_nothing_and_may_do_nothing(service: str) -> None:
    """Its root file system is read-only, and it has no capability of root's."""
    said = SERVICES[service]
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]


@EVERY_SERVICE
def test_what_a_service_refers_to_is_there(service: str) -> None:
    """Files that are mounted, volumes, and services that it waits for."""
    said = SERVICES[service]
    for volume in said.get("volumes", ()):
        source = volume.split(":")[0]
        known = (FILE.parent / source).exists() if "/" in source else source in COMPOSE["volumes"]
        assert known, volume
    for name, how in said.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert SERVICES[name]["healthcheck"]["test"]
    if "build" in said:
        assert (FILE.parent / said["build"] / "Dockerfile").is_file()


@pytest.mark.processes
def test_prometheus_reads_its_configuration() -> None:
    """It is one that Prometheus takes, and from where the command says it is."""
    assert "--config.file=/etc/prometheus/prometheus.yaml" in SERVICES["prometheus"]["command"]
    assert "./prometheus:/etc/prometheus:ro" in SERVICES["prometheus"]["volumes"]
    promtool("check", "config", "prometheus.yaml")


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    """What it is provisioned with leads to a service of the file, and to a mounted file."""
    said = SERVICES["grafana"]
    provisioning = OPERATIONS / "grafana/provisioning"
    (source,) = only(provisioning / "datasources/prometheus.yaml")["datasources"]
    assert httpx.URL(source["url"]).host == "prometheus"
    assert httpx.URL(source["url"]).port in {inner for _, inner in published("prometheus")}
    (provider,) = only(provisioning / "dashboards/gateway.yaml")["providers"]
    home = said["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/dashboard.json"
    assert f"./grafana/dashboard.json:{home}:ro" in said["volumes"]


async def test_prometheus_scrapes_what_is_there(gateway: Gateway) -> None:
    """Its targets are services of the file at the ports that they listen on."""
    (job,) = only(OPERATIONS / "prometheus/prometheus.yaml")["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert int(port) in {inner for _, inner in published(name)}
    answer = await gateway.http.get(job.get("metrics_path", "/metrics"))
    assert answer.status_code == 200
