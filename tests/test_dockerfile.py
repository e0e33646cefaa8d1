"""The Dockerfile, as far as it can be checked without building it."""

import re
import shlex
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from importlib.metadata import requires
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gateway.config.settings_table import table
from gateway.documentation.sources import linked
from hatch_build import SPHINX

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text("utf-8")
BUILD_HOOK = (ROOT / "hatch_build.py").read_text("utf-8")


class Step(NamedTuple):
    """One instruction, and the stage that it belongs to, counted from 0."""

    stage: int
    name: str
    rest: str


def steps() -> list[Step]:
    lines = [line for line in TEXT.splitlines() if not line.lstrip().startswith("#")]
    stage, found = -1, []
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            stage += name == "FROM"
            found.append(Step(stage, name, rest.strip()))
    return found


STEPS = steps()
LAST = [step for step in STEPS if step.stage == STEPS[-1].stage]
CHOICES = dict(step.rest.split("=") for step in STEPS if step.name == "ARG" and step.stage < 0)
IMAGES = [CHOICES[step.rest.split()[0].strip("${}")] for step in STEPS if step.name == "FROM"]
RUNS = [step.rest for step in STEPS if step.name == "RUN"]
COPIED = [
    source
    for step in STEPS
    if step.name == "COPY" and not step.rest.startswith("--from=")
    for source in step.rest.split()[:-1]
]


def the_last(name: str) -> str:
    """The last instruction of that name in the stage that runs."""
    return [step.rest for step in LAST if step.name == name][-1]


def environment_of_the_image() -> dict[str, str]:
    """The variables that are set for whatever runs in it."""
    return dict(pair.split("=", 1) for pair in shlex.split(the_last("ENV")))


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_exists_and_reaches_the_builder(source: str) -> None:
    """Every source is in the checkout, and `.dockerignore` lets it through."""
    assert (ROOT / source).exists()
    reaches = False
    for pattern in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        bare = pattern.removeprefix("!")
        path = source.rstrip("/")
        if path == bare or path.startswith(f"{bare}/") or fnmatch(path, bare):
            reaches = pattern.startswith("!")
    assert reaches


def test_what_the_documentation_links_to_reaches_the_builder() -> None:
    """Files from all over the repository are downloads of the site."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("**/*.md")]
    files = {
        file
        for path in pages
        if "node_modules" not in path.parts
        for file in linked(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    }
    assert "tests/clients/live/graphql-ws.mjs" in files
    copied = tuple(COPIED)
    assert [file for file in files if not file.startswith(copied)] == []


def test_images_are_named_without_a_host() -> None:
    """Whoever builds decides where images come from."""
    assert [image for image in IMAGES if not re.fullmatch(r"[a-z]+:[\w.-]+", image)] == []


def test_whoever_builds_may_say_which_images_exactly() -> None:
    """A tag moves; a build that is to be repeated names digests instead."""
    assert CHOICES.keys() == {"PYTHON", "NODE"}
    assert all(f"--build-arg {name}=" in TEXT for name in CHOICES)


def test_versions_are_those_that_the_project_asks_for() -> None:
    """Python is the oldest that the package supports, Node.js the oldest that builds the page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    python = project["requires-python"].removeprefix(">=")
    (node,) = re.findall(r"^OLDEST_NODE = \((\d+),", BUILD_HOOK, re.MULTILINE)
    assert set(IMAGES) == {f"python:{python}-slim", f"node:{node}-slim"}


def test_the_pages_are_built_as_the_build_hook_builds_them() -> None:
    """The image builds GraphiQL and the explorer by the two npm commands of the wheel."""
    commands = re.findall(r'\["(ci)"\], \["(run)", "(build)"\]', BUILD_HOOK)
    assert commands == [("ci", "run", "build")]
    npm = [step.rest for step in STEPS if step.rest.startswith("npm")]
    assert npm == ["npm ci", "npm run build"] * 2


def pinned(name: str) -> dict[str, set[str]]:
    """The hashes of each package with its version in a file of requirements."""
    entries = re.split(r"^(?=\S)", (ROOT / ".ci" / name).read_text("utf-8"), flags=re.MULTILINE)
    return {entry.split()[0]: set(re.findall(r"--hash=(\S+)", entry)) for entry in entries if entry}


