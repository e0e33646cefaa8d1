import ast
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway

ROOT = Path(gateway.__file__).parent
FLOORS: dict[str, int] = {
    "errors": 0,
    "instrumentation": 0,
    "warehouse_instrumentation": 0,
    "subscription_instrumentation": 0,
    "request_stats": 0,
    "field_stats": 0,
    "lru": 0,
    "http_library": 0,
    "encryption": 0,
    "concurrency": 0,
    "config": 0,
    "insights": 0,
    "upstream": 1,
    "cache": 1,
    "warehouse": 1,
    "calls": 2,
    "schema": 3,
    "server": 4,
    "cli": 5,
    "__main__": 5,
}
ASIDE = {"documentation"}  # what builds the site of the documentation
ANNEX = {"sandbox"}  # a Twilio of its own
SEPARATE = 1  # the floor on which neighbours do not know each other
EVERYWHERE = {*sys.stdlib_module_names, "gateway", "msgspec"}
BOUNDS = {
    "aiohttp": {"upstream"},
    "httpx": {"http_library"},
    "aiocache": {"cache"},
    "redis": {"cache"},
    "clickhouse_connect": {"warehouse"},
    "backports": {"warehouse/seal.py"},  # zstd, which Python has from 3.14 on
    "compression": {"warehouse/seal.py"},
    "pyarrow": {"server/graphql/tables.py"},
    "cryptography": {"encryption", "warehouse"},
    "starlette": {"server", "sandbox"},
    "strawberry": {"schema", "server"},
    "graphql": {"schema", "server", "documentation", "cli/schema.py"},
    "joserfc": {"server"},
    "prometheus_client": {"server", "cli/field_usage.py"},
    "mcp": {"server/mcp/endpoint.py", "server/mcp/server.py"},
    "mcp_types": {"server/mcp/server.py"},
    "opentelemetry": {"server/telemetry/spans.py"},
    "click": {"cli"},
    "uvicorn": {"server"},
    "websockets": {"server/protocols/websocket.py"},
    "dotenv": {"config"},
    "docutils": {"documentation"},
    "sphinx": {"documentation"},
}
LONGEST_MODULE, LONGEST_BODY = 300, 40

BUILT = {"dist", "node_modules"}
FILES = sorted(file for file in ROOT.rglob("*.py") if BUILT.isdisjoint(file.parts))


def where(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def room(file: Path) -> str:
    """The first part of a file's name: `upstream`, `settings`; nothing for the package itself."""
    first = file.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(file: Path) -> Iterator[str]:
    """The dotted names that a file imports, those inside functions and type checks too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{where(file)} imports by dots"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_entered(file: Path) -> set[str]:
    """The rooms of the gateway from which a file imports."""
    inner = (name.split(".")[1] for name in imports(file) if name.startswith("gateway."))
    return {name for name in inner if not name.startswith("__version__")}


def on_the_floors() -> list[Path]:
    return [file for file in FILES if room(file) in FLOORS]


def test_every_file_stands_in_a_room_that_is_known() -> None:
    """A new room is given its floor here before anything is put into it."""
    rooms = {room(file) for file in FILES} - {""}

    assert rooms == FLOORS.keys() | ASIDE | ANNEX


@pytest.mark.parametrize("file", on_the_floors(), ids=where)
def test_a_file_imports_from_floors_below_or_from_its_own_room(file: Path) -> None:
    """Nothing climbs back up, and on the first floor neighbours do not know each other."""
    floor = FLOORS[room(file)]
    strangers = rooms_entered(file) - {room(file)} - ANNEX

    above = {name for name in strangers if FLOORS.get(name, 99) > floor}
    beside = {name for name in strangers if FLOORS.get(name) == floor == SEPARATE}

    assert not above
    assert not beside


def test_only_the_command_line_opens_the_door_of_the_sandbox() -> None:
    """What stands in for Twilio is no part of what serves Twilio's users."""
    visitors = {where(file) for file in on_the_floors() if rooms_entered(file) & ANNEX}

    assert visitors == {"cli/demo.py", "cli/sandbox.py"}


def test_the_sandbox_and_the_page_know_nothing_of_the_gateway() -> None:
    """A stand-in that shared code with what it tests would share its mistakes."""
    outside = [file for file in FILES if room(file) in ANNEX | ASIDE]

    assert outside
    for file in outside:
        assert rooms_entered(file) <= {room(file)}, where(file)


def test_third_parties_stay_in_the_rooms_that_are_theirs() -> None:
    """Each is known where it is needed, so that changing it changes one room."""
    for file in FILES:
        places = {room(file), where(file)}
        for top in {name.split(".")[0] for name in imports(file)} - EVERYWHERE:
            assert BOUNDS.get(top, set()) & places, f"{where(file)} imports {top}"


def test_what_voice_insights_says_needs_no_framework() -> None:
    """The catalogue and its rules stand on the standard library and msgspec alone."""
    for file in FILES:
        if room(file) == "insights":
            foreign = {name.split(".")[0] for name in imports(file)} & BOUNDS.keys()
            assert not foreign, where(file)


def imported_modules(file: Path) -> set[str]:
    """The modules of the gateway that a file imports, by themselves or by a name in them."""
    found = {name if name in MODULES else name.rpartition(".")[0] for name in imports(file)}
    return found & MODULES.keys()


def module(file: Path) -> str:
    dotted = ".".join(file.relative_to(ROOT.parent).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


MODULES = {module(file): file for file in FILES}


def test_no_imports_run_in_a_circle() -> None:
    """Neither between rooms nor inside one: a file can be read after those that it imports."""
    imported = {name: imported_modules(file) - {name} for name, file in MODULES.items()}

    graphlib.TopologicalSorter(imported).prepare()


def bodies(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function with the lines of its body; what documents it does not count."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = ast.get_docstring(node, clean=False) is not None
            first = node.body[1 if told and len(node.body) > 1 else 0]
            yield node.name, (node.end_lineno or 0) - first.lineno + 1


def test_modules_and_functions_stay_short() -> None:
    """What does not fit on a few screens is two things: split it."""
    long = []
    for file in FILES:
        text = file.read_text("utf-8")
        if text.count("\n") > LONGEST_MODULE:
            long.append(where(file))
        for name, lines in bodies(ast.parse(text)):
            long += [f"{where(file)}: {name}"] * (lines > LONGEST_BODY)

    assert not long
