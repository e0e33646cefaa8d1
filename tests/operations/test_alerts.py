"""The alert rules: they are right, they go off when they should, and they say what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.server.documentation import BUILT
from tests.conftest import Gateway
from tests.operations.exported import exported
from tests.operations.files import OPERATIONS, only, promtool
from tests.operations.queries import GIVEN_BY_PROMETHEUS, check, selected
from tests.test_dockerfile import ROOT

FILE = OPERATIONS / "prometheus/alerts.yaml"
CASES = ROOT / "tests/operations/alerts.test.yaml"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in only(FILE)["groups"] for rule in group["rules"]
}
EVERY_RULE = pytest.mark.parametrize("name", RULES)
OWN_OF_PROMETHEUS = {"up": GIVEN_BY_PROMETHEUS}


@pytest.mark.processes
def test_prometheus_takes_the_rules() -> None:
    """Its own tool finds nothing wrong with them."""
    promtool("check", "rules", FILE.name)


@pytest.mark.processes
@pytest.mark.parametrize("job", ["gateway", "kubernetes-pods"])
@pytest.mark.parametrize("docs", [None, "https://calls.example/docs"])
def test_each_goes_off_on_a_bad_day_and_none_on_a_good_one(
    job: str, docs: str | None, tmp_path: Path
) -> None:
    """Prometheus's own tool evaluates them over series of both days, of whichever job.

    Where the page is opened is an external label, or this machine.
    """
    text = CASES.read_text("utf-8").replace('job="gateway"', f'job="{job}"')
    text = text.replace("DOCS/", f"{docs or 'http://127.0.0.1:8000/docs'}/")
    cases = yaml.safe_load(text) | {"rule_files": [str(FILE)]}
    if docs is not None:
        cases["tests"][-1]["external_labels"] = {"gateway_docs": docs}
    file = tmp_path / "alerts.test.yaml"
    file.write_text(yaml.safe_dump(cases), "utf-8")
    promtool("test", "rules", str(file))
    bad_day = only(CASES)["tests"][-1]["promql_expr_test"][0]["exp_samples"]
    expected = {name for one in bad_day for name in re.findall(r'alertname="(\w+)"', one["labels"])}
    assert expected == set(RULES)


@EVERY_RULE
def test_it_asks_for_what_the_gateway_exports(name: str) -> None:
    """A rule over a metric, label or value that does not exist would never go off."""
    rule = RULES[name]
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    check(rule["expr"], exported() | OWN_OF_PROMETHEUS, told)


def test_no_rule_depends_on_what_the_job_is_called() -> None:
    """In Kubernetes it is called after how pods are found, and not `gateway`."""
    every = [one for rule in RULES.values() for one in selected(rule["expr"])]
    assert not any("job" in one.matched for one in every)
    configuration = only(OPERATIONS / "prometheus/prometheus.yaml")
    assert configuration["rule_files"] == [FILE.name]


@EVERY_RULE
def test_it_says_what_happened_and_what_to_do(name: str) -> None:
    """Whoever is woken gets a sentence, how urgent it is, what to do first, and a page."""
    rule = RULES[name]
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")
    text = (OPERATIONS / "alerts.md").read_text("utf-8")
    (part,) = re.findall(rf"^## {name}\n\n(.+)$", text, re.MULTILINE)
    assert part.startswith("*Page.* ") == (rule["labels"]["severity"] == "page")
    assert rule["labels"]["severity"] in {"page", "ticket"}


@pytest.mark.skipif(not BUILT.is_dir(), reason="the documentation is not built")
@EVERY_RULE
async def test_its_runbook_opens(name: str, gateway: Gateway) -> None:
    """At a gateway, as it serves its documentation: the page, and a part of it by its anchor."""
    address = RULES[name]["annotations"]["runbook_url"]
    path = re.sub(r"^{{.*}}", "/docs", address)
    page, _, anchor = path.partition("#")
    answer = await gateway.http.get(page)
    assert answer.status_code == 200
    assert f'id="{anchor}"' in answer.text
    assert anchor == name.lower()


def test_no_part_of_the_page_is_of_no_alert() -> None:
    """The page and the rules name the same alerts, and panels that are on the dashboard."""
    text = (OPERATIONS / "alerts.md").read_text("utf-8")
    assert set(re.findall(r"^## (\w+)$", text, re.MULTILINE)) == set(RULES)
    panels = {one["title"] for one in only(OPERATIONS / "grafana/dashboard.json")["panels"]}
    assert set(re.findall(r'"([A-Z][^"]*)"', text)) <= panels
