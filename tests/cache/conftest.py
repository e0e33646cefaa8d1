import json

import pytest

from gateway.cache.memory_cache import MemoryCache
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot, snapshot_of
from tests.conftest import NOON, Clock

ACCOUNT = "AC" + "5a" * 16
SID = CallSid("CA" + "0f" * 16)


def seen(as_of: float = NOON, sid: CallSid = SID, **fields: object) -> Snapshot:
    """A summary that was seen at some moment."""
    return snapshot_of(json.dumps({"call_sid": sid, **fields}).encode(), as_of)


@pytest.fixture
def memory(clock: Clock) -> MemoryCache:
    return MemoryCache(max_bytes=100_000, clock=clock)
