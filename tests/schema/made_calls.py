"""A service of calls that are made up, spoilt ones among them: for who only renders."""

import asyncio
import itertools
import math
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from hypothesis import strategies as st
from msgspec.structs import force_setattr, replace

from gateway.cache.entry import Entry
from gateway.cache.memory_cache import MemoryCache
from gateway.calls.call import Call, FinalReason, Lookup, LookupStatus, Source
from gateway.calls.details import DetailStretch
from gateway.calls.pages import Page, Stretch, listed
from gateway.calls.service import CallService
from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.errors import UpstreamUnavailable
from gateway.insights.catalogue import CallSid, Entity
from gateway.insights.paging import Cursors, PageRef
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.insights.summary import Summary
from gateway.insights.summary_decoding import whole
from gateway.insights.windows import Window
from gateway.schema.context import Context
from tests.conftest import NOON
from tests.insights.strategies import clean
from tests.schema.queries import SIDS

ACCOUNT = Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret"))
WRONG: list[Any] = [
    None,
    "text",
    "12",
    7,
    2**40,
    1.5,
    math.nan,
    True,
    (),
    (None,),
    object,
    Entity(),
]
"""What a field never holds, or not most of them."""


@st.composite
def calls(draw: Any, *, spoilt: bool) -> Call:
    """A call; a spoilt one has values that the decoder would never let through."""
    raw = msgspec.json.encode(draw(clean(Summary)))
    snapshot = snapshot_of(raw, NOON - draw(st.integers(0, 99)))
    if spoilt or draw(st.booleans()):
        snapshot = replace(snapshot, summary=whole(snapshot.summary))
    snapshot = replace(snapshot, doubted=draw(st.booleans()), predicted=draw(st.booleans()))
    if spoilt:
        entities = list(_entities(snapshot.summary))
        for _ in range(draw(st.integers(1, 4))):
            entity = draw(st.sampled_from(entities))
            attribute = draw(st.sampled_from(entity.__struct_fields__))
            force_setattr(entity, attribute, draw(st.sampled_from(WRONG)))
    refresh_after = draw(st.none() | st.just(NOON + 30.25))
    final = draw(st.none() | st.sampled_from(list(FinalReason)))
    return Call(snapshot, draw(st.sampled_from(list(Source))), refresh_after, NOON + 9, final)


SIGHTINGS = st.tuples(
    st.integers(0, 99), st.sampled_from(list(Source)), st.booleans(), st.none() | st.just(NOON + 40)
)
"""When a call was seen, where that came from, whether it is predicted, when it may change."""

Given = Call | Exception | None


def seen_again(one: Given, sighting: tuple[int, Source, bool, float | None]) -> Given:
    """A call whose summary was seen once more, in the same bytes."""
    if not isinstance(one, Call):
        return one
    age, source, predicted, refresh_after = sighting
    snapshot = replace(one.snapshot, as_of=NOON - age, predicted=predicted)
    return replace(one, snapshot=snapshot, source=source, refresh_after=refresh_after)


def _entities(entity: Entity) -> Iterator[Entity]:
    if not entity.__struct_fields__:
        return
    yield entity
    for name in entity.__struct_fields__:
        value = getattr(entity, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Entity):
                yield from _entities(one)


class MadeCalls:
    """Answers with the given calls; an exception in place of one is raised.

    With a cache, they are in it, and so is their list: the same objects each time.
    """

    def __init__(self, given: Sequence[Given], cache: MemoryCache | None = None) -> None:
        self._cache = cache
        self._keys = itertools.count()
        self._given = [
            replace(one, entry=self._entry()) if isinstance(one, Call) else one for one in given
        ]
        self._entry_of_list = self._entry()
        self._listed: Stretch | None = None
        self._viewers: dict[frozenset[Scope], Viewer] = {}
        self.asked = 0

    def see(self, given: Sequence[Given]) -> None:
        """These now, in entries of their own; what was made of the same summaries goes there."""
        before = self._given
        self._given = [
            replace(one, entry=self._entry()) if isinstance(one, Call) else one for one in given
        ]
        for old, new in zip(before, self._given, strict=True):
            if isinstance(old, Call) and isinstance(new, Call) and old.entry and new.entry:
                for how, thing, size in old.entry.all_derived(old.summary):
                    new.entry.keep(how, new.summary, thing, size)
                self._forget(old.entry)
        self._listed = None

    def _entry(self) -> Entry | None:
        if self._cache is None:
            return None
        key = str(next(self._keys))
        asyncio.run(self._cache.set(key, b""))
        return self._cache.entry(key)

    def _forget(self, entry: Entry) -> None:
        if self._cache is not None:
            self._cache.remove(entry.key)

    def _one(self, sid: CallSid) -> Lookup:
        self.asked += 1
        call = self._given[SIDS.index(sid) % len(self._given)]
        if isinstance(call, Exception):
            raise call
        status = LookupStatus.NOT_READY if call is None else LookupStatus.COMPLETE
        return Lookup(sid, status, call, 12.5, NOON + 5, NOON - 5)

    async def look_up(self, _: Realm, sid: CallSid) -> Lookup:
        return self._one(sid)

    async def stretch(self, *_: Any) -> Stretch:
        self.asked += 1
        if self._listed is not None:
            return self._listed
        for call in self._given:
            if isinstance(call, Exception):
                raise call
        ref = PageRef(Window(0, 1), 25)
        there = [call for call in self._given if isinstance(call, Call)]
        placed = tuple(listed(Page(ref, NOON - 5, tuple(there), None, None)))
        stretch = Stretch(
            placed,
            has_next=True,
            has_previous=False,
            as_of=NOON - 5,
            fresh_until=NOON + 5,
            entry=self._entry_of_list,
        )
        if self._cache is not None:
            self._listed = stretch
        return stretch

    async def details(self, *_: Any) -> DetailStretch:
        """No metrics, and no events."""
        self.asked += 1
        return DetailStretch(
            (),
            LookupStatus.PARTIAL,
            has_next=False,
            has_previous=False,
            as_of=NOON - 5,
            fresh_until=NOON + 5,
            whole=False,
        )

    def annotation_is_fresh(self, call: Call) -> bool:
        return not call.snapshot.doubted

    def annotation_fresh_until(self, snapshot: Snapshot) -> float:
        return snapshot.annotated_at + 60

    async def annotated(self, _: Realm, snapshot: Snapshot) -> Snapshot | None:
        """Asked for anew: the other way round if there was one, and sometimes it fails."""
        if snapshot.predicted:
            raise UpstreamUnavailable("Twilio cannot be asked.")
        if snapshot.summary.annotation is None:
            return None
        return replace(snapshot, summary=replace(snapshot.summary, annotation=None))

    def context(self, scopes: frozenset[Scope]) -> Context:
        """A context whose service of calls this is."""
        lists = SimpleNamespace(forward=self.stretch, backward=self.stretch)
        details = SimpleNamespace(forward=self.details)
        call_service = cast(
            "CallService", SimpleNamespace(lookups=self, lists=lists, details=details)
        )
        made = Viewer("somebody", Realm(ACCOUNT), scopes)
        viewer = self._viewers.setdefault(scopes, made)
        return Context(viewer, call_service, Cursors(b"key"), NOON, 10.0, "request-id")
