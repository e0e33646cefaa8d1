"""Runs the command line as `python -m gateway`."""

import sys

from gateway.cli import main

sys.exit(main())
