"""`gateway schema --check FILE --usage URL`: which clients would a change of the schema break?"""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.cli import main
from gateway.cli.field_usage import QUERY
from gateway.schema.operations import sdl
from tests.servers import serving

USED = (("web", "Call.wasThere", 7.0), ("job", "Call.sid", 3.0), ("job", "CallSort.OLDEST", 2.0))


def older(folder: Path) -> str:
    """A schema that had two things more, a field and an enum value."""
    text = sdl().replace(
        "type Call implements Node {", "type Call implements Node {\n  wasThere: Int"
    )
    text = re.sub(r"enum CallSort \{", "enum CallSort {\n  OLDEST", text)
    file = folder / "released.graphql"
    file.write_text(text, "utf-8")
    return str(file)


def prometheus() -> Starlette:
    """A gateway's `/metrics`, and a Prometheus server that scraped it."""
    registry = CollectorRegistry()
    counter = Counter("gateway_field_usage", "…", ["coordinate", "client"], registry=registry)
    for client, coordinate, number in USED:
        counter.labels(coordinate, client).inc(number)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry))

    async def query(request: Request) -> Response:
        assert request.query_params["query"] == QUERY
        rows = [
            {"metric": {"client": client, "coordinate": where}, "value": [0, str(number)]}
            for client, where, number in USED
        ]
        return JSONResponse({"status": "success", "data": {"result": rows}})

    return Starlette(routes=[Route("/metrics", metrics), Route("/api/v1/query", query)])


@pytest.mark.parametrize("path", ["/metrics", ""])
def test_it_names_the_clients_that_a_change_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    """Exit status 1: somebody would feel it. A removal that nobody uses alone is none."""
    with serving(prometheus()) as address:
        status = main(["schema", "--check", older(tmp_path), "--usage", f"{address}{path}"])

    assert status == 1
    assert capsys.readouterr().out.splitlines() == [
        "Field Call.wasThere was removed. Used by: web (7 operations).",
        "Enum value CallSort.OLDEST was removed. Used by: job (2 operations).",
        "2 changes break clients that use them; 2 are used.",
    ]


def test_what_nobody_uses_may_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The change is listed, and the exit status is 0."""
    file = tmp_path / "released.graphql"
    file.write_text(sdl().replace("type Viewer {", "type Viewer {\n  age: Int"), "utf-8")
    with serving(prometheus()) as address:
        status = main(["schema", "--check", str(file), "--usage", f"{address}/metrics"])

    assert status == 0
    assert "Used by: no client that was counted." in capsys.readouterr().out


def test_without_figures_it_does_not_call_a_change_safe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gateway that counted nothing, or is not there, says nothing about who would break."""
    empty = Starlette(routes=[Route("/metrics", lambda _: Response(""))])
    with serving(empty) as address:
        assert main(["schema", "--check", older(tmp_path), "--usage", f"{address}/metrics"]) == 1
    assert "no client was counted yet" in capsys.readouterr().err
    assert main(["schema", "--check", older(tmp_path), "--usage", "http://127.0.0.1:1/"]) == 1
    assert "has no usage of fields" in capsys.readouterr().err


def test_usage_needs_a_schema_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what is missing, and exit status 2."""
    assert main(["schema", "--usage", "http://127.0.0.1:1/metrics"]) == 2
    assert "--usage needs --check" in capsys.readouterr().err
