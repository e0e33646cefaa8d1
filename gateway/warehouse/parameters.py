"""Collects the parameters of a statement, each as a typed placeholder in the SQL.

The engine reads a value as what the placeholder says, so nothing in it can be taken for SQL.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from struct import pack, unpack
from typing import Any, TypeAlias

from gateway.insights.leaves import Kind
from gateway.warehouse.encryption import Personal
from gateway.warehouse.fields import Field

_TYPES = {
    Kind.TEXT: "String",
    Kind.WORD: "String",
    Kind.WHOLE: "Int64",
    Kind.COUNTER: "Int64",
    Kind.FLAG: "Bool",
}
_FIRST, _LAST = datetime(1960, 1, 1, tzinfo=UTC), datetime(2110, 1, 1, tzinfo=UTC)
"""Beyond these no column has a moment: one outside compares as these do."""

Aliases: TypeAlias = Mapping[str, str]
"""Texts of personal values under older keys, and those of the same values under the newest."""

_NONE: Mapping[str, Aliases] = {}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Parameters:
    """Collects the values of one statement, which is about the calls of an account.

    `aliases` are the texts of personal values under older keys in each column.
    """

    def __init__(
        self, account: str, personal: Personal, aliases: Mapping[str, Aliases] = _NONE
    ) -> None:
        self.values: dict[str, Any] = {}
        self._account = account
        self._personal = personal
        self._aliases = aliases

    def put(self, value: object, kind: str) -> str:
        """The placeholder of a value of one of the engine's types."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"

    def number(self, value: float) -> str:
        """The placeholder of a number, by its bits: the engine reads decimals inexactly."""
        return f"reinterpretAsFloat64({self.put(_bits(value), 'UInt64')})"

    def column(self, field: Field) -> str:
        """The column of a field, in which one value has one text whichever key encrypted it."""
        aliases = self._aliases.get(field.column)
        if not aliases:
            return field.column
        texts, newer = (
            self.put(list(half), "Array(String)") for half in zip(*aliases.items(), strict=True)
        )
        return f"transform({field.column}, {texts}, {newer}, {field.column})"

    def decrypt(self, field: Field, text: str) -> str | None:
        """The personal value that stands as this text in the column of a field."""
        return self._personal.decrypt(self._account, field.column, text)

    def of(self, field: Field, value: Any) -> str:
        """The placeholder of a value as the column of a field has it."""
        if field.kind is Kind.MOMENT:
            micros = self.put(_micros(value), "Int64")
            return f"fromUnixTimestamp64Micro({micros}, 'UTC')"
        if field.kind is Kind.NUMBER:
            return self.number(value)
        return self.put(value, _TYPES[field.kind])

    def list_of(self, field: Field, values: Sequence[Any]) -> str:
        """The placeholder of several values; of personal data all texts that these may have."""
        if field.is_personal:
            texts = (self._personal.all(self._account, field.column, v) for v in values)
            return self.put([text for under_all in texts for text in under_all], "Array(String)")
        if field.kind is Kind.MOMENT:
            micros = self.put([_micros(value) for value in values], "Array(Int64)")
            return f"arrayMap(m -> fromUnixTimestamp64Micro(m, 'UTC'), {micros})"
        if field.kind is Kind.NUMBER:
            bits = self.put([_bits(value) for value in values], "Array(UInt64)")
            return f"arrayMap(b -> reinterpretAsFloat64(b), {bits})"
        return self.put(list(values), f"Array({_TYPES[field.kind]})")


def _micros(moment: datetime) -> int:
    within = min(max(moment, _FIRST), _LAST)
    delta = within - _EPOCH
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def _bits(value: float) -> int:
    (bits,) = unpack("<Q", pack("<d", value))
    return int(bits)
