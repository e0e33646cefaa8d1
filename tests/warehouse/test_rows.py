import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from gateway.insights.leaves import ENDS, Leaf, Map, constant
from gateway.insights.rank import RANK_LENGTH, head_of
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.insights.summary import Summary
from gateway.warehouse import rows as making
from gateway.warehouse.column_values import flat
from gateway.warehouse.columns import COLUMNS, EARLIEST, LATEST
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.encryption import Personal, spelled
from gateway.warehouse.engine import Statement
from gateway.warehouse.fields import EDGE_FIELDS, FIELDS
from gateway.warehouse.rows import Rows, first_filing, rank_of
from gateway.warehouse.seal import Seal
from tests.conftest import NOON
from tests.insights.strategies import untidy
from tests.warehouse.conftest import ACCOUNT, HASH_KEY, KEY, WORLD, Store
from tests.warehouse.oracle import plain

OTHER_KEY = b"o" * 32
SUMMARIES = untidy(Summary).filter(lambda raw: isinstance(raw, dict) and "call_sid" in raw)


def at(summary: Any, attributes: tuple[str, ...]) -> Any:
    value = summary
    for attribute in attributes:
        value = None if value is None else getattr(value, attribute)
    return value


def told(leaf: Leaf, value: Any) -> Any:
    """A value as its column has it."""
    if leaf.many:
        return [plain(one) for one in value or ()]
    if value is not None and leaf.is_personal:
        return f"{constant(leaf.names).lower()}: {value}"
    if isinstance(value, datetime) and not EARLIEST <= value < LATEST:
        return None
    return plain(value)


