"""What a diagnosis names, as the graph names it."""

from gateway.insights.diagnosis.findings import Diagnosis


def rules_of(diagnosis: Diagnosis) -> list[str]:
    """The rules that found something, each once, by the names that they have in the graph."""
    return list(dict.fromkeys(one.rule.name for one in diagnosis.findings))


def suspects_by_name(diagnosis: Diagnosis) -> list[str]:
    """The suspects, the likeliest first, by the names that they have in the graph."""
    return [one.where.name for one in diagnosis.suspects]