def test_what_is_installed_is_pinned_with_its_hashes() -> None:
    """It is what was tested, byte for byte: packages, and what builds the wheel."""
    for run in (run for run in RUNS if " install " in run):
        assert "--require-hashes" in run or "--no-index --no-deps" in run, run
    (wheel,) = [run for run in RUNS if "pip wheel" in run]
    assert "--no-build-isolation --" in wheel  # or pip would fetch what builds it, of any version
    tested = pinned("requirements-dev.txt")
    for name in ("requirements.txt", "requirements-build.txt"):
        assert pinned(name).items() <= tested.items(), name
        assert f"-r .ci/{name}" in TEXT
    assert pinned("requirements-warehouse.txt").items() <= tested.items()


def closure(needs: Iterable[str]) -> set[str]:
    """The packages that requirements bring, as far as they apply to the image's Python on Linux."""
    found: set[str] = set()
    ahead = [*map(Requirement, needs)]
    while ahead:
        need = ahead.pop()
        name = canonicalize_name(need.name)
        if name not in found and (need.marker is None or need.marker.evaluate({"extra": ""})):
            found.add(name)
            ahead += map(Requirement, requires(name) or ())
    return found


def test_what_builds_the_wheel_is_what_the_project_names() -> None:
    """Pinned are the backend in pyproject.toml and what the documentation is built with, alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pins = (ROOT / ".ci" / "requirements-build.txt").read_text("utf-8")
    named = {
        need.name
        for need in map(Requirement, re.findall(r"^([\w-]+==.*?) \\$", pins, re.MULTILINE))
        if need.marker is None or need.marker.evaluate()
    }
    assert named == closure([*project["build-system"]["requires"], *SPHINX])
    assert {*SPHINX} - {*project["project"]["optional-dependencies"]["dev"]} <= {
        *project["project"]["dependencies"]
    }


def test_two_builds_hold_the_same_bytecode() -> None:
    """It is compiled once, for the content of files and not for their times, and never again."""
    (last,) = [run for run in RUNS if "compileall" in run]
    assert last == RUNS[-1]
    assert "--invalidation-mode unchecked-hash" in last
    into = [run for run in RUNS if "--python" in run and "install" in run]
    assert all("--no-compile" in run for run in into)


def test_what_runs_holds_no_tool_that_builds() -> None:
    """The last stage installs nothing: it takes over what the one before it made."""
    assert [step.name for step in LAST if step.name in {"RUN", "ADD"}] == []
    copies = [step.rest for step in LAST if step.name == "COPY"]
    assert [copy.split()[0] for copy in copies] == ["--from=build"]
    assert IMAGES[-1] == IMAGES[-2]  # the environment points at the interpreter of its image


def test_what_runs_is_not_root() -> None:
    """The user is a number, so that Kubernetes can tell that it is not root."""
    assert int(the_last("USER").split(":")[0]) > 0


def test_the_container_says_whether_it_lives() -> None:
    """The health check asks `/healthz` at the port of the settings, past any proxy."""
    check = the_last("HEALTHCHECK")
    command = re.findall(r'CMD \["python", "-c", "(.*)"\]$', check)[0]
    compile(command, "HEALTHCHECK", "exec")
    assert "/healthz" in command
    assert "GATEWAY_PORT" in command
    assert "ProxyHandler({})" in command


def test_the_image_serves_and_leaves_its_operator_to_say_to_whom() -> None:
    """It listens for other hosts, and so does not start before `GATEWAY_AUTH` is said."""
    environment = environment_of_the_image()
    defaults = {setting.name: setting.default for setting in table()}
    assert environment["GATEWAY_HOST"] == "0.0.0.0"  # noqa: S104 - inside a container
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert {name for name in environment if name.startswith("GATEWAY_")} == {"GATEWAY_HOST"}
    assert the_last("EXPOSE") == str(defaults["GATEWAY_PORT"])
    assert the_last("ENTRYPOINT") == '["gateway"]'
    assert the_last("CMD") == '["serve"]'