def test_every_leaf_of_the_catalogue_has_a_column_by_its_own_name() -> None:
    """Nothing is declared twice, and nothing is lost (the issue)."""
    names = [column.name for column in COLUMNS]
    leaves = {constant(end.names).lower() for end in ENDS if isinstance(end, Leaf | Map)}

    assert len(names) == len(set(names))
    assert leaves | {field.column for field in FIELDS.values()} <= set(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_what_edges_share_is_a_field_of_each_edge() -> None:
    """`edges` of a condition means some edge, whichever it is."""
    assert ("metrics", "inbound", "jitter", "max") in EDGE_FIELDS
    for field in EDGE_FIELDS.values():
        assert field.at("carrier_edge").kind is field.kind
        assert field.at("sdk_edge").kind is field.kind


@given(raw=SUMMARIES)
def test_the_flat_values_are_those_at_the_ends_of_the_paths(raw: dict[str, Any]) -> None:
    """However much of a summary is there."""
    summary = snapshot_of(json.dumps(raw).encode(), NOON).summary
    values = iter(flat(summary, lambda column, value: f"{column}: {value}"))
    for end in ENDS:
        value = at(summary, end.attributes)
        if isinstance(end, Map):
            assert next(values) == dict(map(astuple, value or ()))
        elif isinstance(end, Leaf):
            assert next(values) == told(end, value)
        else:
            for leaf in end.leaves:
                assert next(values) == [plain(at(one, leaf.attributes)) for one in value or ()]
    assert next(values, values) is values


@given(
    versions=st.lists(st.integers(0, 2**19), min_size=2, max_size=2),
    states=st.lists(st.sampled_from(["partial", "complete"]), min_size=2, max_size=2),
    moments=st.lists(st.integers(0, 2**41).map(lambda ms: ms / 1000), min_size=2, max_size=2),
    predicted=st.lists(st.booleans(), min_size=2, max_size=2),
)
def test_ranks_order_versions_as_the_cache_does(
    versions: list[int], states: list[str], moments: list[float], predicted: list[bool]
) -> None:
    """A version never goes backwards, in the warehouse as little as in the cache (the issue)."""
    sid = WORLD[0].sid
    one, other = (
        replace(
            snapshot_of(
                json.dumps(
                    {"call_sid": sid, "processing_state": state, "processing_version": version}
                ).encode(),
                moment,
            ),
            predicted=guess,
        )
        for version, state, moment, guess in zip(versions, states, moments, predicted, strict=True)
    )

    newer = head_of(one)[:RANK_LENGTH] > head_of(other)[:RANK_LENGTH]
    assert (rank_of(one) > rank_of(other)) == newer


@given(raw=SUMMARIES)
def test_a_summary_comes_out_of_its_row_as_it_went_in(raw: dict[str, Any]) -> None:
    """Its bytes, and all that is known of it."""
    snapshot = snapshot_of(json.dumps(raw).encode(), NOON)
    rows = Rows([KEY], lambda _: HASH_KEY)
    row = dict(zip((column.name for column in COLUMNS), _row(rows, snapshot), strict=True))

    assert rows.snapshot(ACCOUNT, snapshot.sid, row["gateway_summary"]) == snapshot


def _row(rows: Rows, snapshot: Snapshot) -> list[Any]:
    return rows.row(ACCOUNT, snapshot, first_filing(snapshot, NOON))


def test_the_texts_of_a_value_differ_by_account_and_column_and_open_there_alone() -> None:
    """Deterministic within an account and a field, and linked nowhere else (our choice)."""
    personal = Personal([KEY])
    text = personal.encrypt(ACCOUNT, "from_caller", "+14155550100")

    assert text == personal.encrypt(ACCOUNT, "from_caller", "+14155550100")
    assert text != personal.encrypt(ACCOUNT, "to_callee", "+14155550100")
    assert text != personal.encrypt("AC" + "2" * 32, "from_caller", "+14155550100")
    assert personal.decrypt(ACCOUNT, "from_caller", text) == "+14155550100"
    assert personal.decrypt(ACCOUNT, "to_callee", text) is None
    assert personal.decrypt(ACCOUNT, "from_caller", "no text of ours") is None


def test_all_keys_open_and_the_first_one_seals() -> None:
    """As keys are rotated: the newest is put before the older ones."""
    old, both, new = ([KEY], [OTHER_KEY, KEY], [OTHER_KEY])
    sealed = Seal(old).close(ACCOUNT, "CA1", b"a summary")
    text = Personal(old).encrypt(ACCOUNT, "from_city", "Oslo")

    assert Seal(both).open(ACCOUNT, "CA1", sealed) == b"a summary"
    assert Seal(new).open(ACCOUNT, "CA1", sealed) is None
    assert Seal(both).key_id == Seal(new).key_id != Seal(old).key_id
    assert Personal(both).decrypt(ACCOUNT, "from_city", text) == "Oslo"
    assert Personal(both).all(ACCOUNT, "from_city", "Oslo")[1] == text


@pytest.mark.parametrize(
    ("account", "sid", "change"),
    [
        ("AC" + "2" * 32, "CA1", lambda sealed: sealed),
        (ACCOUNT, "CA2", lambda sealed: sealed),
        (ACCOUNT, "CA1", lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (ACCOUNT, "CA1", lambda sealed: sealed[:5]),
    ],
)
def test_what_was_sealed_opens_for_its_own_call_alone(account: str, sid: str, change: Any) -> None:
    """A row that was altered, or copied to another call or account, does not open."""
    sealed = Seal([KEY]).close(ACCOUNT, "CA1", b"a summary")

    assert Seal([KEY]).open(account, sid, change(sealed)) is None


def test_numbers_are_spelled_alike_wherever_they_come_from() -> None:
    """A latitude of 47 and one of 47.0 are one value; and there is one zero."""
    assert spelled(47.0) == spelled(float("47"))
    assert spelled(-0.0) == spelled(0.0)


def texts_of(snapshots: list[Snapshot], *, personal: bool) -> set[str]:
    """The texts of all fields that hold personal data, or of all others."""
    leaves = [end for end in ENDS if isinstance(end, Leaf) and end.is_personal is personal]
    found = (at(one.summary, leaf.attributes) for one in snapshots for leaf in leaves)
    return {value for value in found if isinstance(value, str)}


def files_below(folder: Path) -> bytes:
    """All that is written below a folder."""
    return b"".join(file.read_bytes() for file in folder.rglob("*.bin"))


@pytest.mark.asyncio(loop_scope="session")
async def test_no_personal_value_is_anywhere_in_the_clear(engine: Embedded, store: Store) -> None:
    """Not in a column, not in the stored summary, not in any file of the folder (the issue)."""
    await store.keep(*WORLD)
    await engine.command(Statement("OPTIMIZE TABLE calls FINAL"))
    personal, open_ = texts_of(WORLD, personal=True), texts_of(WORLD, personal=False)
    values = [one for one in personal if len(one) > 6 and not any(one in other for other in open_)]
    assert len(values) > 100
    texts = [str(row) for row in await store.ask("SELECT * FROM calls")]
    assert len(texts) == len(WORLD)
    assert not [value for value in values if any(value in text for text in texts)]
    written = files_below(engine.folder)
    assert len(written) > 100_000
    assert not [value for value in values if value.encode() in written]


def test_the_dictionary_is_the_one_that_rows_were_compressed_with() -> None:
    """Changed by a byte, it would make every row of every warehouse unreadable."""
    sealed = bytes.fromhex(SEALED)

    assert Seal([KEY]).open(ACCOUNT, "CA1", sealed) == b'{"call_sid":"CA1","call_type":"carrier"}'


SEALED = (
    "1eac2db7c39496bfb2c424b258126f35890c595355a0667201de"
    "1414ee06e19c1ad9ccdbe9a2c55ebb765576f01173392dfa8b2b"
)
"""What this version of the gateway sealed."""


def test_rows_are_made_anew_when_a_rule_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A threshold that moves changes what is found: the columns of a diagnosis follow (ours)."""
    before = Rows([KEY], lambda _: HASH_KEY).form(ACCOUNT)
    name, side, threshold = next(rule for rule in making.RULED if rule[2] is not None)
    moved = (name, side, (threshold or 0.0) + 1)
    monkeypatch.setattr(making, "RULED", (moved, *making.RULED[1:]))

    assert Rows([KEY], lambda _: HASH_KEY).form(ACCOUNT) != before
