"""Limits how many requests, followers or connections exist at once, in all and per viewer."""

from typing import NamedTuple, Self

from gateway.config.settings import Settings
from gateway.instrumentation import Hook, Shed, silent


class Bound(NamedTuple):
    """How many there may be, and the setting that says so."""

    number: int
    setting: str

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.number:,} ({self.setting})"


class QuotaSpent(Exception):
    """There is no place left for one more; the message says of what, and names the bound.

    `shared` says that nobody has one, and not this viewer alone.
    """

    def __init__(self, what: str, bound: Bound, *, shared: bool) -> None:
        whose = "This gateway" if shared else "You"
        super().__init__(f"{whose} may have {bound} {what} at once, and no more")
        self.shared = shared


class Quota:
    """Counts the places that are taken: `most` in all, `each` of every viewer; None is no bound.

    Whoever takes one gives it back. Raises QuotaSpent, of which `hook` hears.
    """

    def __init__(
        self, what: str, most: Bound | None, each: Bound | None, hook: Hook = silent
    ) -> None:
        self._what = what
        self._most = most
        self._each = each
        self._hook = hook
        self._taken = 0
        self._held: dict[str, int] = {}

    def enter(self, viewer: str | None = None) -> "Place":
        """Take a place, for a viewer if it is known already whose it is."""
        if self._most is not None and self._taken >= self._most.number:
            self._hook(Shed("server"))
            raise QuotaSpent(self._what, self._most, shared=True)
        if viewer is not None:
            self.hold(viewer)
        self._taken += 1
        return Place(self, viewer)

    def hold(self, viewer: str) -> None:
        """Count a place as a viewer's."""
        held = self._held.get(viewer, 0)
        if self._each is not None and held >= self._each.number:
            self._hook(Shed("viewer"))
            raise QuotaSpent(self._what, self._each, shared=False)
        self._held[viewer] = held + 1

    def leave(self, viewer: str | None) -> None:
        """Count a place no more."""
        self._taken -= 1
        if viewer is not None:
            self._held[viewer] -= 1
            if not self._held[viewer]:
                del self._held[viewer]


class Place:
    """A place that is taken, until it is given back: once, however often that is said."""

    __slots__ = ("_quota", "_viewer")

    def __init__(self, quota: Quota, viewer: str | None) -> None:
        self._quota: Quota | None = quota
        self._viewer = viewer

    def belong_to(self, viewer: str) -> None:
        """Be a viewer's, as soon as it is known whose it is. Raises QuotaSpent."""
        if self._quota is not None and self._viewer is None:
            self._quota.hold(viewer)
            self._viewer = viewer

    def move_to(self, quota: Quota) -> None:
        """Be a place of another quota instead. Raises QuotaSpent."""
        quota.enter(self._viewer)
        self.give_back()
        self._quota = quota

    def give_back(self) -> None:
        """Let somebody else have it."""
        if self._quota is not None:
            self._quota.leave(self._viewer)
            self._quota = None

    def __enter__(self) -> Self:
        """Have it inside the `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.give_back()


class Quotas(NamedTuple):
    """What is counted: requests under way, who follows calls, and connections that stay open."""

    requests: Quota
    followers: Quota
    connections: Quota

    @classmethod
    def of(cls, settings: Settings, hook: Hook, *, viewers: bool) -> Self:
        """As the settings say; without viewers nobody can be told from others."""

        def quota(what: str, most: str | None, each: str) -> Quota:
            in_all = None if most is None else _bound(settings, most)
            return Quota(what, in_all, _bound(settings, each) if viewers else None, hook)

        return cls(
            quota("requests under way", "GATEWAY_MAX_REQUESTS", "GATEWAY_MAX_REQUESTS_PER_VIEWER"),
            quota("followers", "GATEWAY_MAX_FOLLOWERS", "GATEWAY_MAX_FOLLOWERS_PER_VIEWER"),
            quota("connections", None, "GATEWAY_MAX_CONNECTIONS_PER_VIEWER"),
        )


def _bound(settings: Settings, name: str) -> Bound:
    return Bound(getattr(settings, name.lower()), name)
