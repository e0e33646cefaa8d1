"""Defines what an examination finds: one line for each dependency."""

from typing import Literal, NamedTuple

from gateway.config.settings import Settings
from gateway.upstream.proxies import Proxies
from gateway.upstream.transport import Bounded, Wire

REACHABLE = "is right and reachable from here, and the proxy in HTTPS_PROXY if there is one."
"""The end of a cure for an address that does not answer."""


class Finding(NamedTuple):
    """What was found of one thing. What comes `later` is no mistake before the gateway runs.

    `text` is a sentence that tells the cure, or without a full stop what is fine.
    """

    what: str
    state: Literal["fine", "later", "wrong"]
    text: str

    def __str__(self) -> str:
        """One line."""
        text = f"fine ({self.text})." if self.state == "fine" else self.text
        return f"{self.what}: {text}"


def way_out(settings: Settings) -> Bounded:
    """How the gateway asks others: by its proxies, within its time."""
    return Bounded(Wire(Proxies.of(settings)), settings.gateway_upstream_timeout)
