"""The alert rules: they are right, they go off when they should, and they say what to do."""

import re
from typing import Any

import pytest

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


def test_prometheus_takes_the_rules() -> None:
    """Its own tool finds nothing wrong with them."""
    promtool("check", "rules", FILE.name)


def test_each_goes_off_on_a_bad_day_and_none_on_a_good_one() -> None:
    """Prometheus's own tool evaluates them over series of both days."""
    promtool("test", "rules", str(CASES))
    bad_day = only(CASES)["tests"][-1]["promql_expr_test"][0]["exp_samples"]
    expected = {name for one in bad_day for name in re.findall(r'alertname="(\w+)"', one["labels"])}
    assert expected == set(RULES)


@EVERY_RULE
def test_it_asks_for_what_the_gateway_exports(name: str) -> None:
    """A rule over a metric, label or value that does not exist would never go off."""
    rule = RULES[name]
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    check(rule["expr"], exported() | OWN_OF_PROMETHEUS, told)


def test_the_job_that_rules_name_is_the_job_that_is_scraped() -> None:
    """What they say of `job` holds for the configuration beside them."""
    named = {
        one.matched["job"]
        for rule in RULES.values()
        for one in selected(rule["expr"])
        if "job" in one.matched
    }
    configuration = only(OPERATIONS / "prometheus/prometheus.yaml")
    assert named == {job["job_name"] for job in configuration["scrape_configs"]}
    assert configuration["rule_files"] == [FILE.name]


@EVERY_RULE
def test_it_says_what_happened_and_what_to_do(name: str) -> None:
    """Whoever is woken gets a sentence, how urgent it is, and a part of a page."""
    rule = RULES[name]
    assert rule["annotations"]["summary"].endswith(".")
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor == name.lower()
    text = (ROOT / page).read_text("utf-8")
    (part,) = re.findall(rf"^## {name}\n\n(.+)$", text, re.MULTILINE)
    assert part.startswith("*Page.* ") == (rule["labels"]["severity"] == "page")
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_no_part_of_the_page_is_of_no_alert() -> None:
    """The page and the rules name the same alerts, and panels that are on the dashboard."""
    text = (OPERATIONS / "alerts.md").read_text("utf-8")
    assert set(re.findall(r"^## (\w+)$", text, re.MULTILINE)) == set(RULES)
    panels = {one["title"] for one in only(OPERATIONS / "grafana/dashboard.json")["panels"]}
    assert set(re.findall(r'"([A-Z][^"]*)"', text)) <= panels
