"""The recipe for all calls of yesterday: none is missing, and none is there twice."""

import runpy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from tests.servers import serving
from tests.walking import ROOT, blocks

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.fixture
def sandbox() -> Sandbox:
    """Calls of three days, without arrivals, so that a program may be compared with another."""
    return Sandbox(calls=1500, arrivals=False)


@pytest.fixture
def address(sandbox: Sandbox) -> Iterator[str]:
    """Where a gateway over the sandbox listens."""
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    app = create_app(Settings(), account, transport=httpx.ASGITransport(app=sandbox.app))
    with serving(app) as address:
        yield address


def of_yesterday(address: str, folder: Path) -> list[dict[str, str]]:
    """What the program of the page finds."""
    (text,) = (one.text for one in blocks(ROOT / "docs/recipes.md") if one.word == "yesterday.py")
    program = folder / "yesterday.py"
    program.write_text(text.replace("http://127.0.0.1:8000", address), "utf-8")
    calls: list[dict[str, str]] = runpy.run_path(str(program))["calls"]
    return calls


def call(sandbox: Sandbox, start: datetime, end: datetime | None) -> str:
    """A call of the sandbox; one without an end goes on."""
    times = {"start_time": start.isoformat(), "end_time": end and end.isoformat()}
    return sandbox.add({"processing_state": "partial" if end is None else "complete", **times})


def test_each_call_that_started_yesterday_is_there_once(
    sandbox: Sandbox, address: str, tmp_path: Path
) -> None:
    """Also over midnight, over the slices of the day, and while it goes on; others are not."""
    midnight, noon = TODAY, YESTERDAY + hours(12)
    included = [
        call(sandbox, YESTERDAY, YESTERDAY + hours(0.1)),
        call(sandbox, noon - hours(0.1), noon + hours(3)),
        call(sandbox, midnight - hours(0.2), midnight + hours(0.2)),
        call(sandbox, midnight - hours(0.3), None),
    ]
    others = [
        call(sandbox, YESTERDAY - hours(0.2), YESTERDAY + hours(0.2)),
        call(sandbox, midnight, midnight + hours(0.1)),
        call(sandbox, midnight + hours(0.1), None),
    ]
    found = of_yesterday(address, tmp_path)
    sids = [one["sid"] for one in found]
    assert len(sids) == len(set(sids)) > len(included)
    assert set(included) <= set(sids)
    assert not set(others) & set(sids)
    assert set(sids) == {
        one["sid"]
        for one in everything(address)
        if YESTERDAY <= datetime.fromisoformat(one["startTime"]) < TODAY
    }


def everything(address: str) -> Iterator[dict[str, str]]:
    """All calls of the last three days, in one walk."""
    query = """query($filter: CallFilter, $after: String) {
      calls(first: 1000, after: $after, filter: $filter) {
        nodes { sid startTime } pageInfo { hasNextPage endCursor }
      }
    }"""
    window = {"startTime": "3d", "endTime": (TODAY + hours(24)).isoformat()}
    chosen = {**window, "processingState": "ALL"}
    page: dict[str, Any] = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
    while page["pageInfo"]["hasNextPage"]:
        variables = {"filter": chosen, "after": page["pageInfo"]["endCursor"]}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{address}/graphql", json=body, timeout=30)
        page = answer.json()["data"]["calls"]
        yield from page["nodes"]
