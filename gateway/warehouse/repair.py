"""Deletes rows that two processes wrote twice.

A call stays where it was filed first, and a writer looks there before it writes. Two writers that
see a call for the first time at the same moment, with another end, file it in two places.
"""

from gateway.warehouse.engine import Engine, Limits, Statement

_TWICE = """
SELECT gateway_account, sid, toUnixTimestamp64Milli(argMax(gateway_filed, gateway_rank)) FROM calls
GROUP BY gateway_account, sid HAVING uniqExact(gateway_filed) > 1
"""
_DELETE = """
ALTER TABLE calls DELETE WHERE gateway_account = {account:String} AND sid = {sid:String}
    AND toUnixTimestamp64Milli(gateway_filed) != {filed:Int64} SETTINGS mutations_sync = 1
"""
_UNHURRIED = Limits(seconds=300, memory=2**30)


async def repair(engine: Engine) -> int:
    """Leave each call where its newest version is; gives how many were in several places."""
    twice = (await engine.query(Statement(_TWICE), _UNHURRIED)).rows
    for account, sid, filed in twice:
        values = {"account": account, "sid": sid, "filed": filed}
        await engine.command(Statement(_DELETE, values))
    return len(twice)
