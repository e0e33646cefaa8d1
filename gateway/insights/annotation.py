"""Models the annotation of a call: the one writable part of a summary."""

from gateway.insights.catalogue import UNRECOGNIZED, Entity, Numbered, Pii, Text, Vocabulary, fact

_ANNOTATED = "annotated calls"


class AnnotationAnsweredBy(Vocabulary):
    """The party that really answered, to correct answering machine detection."""

    HUMAN = "human", "A person answered."
    MACHINE = "machine", "A machine answered."
    UNRECOGNIZED = UNRECOGNIZED


class ConnectivityIssue(Vocabulary):
    """Problems of reaching the other party."""

    NO_CONNECTIVITY_ISSUE = "no_connectivity_issue", "Nothing went wrong."
    INVALID_NUMBER = "invalid_number", "The number does not exist."
    CALLER_ID = "caller_id", "The caller ID was wrong or missing."
    DROPPED_CALL = "dropped_call", "The call broke off."
    NUMBER_REACHABILITY = "number_reachability", "The number could not be reached."
    UNRECOGNIZED = UNRECOGNIZED


class QualityIssue(Vocabulary):
    """Problems that people heard."""

    NO_QUALITY_ISSUE = "no_quality_issue", "The call sounded fine."
    LOW_VOLUME = "low_volume", "Too quiet."
    CHOPPY_ROBOTIC = "choppy_robotic", "Gaps, or a robotic voice."
    ECHO = "echo", "One's own voice came back."
    DTMF = "dtmf", "Key presses were not understood."
    LATENCY = "latency", "The other end answered late."
    OWA = "owa", "One-way audio: one party could not hear the other."
    STATIC_NOISE = "static_noise", "Noise on the line."
    UNRECOGNIZED = UNRECOGNIZED


OF_ITS_RESOURCE = frozenset({"account_sid", "call_sid", "url"})
"""What its own resource has beside the annotation: whose it is."""


class Annotation(Entity, frozen=True):
    """Labels that people put on a call. It can change as long as the summary exists (30 days)."""

    beside = OF_ITS_RESOURCE

    answered_by: AnnotationAnsweredBy | None = fact(
        "The party that really answered.", on=_ANNOTATED
    )
    connectivity_issue: ConnectivityIssue | None = fact(
        "Problems of the connection.", on=_ANNOTATED
    )
    quality_issues: tuple[QualityIssue, ...] | None = fact("Problems of the sound.", on=_ANNOTATED)
    spam: bool | None = fact("Whether it was a spam call.", on=_ANNOTATED)
    call_score: Numbered | None = fact(
        "How good the call was.", "1 (bad) to 5 (excellent)", on=_ANNOTATED
    )
    comment: Text | None = fact(
        "A remark of up to 100 characters.", on=_ANNOTATED, pii=Pii.FREE_TEXT
    )
    incident: Text | None = fact(
        "An incident or support ticket, up to 100 characters.", on=_ANNOTATED, pii=Pii.FREE_TEXT
    )
