"""What Twilio could write, drawn at random from the types of the catalogue."""

from datetime import UTC
from typing import Any, get_args

from hypothesis import strategies as st

from gateway.insights.catalogue import (
    AccountSid,
    CallSid,
    Counter,
    Int32,
    NonEmpty,
    Numbered,
    SipStatus,
)
from gateway.insights.conversation_relay import RelayLanguages, RelaySettings
from gateway.insights.field_decoding import NOT_THERE, bare
from gateway.insights.open_maps import PacketDelays
from gateway.insights.party import Location
from tests.insights.places import Sort, fields, sort_of

CHARACTERS = st.characters(codec="utf-8")
COUNTS = st.integers(-(2**53) + 1, 2**53 - 1)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=12).filter(
    lambda text: text not in NOT_THERE and not text.startswith("unknown")
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-999, 999)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.isoformat().replace("+00:00", "Z")
)
SIDS = st.from_regex(r"\A[AC][CA][0-9a-f]{32}\Z")
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    NonEmpty[CallSid]: SIDS,
    NonEmpty[AccountSid]: SIDS,
    SipStatus: st.integers(1, 999),
    Numbered: st.integers(1, 2**31 - 1),
    Int32: st.integers(-(2**31), 2**31 - 1),
    Counter: COUNTS,
    Sort.TEXT: TEXTS,
    Sort.NUMBER: NUMBERS,
    Sort.FLAG: st.booleans(),
    Sort.MOMENT: MOMENTS,
}
DELAYS = st.dictionaries(st.integers(0, 9_999_999).map("d{}".format), COUNTS, min_size=1)
NAMED_COUNTS = st.dictionaries(st.text(CHARACTERS, max_size=8), COUNTS, min_size=1, max_size=4)

SETTINGS = st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3)
MAPS: dict[Any, st.SearchStrategy[Any]] = {
    PacketDelays: DELAYS,
    RelaySettings: SETTINGS,
    RelayLanguages: st.dictionaries(TEXTS, st.fixed_dictionaries({"voice": TEXTS}), min_size=1),
}

NOTHING: st.SearchStrategy[Any] = st.sampled_from([None, {}, *sorted(NOT_THERE)])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def clean(kind: Any) -> st.SearchStrategy[Any]:
    """What stands where `kind` does when it is written as it should be."""
    match sort_of(kind):
        case Sort.OBJECT if kind is Location:
            return objects(kind, clean).filter(lambda one: one.get("lat") or one.get("lon"))
        case Sort.OBJECT:
            return objects(kind, clean)
        case Sort.LIST:
            return st.lists(clean(bare(get_args(kind)[0])), max_size=3)
        case Sort.MAP:
            return MAPS.get(kind, NAMED_COUNTS)
        case Sort.WORD:
            words = [word.value for word in kind if word.name not in {"UNRECOGNIZED", "UNKNOWN"}]
            return st.sampled_from(words)
        case sort:
            return PLAIN[kind] if kind in PLAIN else PLAIN[sort]


def untidy(kind: Any) -> st.SearchStrategy[Any]:
    """The same, with every spelling of "not there" and with fields that nobody has heard of."""
    if sort_of(kind) is Sort.OBJECT:
        return objects(kind, untidy) | NOTHING
    if sort_of(kind) is Sort.LIST:
        return st.lists(untidy(bare(get_args(kind)[0])), max_size=2) | NOTHING
    return clean(kind) | NOTHING


def objects(kind: Any, inner: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of their fields; clean ones are never empty, for that is not there."""
    optional = {name: inner(field) for name, field in fields(kind)}
    always = {"call_sid": SIDS} if optional.pop("call_sid", None) is not None else {}
    if inner is untidy:
        return st.fixed_dictionaries(always, optional={**optional, "mood": JSON})
    return st.fixed_dictionaries(always, optional=optional).filter(bool)
