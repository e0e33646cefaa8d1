import pytest

from tests.benchmarks.report import cpu_ratio
from tests.benchmarks.rounds import QUICK, measure

pytestmark = pytest.mark.processes


def test_the_benchmark_runs_and_the_gateway_answers_as_the_plain_baseline_does() -> None:
    """All that the gateway does for speed leaves every byte of every answer as it was.

    The bound is wide, and on time of the processor: it tells a gateway that lost its speed.
    """
    results = measure(QUICK)
    assert results.wrong == []
    assert len(results.cells) == 8
    for cell, found in results.cells.items():
        assert all(one.run.answers >= 4 for runs in found.values() for one in runs), cell
        ratio = cpu_ratio(found, "baseline")
        assert ratio is not None
        assert ratio < 4, cell
