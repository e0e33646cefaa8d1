"""The files of `docs/operations` that programs read, and what the gateway says of the same."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from gateway.config.load import read
from gateway.config.settings import Settings
from tests.test_dockerfile import ROOT, environment_of_the_image

OPERATIONS = ROOT / "docs/operations"
SECRETS = {"TWILIO_ACCOUNT_SID": "AC" + "5a" * 16, "TWILIO_AUTH_TOKEN": "a harbour at night"}

Json: TypeAlias = dict[str, Any]


def documents(path: Path) -> list[Json]:
    """The YAML documents of a file."""
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def only(path: Path) -> Json:
    """The one YAML document of a file."""
    (document,) = documents(path)
    return document


def settings_of(environment: dict[str, str]) -> Settings:
    """The settings of a container; raises WrongSettings if it would not start."""
    return read({**environment_of_the_image(), **environment})


def promtool(*arguments: str, folder: Path = OPERATIONS / "prometheus") -> None:
    """Have Prometheus's own tool say that its files are right."""
    program = shutil.which("promtool")
    assert program, "tests need promtool: apt-get install prometheus"
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
