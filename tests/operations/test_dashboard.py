"""The dashboard: each panel asks for what there is, and all fit on the page."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.operations.exported import exported
from tests.operations.files import OPERATIONS, only, promtool
from tests.operations.queries import check, selected

DASHBOARD = only(OPERATIONS / "grafana/dashboard.json")  # JSON is YAML too
PANELS: dict[str, dict[str, Any]] = {
    panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"
}
EVERY_PANEL = pytest.mark.parametrize("title", PANELS)


def queries(title: str) -> list[tuple[str, str]]:
    """The queries of a panel with their legends; Grafana's own variables have a value."""
    return [
        (target["expr"].replace("$__rate_interval", "1m"), target["legendFormat"])
        for target in PANELS[title]["targets"]
    ]


@EVERY_PANEL
def test_a_panel_asks_for_what_the_gateway_exports(title: str) -> None:
    """One that asked for anything else would stay empty for ever."""
    for query, legend in queries(title):
        check(query, exported(), set(re.findall(r"{{(\w+)}}", legend)))


def test_every_metric_is_on_the_dashboard() -> None:
    """What is measured can be seen without writing a query."""
    shown = {
        family(one.metric)
        for title in PANELS
        for query, _ in queries(title)
        for one in selected(query)
    }
    assert {family(name) for name in exported()} == shown


def family(metric: str) -> str:
    """The name of a histogram without what is counted in it."""
    return re.sub(r"_(bucket|sum|count)$", "", metric)


@pytest.mark.processes
def test_prometheus_takes_the_queries(tmp_path: Path) -> None:
    """Its own tool reads each, as if it were a rule."""
    asked = itertools.chain.from_iterable(queries(title) for title in PANELS)
    rules = [{"record": f"panel:{n}", "expr": query} for n, (query, _) in enumerate(asked)]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    promtool("check", "rules", str(file))


@EVERY_PANEL
def test_a_panel_says_what_it_shows(title: str) -> None:
    """It has a unit and a description, and shows what Prometheus was chosen above."""
    panel = PANELS[title]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert [row["name"] for row in DASHBOARD["templating"]["list"]] == ["datasource"]


def test_panels_lie_beside_each_other() -> None:
    """None covers another, each is within the width of the page, and has an id of its own."""
    cells = set[tuple[int, int]]()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        taken = set(
            itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
        )
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        cells |= taken
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
