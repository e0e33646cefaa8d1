"""Rewrites rows that have fewer columns, or were encrypted under an older key.

It goes on in the background, from the summaries in the rows themselves. Until it is done, values
under older keys are told by their newest texts, so that groups and counts are what they should be.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.concurrency.cooperative import in_turns
from gateway.warehouse.block import Block
from gateway.warehouse.engine import Engine, Statement
from gateway.warehouse.fields import Field
from gateway.warehouse.full_scan import pages
from gateway.warehouse.parameters import Aliases
from gateway.warehouse.rows import Filing, Rows

BATCH = 2000
"""Rows that are written at once."""

_COLUMNS = (
    "gateway_account, sid, gateway_summary, "
    "toUnixTimestamp64Milli(gateway_filed), toUnixTimestamp64Milli(gateway_completed)"
)
_ACCOUNTS = "SELECT DISTINCT gateway_account FROM calls"
_OTHER_FORM = "gateway_account = {account:String} AND gateway_form != {form:UInt64}"


class Renewal:
    """Renews rows; `stale` are the accounts that have rows of another form."""

    def __init__(self, engine: Engine, rows: Rows) -> None:
        self.stale: set[str] = set()
        self.left_over = 0
        self._engine = engine
        self._rows = rows

    async def look(self) -> None:
        """Find out which accounts have rows of another form; accounts without a key are left."""
        answer = await self._engine.query(Statement(_ACCOUNTS))
        for (account,) in answer.rows:
            if not self._rows.knows(account):
                continue
            values = {"account": account, "form": self._rows.form(account)}
            sql = f"SELECT count() FROM calls FINAL WHERE {_OTHER_FORM}"
            ((count,),) = (await self._engine.query(Statement(sql, values))).rows
            (self.stale.add if count else self.stale.discard)(account)

    async def run(self) -> None:
        """Make all rows of another form anew; those that no key opens stay as they are."""
        await self.look()
        self.left_over = 0
        for account in sorted(self.stale):
            await self._renew(account)
        await self.look()

    async def aliases(self, account: str, fields: Iterable[Field]) -> Mapping[str, Aliases]:
        """For some fields, the texts of personal values under older keys, and those of today."""
        if account not in self.stale:
            return {}
        personal = [field for field in fields if field.is_personal]
        return {field.column: await self._aliases(account, field) for field in personal}

    async def _aliases(self, account: str, field: Field) -> Aliases:
        values = {"account": account, "form": self._rows.form(account)}
        sql = f"SELECT DISTINCT {field.column} FROM calls FINAL WHERE {_OTHER_FORM}"
        found: dict[str, str] = {}
        for (text,) in (await self._engine.query(Statement(sql, values))).rows:
            value = text and self._rows.personal.decrypt(account, field.column, text)
            if value:
                newest = self._rows.personal.encrypt(account, field.column, value)
                found |= {text: newest} if newest != text else {}
        return found

    async def _renew(self, account: str) -> None:
        values = {"account": account, "form": self._rows.form(account)}
        async for page in pages(self._engine, _COLUMNS, _OTHER_FORM, **values):
            for start in range(0, len(page), BATCH):
                rows = [
                    row
                    async for old in in_turns(page[start : start + BATCH])
                    if (row := self._anew(*old)) is not None
                ]
                self.left_over += len(page[start : start + BATCH]) - len(rows)
                if rows:
                    await self._engine.insert(Block(rows))

    def _anew(
        self, account: str, sid: str, sealed: bytes, filed: int, completed: int
    ) -> list[Any] | None:
        snapshot = self._rows.snapshot(account, sid, sealed)
        if snapshot is None:
            return None
        filing = Filing(filed / 1000, completed / 1000 if completed else None)
        return self._rows.row(account, snapshot, filing)
