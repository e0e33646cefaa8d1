"""Defines a rule of the diagnosis."""

from typing import Literal, NamedTuple

from gateway.insights.diagnosis.findings import FindingBasis, Severity, Url

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
TAG, THRESHOLD = FindingBasis.TAG, FindingBasis.THRESHOLD
COMPARISON, STATE = FindingBasis.COMPARISON, FindingBasis.STATE


class Rule(NamedTuple):
    """One row of the table. `basis` is what its findings rest on, unless on a tag alone.

    `message` is a clause, so that it can stand in the headline too. In braces stands what differs
    from call to call: `value`, `stream` (which one), `heard` and `silence` (by whom), `edge`,
    `detail`. `side` says on which side of the threshold a value stands out.
    """

    severity: Severity
    basis: FindingBasis
    source: Url
    message: str
    advice: str
    side: Literal["above", "below", ""] = ""
    threshold: float | None = None
    unit: str | None = None
