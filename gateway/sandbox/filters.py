"""Declares the filters of the list: how each value is parsed and compared.

A missing boolean counts as false: `VerifiedCaller=false` finds calls that nobody vouched for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import contains, eq, ge, le
from typing import Any

from gateway.sandbox.annotations import ANSWERED_BY, CONNECTIVITY, QUALITY, SCORES
from gateway.sandbox.calls import Json

Fact = Callable[[Json], Any]
Read = Callable[[str, float], Any]
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}

CALL_TYPES = ("carrier", "sip", "trunking", "client", "whatsapp")
CALL_STATES = (
    "ringing",
    "completed",
    "busy",
    "fail",
    "noanswer",
    "canceled",
    "answered",
    "undialed",
)
DIRECTIONS = (
    "outbound_api",
    "outbound_dial",
    "inbound",
    "trunking_originating",
    "trunking_terminating",
)
AMD_RESULTS = (
    "unknown",
    "machine_start",
    "machine_end_beep",
    "machine_end_silence",
    "machine_end_other",
    "human",
    "fax",
)
STATES_ASKED = ("completed", "started", "partial", "all")
OK = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """One row: `read` takes the raw value and the time, and raises ValueError saying why not.

    `fact` is what a summary has to say in the matter, `agrees(fact, wanted)` the decision.
    """

    name: str
    read: Read
    fact: Fact
    agrees: Callable[[Any, Any], bool] = eq
    default: str | None = None


def find(summary: Json | None, *path: str) -> Any:
    """What is at the end of the path; None when any part of it is missing."""
    value: Any = summary
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def at(*path: str) -> Fact:
    """The fact at the end of a path."""
    return lambda summary: find(summary, *path)


def truth(*path: str) -> Fact:
    """The same for a boolean: missing is false."""
    return lambda summary: bool(find(summary, *path))


def text(name: str, *path: str) -> Filter:
    """Any words, compared as a whole."""
    return Filter(name, lambda raw, _: raw, at(*path))


def boolean(name: str, fact: Fact) -> Filter:
    """`true` or `false`."""
    return Filter(name, lambda raw, _: _word(raw, ("true", "false")) == "true", fact)


def choice(name: str, values: tuple[str, ...], *path: str) -> Filter:
    """One of the values, and only one; letter case does not count in what Twilio stored."""
    return Filter(name, lambda raw, _: _word(raw, values), lambda s: _lower(find(s, *path)))


def choices(name: str, values: tuple[str, ...], fact: Fact) -> Filter:
    """Several of the values, separated by commas; `fact` gives the words that may agree."""

    def read(raw: str, _: float) -> frozenset[str]:
        return frozenset(_word(word, values) for word in raw.split(","))

    return Filter(name, read, fact, lambda values, wanted: any(word in wanted for word in values))


def moment(raw: str, now: float) -> float:
    """Epoch seconds of an ISO time, or of `30m`, `4h`, `7d`, `1w` before `now`."""
    if relative := re.fullmatch(r"(\d{1,6})([mhdw])", raw):
        return now - int(relative[1]) * UNITS[relative[2]]
    at_ = instant(raw)
    if at_ is None:
        raise ValueError("neither a length of time such as 30m, 4h, 7d, 1w nor an ISO 8601 time")
    return at_


def instant(raw: object) -> float | None:
    """Epoch seconds of an ISO time, UTC unless it says otherwise; None if it is not one."""
    try:
        when = datetime.fromisoformat(str(raw))
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _word(raw: str, values: tuple[str, ...]) -> str:
    if raw not in values:
        raise ValueError(f"{raw!r} is not one of {', '.join(values)}")
    return raw


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()


def _names(party: str, role: str) -> Fact:
    """How a party may be asked for: an app's user also without `client:`."""

    def fact(summary: Json) -> tuple[str, ...]:
        name = str(find(summary, party, role) or "")
        return (name, name.removeprefix("client:"))

    return fact


def _words(*path: str) -> Fact:
    """One word or many, as a tuple; older summaries write directions with hyphens."""

    def fact(summary: Json) -> tuple[str, ...]:
        value = find(summary, *path)
        if value is None:
            return ()
        many = value if isinstance(value, list) else [value]
        return tuple(str(word).replace("-", "_") for word in many)

    return fact


