"""The command `gateway`, with a patience that tests have: `python -m tests.impatient …`.

Calls are polled often. Where `IMPATIENT_SPEED` is the speed of a sandbox, in which summaries become
complete so much sooner, the warehouse is kept in step with Twilio at that speed, too.
"""

import os
import sys

from gateway.calls import polling, synchronisation, synchronisation_live
from gateway.cli import main

INTERVAL = 0.5
"""Seconds."""

_HASTENED = {
    synchronisation: ("IDLE",),
    synchronisation_live: (
        "EVERY",
        "EVERY_WHEN_BUSY",
        "EVERY_WITH_EVENTS",
        "EVERY_WHEN_BUSY_WITH_EVENTS",
        "SETTLING",
        "LATE",
        "LOOK_BACK",
        "LONG_PAUSE",
        "LOOK_FOR_LATE",
        "STEP",
    ),
}


def hasten(speed: float) -> None:
    """Divide what synchronising waits for."""
    for module, names in _HASTENED.items():
        for name in names:
            setattr(module, name, getattr(module, name) / speed)


if __name__ == "__main__":
    polling.OFTEN = polling.SELDOM = INTERVAL
    hasten(float(os.environ.get("IMPATIENT_SPEED", "1")))
    sys.exit(main())
