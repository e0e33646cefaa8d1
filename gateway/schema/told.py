"""How fresh an answer is: what went into it, added up while it is made."""

import math

from gateway.calls.call import Call, FinalReason, Lookup
from gateway.calls.lists import Stretch


class Told:
    """What one answer tells; moments are seconds since 1970.

    `as_of` is when the oldest of it was seen, `fresh_until` the moment at which the first of it
    ceases to be an answer, `complete` whether all of it are calls whose summary is complete, and
    `personal` whether it answers a question that names somebody.
    """

    __slots__ = ("as_of", "complete", "fresh_until", "personal")

    def __init__(self) -> None:
        self.as_of = math.inf
        self.fresh_until = math.inf
        self.complete = True
        self.personal = False

    def saw(self, as_of: float, fresh_until: float, *, complete: bool = False) -> None:
        """Add something that was seen at `as_of`, and is an answer until `fresh_until`."""
        self.as_of = min(self.as_of, as_of)
        self.fresh_until = min(self.fresh_until, fresh_until)
        self.complete = self.complete and complete

    def call(self, call: Call) -> None:
        """Add a call."""
        complete = call.final_reason is FinalReason.COMPLETE
        self.saw(call.snapshot.as_of, call.fresh_until, complete=complete)

    def lookup(self, found: Lookup) -> None:
        """Add a call, or that there is no summary of it."""
        if found.call is None:
            self.saw(found.as_of, found.fresh_until)
        else:
            self.call(found.call)

    def stretch(self, stretch: Stretch) -> None:
        """Add some calls of a list, and which calls these are."""
        self.saw(stretch.as_of, stretch.fresh_until)
