from gateway.insights.diagnosis.findings import SuspectKind
from gateway.insights.diagnosis.rule_names import FindingRule
from tests.insights.diagnosis.cases import CASES


def test_the_cases_speak_of_rules_and_suspects_that_there_are() -> None:
    """A misspelled expectation could never be met."""
    rules = {finding.split()[0] for case in CASES for finding in case.findings}
    suspects = {suspect for case in CASES for suspect in case.suspects}

    assert rules <= FindingRule.__members__.keys()
    assert suspects == SuspectKind.__members__.keys()


def test_there_are_enough_cases_to_mean_something() -> None:
    """Some sixty, each of its own, and each rule in one of them."""
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    rules = {finding.split()[0] for case in CASES for finding in case.findings}
    assert rules == FindingRule.__members__.keys()
