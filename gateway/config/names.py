"""Finds misspelt names of settings, and suggests the right ones."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

TOKEN = "GATEWAY_TOKEN"  # noqa: S105 - the name of a variable
"""Has the bearer token of a command that asks a gateway."""

ELSEWHERE = frozenset({"GATEWAY_SKIP_GRAPHIQL", TOKEN})
"""Variables of the gateway that are no settings: of its build, and of commands that are clients."""

_CLOSE = 2
"""So many letters wrong, missing, added or swapped are a slip; more are another name."""

_OTHER_WORDS = {
    "BIND": "HOST",
    "PROCESSES": "WORKERS",
    "REDIS": "CACHE",
    "TTL": "AGE",
    "TWILIO": "UPSTREAM",
    "VALKEY": "CACHE",
}
"""What words are called here that other programs have in the names of their settings."""

_LINK = re.compile(
    r"GATEWAY(_[A-Z0-9_]+)?_"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_PORT_LINK = re.compile(r"GATEWAY(_[A-Z0-9_]+)?_PORT")
_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def service_links(variables: Mapping[str, str]) -> set[str]:
    """The names that Kubernetes sets in each pod for a Service called `gateway` or `gateway-…`.

    `GATEWAY_PORT` is among them where it is an address: a port that somebody sets is a number.
    """
    return {
        name
        for name, text in variables.items()
        if _LINK.fullmatch(name) or (_PORT_LINK.fullmatch(name) and _ADDRESS.match(text))
    }


def unknown_names(variables: Mapping[str, str], settings: Collection[str]) -> Iterator[str]:
    """A line for each name that is no setting, with the nearest that is one.

    Every `GATEWAY_…` must be known. Other programs have settings that begin with `TWILIO_`, so of
    these only slips count.
    """
    others = (
        service_links(variables) | ELSEWHERE | _named_in(variables.get("GATEWAY_CONFIG"), variables)
    )
    alike = {name for name in variables if name.startswith(("GATEWAY_", "TWILIO_"))}
    for name in sorted(alike - set(settings) - others):
        meant = nearest(name, settings)
        slip = edit_distance(name, meant) <= _CLOSE and not name.startswith(f"{meant}_")
        if slip or name.startswith("GATEWAY_"):
            yield f"{name} is not a setting: if you mean {meant}, rename it; otherwise remove it."


def _named_in(path: str | None, variables: Mapping[str, str]) -> set[str]:
    """The variables that accounts of GATEWAY_CONFIG name; all, if the file cannot be read.

    What is wrong with the file is told by what reads it.
    """
    if path is None:
        return set()
    try:
        rows = tomllib.loads(Path(path).read_text("utf-8-sig"))["accounts"]
        pairs = [pair for row in rows for pair in row.items()]
        return {str(variable) for key, variable in pairs if key.endswith("_env")}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return set(variables)


def nearest(name: str, settings: Collection[str]) -> str:
    """The known name that is meant: by its letters, or else by its words."""
    words = {_OTHER_WORDS.get(word, word) for word in name.split("_")}

    def order(one: str) -> tuple[int, int, int]:
        distance = edit_distance(name, one)
        if distance <= _CLOSE:
            return 0, distance, 0
        return 1, -len(words & set(one.split("_"))), distance

    return min(settings, key=order)


def edit_distance(one: str, other: str) -> int:
    """How many letters to change, add, leave out or swap with their neighbour.

    This is Damerau's and Levenshtein's distance, where nothing is edited twice.
    """
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, beside in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != beside))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], beside):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
