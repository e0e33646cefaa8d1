"""Restricts SQL to the accounts and subaccounts that a viewer may see.

They come from the realm of the viewer alone. Every question is asked of what `visible_calls` gives.
"""

from collections.abc import Sequence

from gateway.config.viewers import Realm
from gateway.warehouse.parameters import Parameters

_NEWEST = "calls FINAL"

_OF_SIDS = """(
    SELECT sid, account_sid, gateway_account, gateway_filed, gateway_summary FROM calls
    WHERE gateway_account = {account} AND sid IN {sids}
    ORDER BY gateway_rank DESC LIMIT 1 BY sid
)"""
"""The newest versions of a few calls: found by an index, which `FINAL` makes no use of."""


def visible_calls(
    realm: Realm, since: float, parameters: Parameters, sids: Sequence[str] | None = None
) -> str:
    """`FROM … WHERE …` over the newest versions of the calls of a realm, filed since a moment.

    With `sids`, it is over these alone.
    """
    account = parameters.put(realm.account.sid, "String")
    milliseconds = parameters.put(int(since * 1000), "Int64")
    conditions = [
        f"gateway_account = {account}",
        f"gateway_filed >= fromUnixTimestamp64Milli({milliseconds}, 'UTC')",
    ]
    if realm.subaccounts is not None:
        seen = [realm.account.sid, *sorted(realm.subaccounts)]
        conditions.append(f"account_sid IN {parameters.put(seen, 'Array(String)')}")
    calls = _NEWEST
    if sids is not None:
        calls = _OF_SIDS.format(account=account, sids=parameters.put(list(sids), "Array(String)"))
    return f"FROM {calls} WHERE {' AND '.join(conditions)}"
