import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.kinds import KINDS

MOST = 60
"""Inputs of each kind, ten at a time over sockets; more of them are fed by hand."""


@pytest.mark.redis
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_that_comes_in_breaks_anything(kind: str) -> None:
    """No error of the gateway's own, no traceback in the log, no wait, and nothing left over."""
    fed, found = await fuzz(kind, seed="each commit", seconds=120, most=MOST)
    assert fed == MOST
    assert not found, "\n".join(found)
