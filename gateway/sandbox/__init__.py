"""A small Twilio that lies well: the Insights API, over a world of calls made from a seed."""

from gateway.sandbox.faults import Fault
from gateway.sandbox.sandbox import Sandbox

__all__ = ["Fault", "Sandbox"]
