"""Writes the annotation of a call to Twilio, and to the caches of all replicas."""

import asyncio
from collections.abc import Collection, Mapping

from msgspec import Struct, structs

from gateway.calls.call import Call, LookupStatus
from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.calls.lookups import STATUS, Lookups
from gateway.calls.warehouse_annotations import Change, WarehouseAnnotations
from gateway.concurrency.background import log_fault
from gateway.concurrency.deadlines import asking, in_time
from gateway.config.viewers import Realm
from gateway.errors import DeadlineExceeded, UpstreamError
from gateway.insights.absence import Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot, annotate, doubt
from gateway.upstream.failures import failure_of_write

_LAST_WORD = 0.05
"""Seconds beyond a deadline in which a write may still tell what became of it."""


class Written(Struct, frozen=True):
    """The annotation of a call as Twilio told it in answer to a write."""

    sid: CallSid
    annotation: bytes


class Annotations(CallOperations):
    """Writes annotations, and sees to it that what is remembered of a call agrees.

    Raises UpstreamError, for a write with word of whether it was done. After one that is
    uncertain nobody trusts what is remembered of the annotation.
    """

    def __init__(
        self, dependencies: Dependencies, lookups: Lookups, realms: Collection[Realm]
    ) -> None:
        self._realms = realms
        super().__init__(dependencies)
        self._lookups = lookups
        self._warehouse = WarehouseAnnotations(dependencies.warehouse)
        self._writes: set[asyncio.Task[Written | LookupStatus]] = set()

    def serve(self, realms: Collection[Realm]) -> None:
        """Let these realms know of what is written from now on."""
        self._realms = realms

    async def write(
        self, realm: Realm, sid: CallSid, parameters: Mapping[str, str]
    ) -> Written | LookupStatus:
        """Change what the parameters name; or tell why there is no such call.

        What is begun is finished, whether or not somebody still waits for it.
        """
        if not realm.is_whole:
            status = (await self._lookups.look_up(realm, sid)).status
            if status not in {LookupStatus.COMPLETE, LookupStatus.PARTIAL}:
                return status
        task = asyncio.create_task(self._write(realm, sid, parameters))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        task.add_done_callback(log_fault)
        try:
            return await in_time(asking(), task)
        except DeadlineExceeded as late:
            # What was held back up to this moment is about to say so: then nothing was written.
            done, _ = await asyncio.wait({task}, timeout=_LAST_WORD)
            if done:
                return task.result()
            raise failure_of_write(late) from late

    async def _write(
        self, realm: Realm, sid: CallSid, parameters: Mapping[str, str]
    ) -> Written | LookupStatus:
        try:
            answer = await self._client.annotate(realm.account, sid, parameters)
        except UpstreamError as failure:
            if failure.uncertain:
                at = self._clock()
                await self._tell_all(realm, sid, lambda cached: doubt(cached, at))
            raise
        if isinstance(answer, Absent):
            return STATUS[answer.why]
        at = self._clock()
        await self._tell_all(realm, sid, lambda cached: annotate(cached, answer, at))
        return Written(sid, answer)

    async def _tell_all(self, realm: Realm, sid: CallSid, change: Change) -> None:
        """Change what is known of a call in every realm of the account, and in the warehouse."""
        self._warehouse.change(realm, sid, change)
        account = realm.account.sid
        for key in {realm.key, *(one.key for one in self._realms if one.account.sid == account)}:
            cached = await self._store.seen(key, sid, by_any=True)
            if isinstance(cached, Snapshot):
                await self._keep(key, change(cached))

    async def call(self, realm: Realm, written: Written) -> Call | None:
        """The call as it is now; None when there is no summary of it yet.

        A summary that was asked for before the write may come after it: what the write was
        answered with wins.
        """
        call = (await self._lookups.look_up(realm, written.sid)).call
        if call is None:
            return None
        newer = annotate(call.snapshot, written.annotation, self._clock())
        if newer.summary.annotation == call.summary.annotation:
            return call
        return structs.replace(call, snapshot=await self._keep(realm.key, newer))

    async def _keep(self, realm: str, snapshot: Snapshot) -> Snapshot:
        (kept,) = await self._store.keep(realm, [snapshot])
        await self._store.announce(realm, snapshot.sid)
        return kept if isinstance(kept, Snapshot) else snapshot
