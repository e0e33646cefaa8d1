"""Deletes calls: their rows are removed from the files at once, not only hidden."""

from collections.abc import Callable, Sequence

from gateway.concurrency.cooperative import in_turns
from gateway.warehouse.engine import Engine, Statement
from gateway.warehouse.full_scan import pages
from gateway.warehouse.rows import Rows

_OF = "gateway_account = {account:String} AND sid IN {sids:Array(String)}"
_DELETE = f"ALTER TABLE calls DELETE WHERE {_OF} SETTINGS mutations_sync = 2"
_COUNT = f"SELECT uniqExact(sid) FROM calls WHERE {_OF}"
_COLUMNS, _MINE = "sid, gateway_summary", "gateway_account = {account:String}"


class Forgetting:
    """Finds and forgets; `forgotten` is how many calls were."""

    def __init__(self, engine: Engine, rows: Rows) -> None:
        self.forgotten = 0
        self._engine = engine
        self._rows = rows

    async def forget(self, account: str, sids: Sequence[str]) -> int:
        """Take calls of an account out; gives how many there were."""
        values = {"account": account, "sids": list(sids)}
        ((there,),) = (await self._engine.query(Statement(_COUNT, values))).rows
        if there:
            await self._engine.command(Statement(_DELETE, values))
        self.forgotten += int(there)
        return int(there)

    async def calls_that(
        self, account: str, say: Callable[[bytes], bool]
    ) -> tuple[list[str], list[str]]:
        """The SIDs of an account's calls whose JSON has something in it, and of unreadable ones.

        Every stored summary is opened: Twilio may have written it anywhere.
        """
        found: list[str] = []
        sealed: list[str] = []
        async for page in pages(self._engine, _COLUMNS, _MINE, account=account):
            async for sid, summary in in_turns(page):
                raw = self._rows.raw(account, sid, summary)
                if raw is None or say(raw):
                    (sealed if raw is None else found).append(sid)
        return found, sealed