def _branded(summary: Json) -> bool:
    """Either generation of trust says so."""
    trust = find(summary, "trust")
    return bool(find(trust, "branded", "enabled") or find(trust, "branded_call", "branded"))


def _abnormal(summary: Json) -> bool:
    """The last SIP response was there and was not 200."""
    last = find(summary, "properties", "last_sip_response_num")
    return bool(last) and last != OK


def _states(summary: Json) -> tuple[str, ...]:
    """The words of ProcessingState that find this summary."""
    if summary.get("processing_state") != "partial":
        return ("all", "completed")
    begun = summary.get("end_time") is None or summary.get("processing_version") == 1
    return ("all", "partial", "started") if begun else ("all", "partial")


def _passes(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    """A time that is not there yet is no reason to leave the call out."""
    return lambda fact, bound: fact is None or compare(fact, bound)


FILTERS = (
    Filter("From", lambda raw, _: raw, _names("from", "caller"), contains),
    Filter("To", lambda raw, _: raw, _names("to", "callee"), contains),
    text("FromCarrier", "from", "carrier"),
    text("ToCarrier", "to", "carrier"),
    text("FromCountryCode", "from", "country_code"),
    text("ToCountryCode", "to", "country_code"),
    boolean("VerifiedCaller", truth("trust", "verified_caller", "verified")),
    boolean("HasTag", truth("tags")),
    Filter("StartTime", moment, lambda s: instant(s.get("start_time")), _passes(ge), "4h"),
    Filter("EndTime", moment, lambda s: instant(s.get("end_time")), _passes(le), "0m"),
    choices("CallType", CALL_TYPES, _words("call_type")),
    choice("CallState", CALL_STATES, "call_state"),
    choices("Direction", DIRECTIONS, _words("properties", "direction")),
    Filter(
        "ProcessingState",
        lambda raw, _: _word(raw, STATES_ASKED),
        _states,
        contains,
        "completed",
    ),
    boolean("AbnormalSession", _abnormal),
    choice("AnsweredBy", AMD_RESULTS, "answered_by"),
    choice("AnsweredByAnnotation", ANSWERED_BY, "annotation", "answered_by"),
    choices(
        "ConnectivityIssueAnnotation", CONNECTIVITY, _words("annotation", "connectivity_issue")
    ),
    choices("QualityIssueAnnotation", QUALITY, _words("annotation", "quality_issues")),
    boolean("SpamAnnotation", truth("annotation", "spam")),
    choices("CallScoreAnnotation", SCORES, _words("annotation", "call_score")),
    boolean("BrandedEnabled", _branded),
    boolean("VoiceIntegrityEnabled", truth("trust", "voice_integrity", "enabled")),
    text("BrandedBundleSid", "trust", "branded", "bundle_sid"),
    boolean("BrandedLogo", truth("trust", "branded", "logo")),
    text("BrandedType", "trust", "branded", "type"),
    text("BrandedUseCase", "trust", "branded", "use_case"),
    text("BrandedCallReason", "trust", "branded", "call_reason"),
    text("VoiceIntegrityBundleSid", "trust", "voice_integrity", "bundle_sid"),
    text("VoiceIntegrityUseCase", "trust", "voice_integrity", "use_case"),
    choice(
        "BusinessProfileIdentity",
        ("direct_customer", "isv_reseller_or_partner"),
        "trust",
        "business_profile",
        "identity",
    ),
    Filter(
        "BusinessProfileIndustry",
        lambda raw, _: raw.lower(),
        lambda s: _lower(find(s, "trust", "business_profile", "industry")),
    ),
    text("BusinessProfileBundleSid", "trust", "business_profile", "bundle_sid"),
    text("BusinessProfileType", "trust", "business_profile", "type"),
)
ROWS: Mapping[str, Filter] = {row.name: row for row in FILTERS}


def facts(summary: Json) -> Mapping[str, Any]:
    """What every filter wants to know about a summary, by the filter's name."""
    return {row.name: row.fact(summary) for row in FILTERS}
