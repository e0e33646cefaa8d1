"""A bad day at Twilio is a dull day here: fifty clients ask while things fail."""

import pytest

from gateway.errors import UpstreamError
from tests.bad_day import CLIENTS, SETTINGS, bad_day, table
from tests.servers import RedisServer

DEADLINE = float(SETTINGS["GATEWAY_DEADLINE"])
DOCUMENTED = {kind.code for kind in UpstreamError.__subclasses__()} - {"UPSTREAM_CREDENTIALS"}
SOON = 12.0
"""Seconds: the longest pause of a circuit breaker, and what it takes to catch up."""

AT_ONCE = int(SETTINGS["GATEWAY_UPSTREAM_CONCURRENCY"])


async def test_a_bad_day(redis: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Each question has an answer or a documented error in time, and Twilio is spared meanwhile.

    All is well within seconds of the end of each trouble. How slow the machine is meanwhile is told
    by questions that need no Twilio.
    """
    day = await bad_day(redis)
    with capsys.disabled():
        print(f"\n\n{table(day)}\n")  # noqa: T201 - the figures are for people

    for phase in day:
        assert phase.requests >= CLIENTS, phase.name
        assert set(phase.errors) <= DOCUMENTED, phase.name
        assert phase.longest <= DEADLINE + 1 + 4 * phase.machine, phase.name
        assert phase.recovered_after <= SOON + 4 * phase.machine, phase.name
        assert phase.most_at_once <= AT_ONCE, phase.name
    calm, *troubles, alone = day
    assert set(calm.errors + alone.errors) <= {"DEADLINE_EXCEEDED"}  # on a busy machine
    assert all(phase.outcomes["stale"] or phase.errors for phase in troubles[2:])  # it was felt
    asked = sum(phase.requests for phase in day)
    assert sum(phase.retries for phase in day) <= asked / 10 + 3
