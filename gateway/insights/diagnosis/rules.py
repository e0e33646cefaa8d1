"""Combines the rules of the diagnosis in one table."""

from gateway.insights.diagnosis.call_rules import CALL_RULES
from gateway.insights.diagnosis.media_rules import MEDIA_RULES
from gateway.insights.diagnosis.rule import Rule
from gateway.insights.diagnosis.rule_names import FindingRule

RULES: dict[FindingRule, Rule] = {rule: (MEDIA_RULES | CALL_RULES)[rule] for rule in FindingRule}
"""In the order of their importance within one severity."""


def threshold(rule: FindingRule) -> float:
    """The threshold of a rule that has one."""
    found = RULES[rule].threshold
    if found is None:
        raise ValueError(rule)
    return found
