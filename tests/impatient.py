"""The command `gateway`, with a polling that tests can wait for: `python -m tests.impatient …`."""

import sys

from gateway.calls import polling
from gateway.cli import main

INTERVAL = 0.5
"""Seconds."""

if __name__ == "__main__":
    polling.OFTEN = polling.SELDOM = INTERVAL
    sys.exit(main())
