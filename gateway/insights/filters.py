"""Declares the filters of the list of summaries: a row for each of Twilio's parameters.

A row knows the exact name of the parameter, what it takes and how that is spelled. The arguments
of the graph, the checks before anything is sent and the reference are derived from the table.
Sources: Twilio's OpenAPI document of 2026-04; its examples for which parameters take several.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from gateway.errors import BadUserInput
from gateway.insights.annotation import AnnotationAnsweredBy, ConnectivityIssue, QualityIssue
from gateway.insights.catalogue import Pii, Vocabulary, graph_name
from gateway.insights.summary import AnsweredBy, CallDirection, CallState, CallType
from gateway.insights.trust import BrandedType, BusinessIdentity, BusinessProfileType
from gateway.insights.trust_words import BusinessIndustry, VoiceIntegrityUseCase


class ProcessingStateFilter(Vocabulary):
    """Which summaries to list, by how far they are."""

    COMPLETED = "completed", "Final ones: state `COMPLETE`. The default."
    PARTIAL = "partial", "Those that still change: state `PARTIAL`."
    STARTED = "started", "Those of calls that have begun."
    ALL = "all", "All of them."


class CallSort(Vocabulary):
    """By what a list is sorted, newest first."""

    START_TIME = "start_time", "When calls started."
    END_TIME = "end_time", "When calls ended."


class Pattern(Struct, frozen=True):
    """What a text argument must look like, for the machine and in words."""

    regex: str
    accepted: str


_TEXT = Pattern(
    r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}",
    "1 to 256 characters, none of them a control character",
)
_PARTY = Pattern(
    r"\+[0-9]{3,15}|(client|sip|sips|whatsapp):[^\x00-\x20\x7f-\x9f\ud800-\udfff,]{1,250}",
    "an E.164 number such as `+14155550100`, `client:NAME` or `sip:USER@HOST`",
)
_COUNTRY = Pattern(r"[A-Z]{2}", "a country code of two capital letters, such as `US`")
_BUNDLE = Pattern(r"BU[0-9a-fA-F]{32}", "a bundle SID: `BU` and 32 hexadecimal digits")
_ACCOUNT = Pattern(r"AC[0-9a-fA-F]{32}", "an account SID: `AC` and 32 hexadecimal digits")
_SCORE = Pattern(r"[1-5]", "whole numbers from 1 (bad) to 5 (excellent)")


class Filter(Struct, frozen=True):
    """One row: a parameter of the upstream as an argument of the graph.

    `kind` is the type of one value: a Vocabulary, `bool`, `int`, or `str` with a `pattern`.
    `refused` are words of the vocabulary that occur in answers but not in questions.
    """

    parameter: str
    kind: type
    meaning: str
    pattern: Pattern = _TEXT
    many: bool = False
    refused: tuple[str, ...] = ()
    pii: Pii = Pii.NONE

    @property
    def upstream_name(self) -> str:
        """The parameter as the naming rule sees it; `Call` of the resource itself is dropped."""
        return _upstream_name(self.parameter)

    @property
    def name(self) -> str:
        """The argument in the graph."""
        return graph_name(self.upstream_name)

    @property
    def accepted(self) -> str:
        """What one value may be, in words."""
        if issubclass(self.kind, Vocabulary):
            names = (n for n in self.kind.__members__ if n not in {"UNRECOGNIZED", *self.refused})
            return ", ".join(names)
        return "true or false" if self.kind is bool else self.pattern.accepted

    def spell(self, value: object) -> str:
        """Write the value of the argument as the upstream wants it; raises BadUserInput."""
        if not self.many:
            return self._spell_one(value)
        values = value if isinstance(value, list | tuple) else [value]
        if not values:
            raise BadUserInput(
                f"filter.{self.name}", "is an empty list", f"one or more of {self.accepted}"
            )
        return ",".join(sorted({self._spell_one(item) for item in values}))

    def _spell_one(self, value: object) -> str:
        word, good = str(value), isinstance(value, self.kind)
        if isinstance(value, Vocabulary):
            good = good and value.name not in {"UNRECOGNIZED", *self.refused}
        elif isinstance(value, bool):
            word, good = word.lower(), self.kind is bool
        else:
            good = good and re.fullmatch(self.pattern.regex, word) is not None
        if not good:
            shown = "has a value that" if self.pii is not Pii.NONE else f"is {word[:64]!r}, which"
            raise BadUserInput(f"filter.{self.name}", f"{shown} cannot be asked for", self.accepted)
        return word


@cache
def _upstream_name(parameter: str) -> str:
    if parameter in {"CallType", "CallState"}:
        return parameter.removeprefix("Call").lower()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).lower()


FILTERS: tuple[Filter, ...] = (
    Filter("From", str, "Calls from this party.", _PARTY, pii=Pii.IDENTITY),
    Filter("To", str, "Calls to this party.", _PARTY, pii=Pii.IDENTITY),
    Filter("FromCarrier", str, "Calls that came from this carrier."),
    Filter("ToCarrier", str, "Calls that went to this carrier."),
    Filter("FromCountryCode", str, "Calls from this country, by number.", _COUNTRY),
    Filter("ToCountryCode", str, "Calls to this country, by number.", _COUNTRY),
    Filter("CallType", CallType, "Calls over one of these.", many=True),
    Filter("CallState", CallState, "Calls that went this way."),
    Filter("Direction", CallDirection, "Calls placed in one of these ways.", many=True),
    Filter("ProcessingState", ProcessingStateFilter, "Which summaries; complete ones if not said."),
    Filter("AnsweredBy", AnsweredBy, "Calls that, by AMD, were answered by this."),
    Filter(
        "HasTag",
        bool,
        "Calls with at least one tag, or with none. Twilio cannot filter by a certain tag.",
    ),
    Filter("AbnormalSession", bool, "Calls whose last SIP response was not 200 OK, or was."),
    Filter("VerifiedCaller", bool, "Calls whose caller ID was verified by SHAKEN/STIR, or not."),
    Filter(
        "Subaccount", str, "Calls of this subaccount; of the account itself if not said.", _ACCOUNT
    ),
    Filter("AnsweredByAnnotation", AnnotationAnsweredBy, "Calls annotated as answered by this."),
    Filter(
        "ConnectivityIssueAnnotation",
        ConnectivityIssue,
        "Calls annotated with one of these.",
        many=True,
    ),
    Filter("QualityIssueAnnotation", QualityIssue, "Calls annotated with one of these.", many=True),
    Filter("SpamAnnotation", bool, "Calls annotated as spam, or as not spam."),
    Filter(
        "CallScoreAnnotation", int, "Calls annotated with one of these scores.", _SCORE, many=True
    ),
    Filter("BrandedEnabled", bool, "Calls that were branded, or were not."),
    Filter("BrandedBundleSid", str, "Calls with this branding.", _BUNDLE),
    Filter("BrandedLogo", bool, "Branded calls that showed a logo, or did not."),
    Filter("BrandedType", BrandedType, "Calls branded in this way."),
    Filter("BrandedUseCase", str, "Calls branded with this use case."),
    Filter("BrandedCallReason", str, "Calls branded with this reason."),
    Filter("VoiceIntegrityEnabled", bool, "Calls from numbers with Voice Integrity, or without."),
    Filter("VoiceIntegrityBundleSid", str, "Calls with this Voice Integrity profile.", _BUNDLE),
    Filter(
        "VoiceIntegrityUseCase", VoiceIntegrityUseCase, "Calls with this Voice Integrity use case."
    ),
    Filter("BusinessProfileBundleSid", str, "Calls with this business profile.", _BUNDLE),
    Filter("BusinessProfileIdentity", BusinessIdentity, "Calls of businesses registered so."),
    Filter("BusinessProfileIndustry", BusinessIndustry, "Calls of businesses of this industry."),
    Filter(
        "BusinessProfileType",
        BusinessProfileType,
        "Calls with this type of profile.",
        refused=("CORPORATE",),
    ),
)
"""All of them but the window (`StartTime`, `EndTime`: see `windows`) and the order (`SortBy`)."""

_BY_NAME = {row.name: row for row in FILTERS}


def to_parameters(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Spell arguments of the graph as parameters of the upstream; None is as if not said.

    Raises BadUserInput for the first value that the upstream would not take.
    """
    rows = ((_BY_NAME[name], value) for name, value in arguments.items() if value is not None)
    return dict(sorted((row.parameter, row.spell(value)) for row, value in rows))
