"""The manifests, as far as they can be checked without a cluster."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from gateway.config.file import configuration_of
from gateway.config.settings import Secret
from gateway.config.settings_table import table
from gateway.server.run import UVICORN
from tests.conftest import Gateway
from tests.operations.files import OPERATIONS, SECRETS, Json, documents, settings_of
from tests.test_dockerfile import the_last

FOLDER = OPERATIONS / "kubernetes"
MANIFESTS: list[Json] = [one for path in sorted(FOLDER.glob("*.yaml")) for one in documents(path)]
UNITS = {"Mi": 2**20, "Gi": 2**30}


def named(kind: str, name: str = "gateway") -> Json:
    """The manifest of that kind and name."""
    (found,) = [one for one in MANIFESTS if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


POD: Json = named("Deployment")["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]


def environment() -> dict[str, str]:
    """The variables of the container, with something for each secret."""
    said: dict[str, str] = {}
    for source in CONTAINER["envFrom"]:
        said |= named("ConfigMap", source["configMapRef"]["name"])["data"]
    for row in CONTAINER["env"]:
        assert row["valueFrom"].keys() == {"secretKeyRef"}, row
        said[row["name"]] = SECRETS.get(row["name"], "rediss://cache.example:6379/0")
    return said


@pytest.mark.parametrize("version", ["1.25", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["kind"])
def test_it_is_a_manifest(manifest: Json, version: str) -> None:
    """It is valid by the schema of Kubernetes, and has no field that Kubernetes does not know."""
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_gateway_starts_with_these_settings(tmp_path: Path) -> None:
    """Each variable is a setting, and they and the file of viewers are right."""
    said = environment()
    assert said.keys() <= {setting.name for setting in table()}
    folder, _, name = said["GATEWAY_CONFIG"].rpartition("/")
    (mount,) = CONTAINER["volumeMounts"]
    (volume,) = POD["spec"]["volumes"]
    assert (mount["mountPath"], mount["name"]) == (folder, volume["name"])
    file = tmp_path / name
    file.write_text(named("ConfigMap", volume["configMap"]["name"])["data"][name], "utf-8")
    settings = settings_of(said | {"GATEWAY_CONFIG": str(file)})
    assert configuration_of(settings, said).stranger is None
    assert settings.gateway_port == CONTAINER["ports"][0]["containerPort"]


def test_no_step_needs_what_a_later_one_makes() -> None:
    """The image is there before pods pull it, and the secret before pods name it."""
    page = (OPERATIONS / "running.md").read_text("utf-8").partition("## Kubernetes")[2]
    steps = ("docker push", "into `deployment.yaml`", "create secret", "kubectl apply", "rollout")
    places = [page.index(step) for step in steps]
    assert places == sorted(places)
    assert re.fullmatch(r"[\w.]+/call-insights-gateway:[\d.]+", CONTAINER["image"])
    assert CONTAINER["image"] in page


def test_secrets_are_named_and_not_told() -> None:
    """No manifest is a secret, and no setting that is one stands in a config map."""
    kinds = {one["kind"] for one in MANIFESTS}
    assert "Secret" not in kinds
    told = {name for one in MANIFESTS if one["kind"] == "ConfigMap" for name in one["data"]}
    secret = {setting.name for setting in table() if setting.hint is Secret}
    assert not told & (secret | {"GATEWAY_CACHE_URL", "GATEWAY_CACHE_KEY"})


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
async def test_a_probe_asks_what_there_is(gateway: Gateway, probe: str) -> None:
    """A new gateway is alive and ready by the addresses that are probed."""
    asked = CONTAINER[probe]["httpGet"]
    assert asked["port"] == CONTAINER["ports"][0]["name"]
    assert (await gateway.http.get(asked["path"])).status_code == 200
    assert asked["path"] == ("/readyz" if probe == "readinessProbe" else "/healthz")


async def test_the_annotations_lead_prometheus_to_the_metrics(gateway: Gateway) -> None:
    """What is scraped by them is the page of metrics."""
    said = {name.split("/")[1]: told for name, told in POD["metadata"]["annotations"].items()}
    assert said["scrape"] == "true"
    assert int(said["port"]) == CONTAINER["ports"][0]["containerPort"]
    assert "gateway_build_info" in (await gateway.http.get(said["path"])).text


def test_all_speak_of_the_same_pods() -> None:
    """Whatever selects pods selects those of the deployment."""
    labels = POD["metadata"]["labels"]
    selectors: list[Any] = [
        named("Deployment")["spec"]["selector"]["matchLabels"],
        named("Service")["spec"]["selector"],
        named("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        *(row["labelSelector"]["matchLabels"] for row in POD["spec"]["topologySpreadConstraints"]),
    ]
    assert all(selector == labels for selector in selectors)
    target = named("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    deployment = named("Deployment")
    assert target == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }
    (port,) = named("Service")["spec"]["ports"]
    assert port["targetPort"] == CONTAINER["ports"][0]["name"]


def test_nobody_is_cut_off_when_a_pod_ends() -> None:
    """The time in which it is unready and answers, and that for what is under way, are granted."""
    drain = settings_of(environment()).gateway_drain
    assert drain >= 5
    needed = drain + UVICORN["timeout_graceful_shutdown"]
    assert POD["spec"]["terminationGracePeriodSeconds"] >= needed + 5


def test_one_pod_may_go_and_others_stay() -> None:
    """There are two at least, one of which may be taken away; an update adds before it takes."""
    assert named("HorizontalPodAutoscaler")["spec"]["minReplicas"] > 1
    assert named("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert named("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "replicas" not in named("Deployment")["spec"]  # or an update would undo the autoscaler


def test_the_memory_that_is_allowed_is_enough() -> None:
    """The bound of the memory cache leaves as much again for the process itself."""
    limit = CONTAINER["resources"]["limits"]["memory"]
    allowed = int(limit[:-2]) * UNITS[limit[-2:]]
    cache = settings_of(SECRETS | {"GATEWAY_AUTH": "none"}).gateway_cache_max_bytes
    assert allowed >= 2 * cache


def test_a_pod_may_do_what_the_image_needs_and_no_more() -> None:
    """It runs as the user of the image, writes nothing, and knows nothing of the cluster."""
    user, group = map(int, the_last("USER").split(":"))
    pod, container = POD["spec"]["securityContext"], CONTAINER["securityContext"]
    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["runAsGroup"]) == (True, user, group)
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["spec"]["automountServiceAccountToken"] is False
    assert POD["spec"]["enableServiceLinks"] is False  # GATEWAY_PORT would be tcp://…
