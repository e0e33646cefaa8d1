"""The benchmark: `python -m tests.benchmarks`. `docs/performance.md` tells what it measures.

It ends with 1 when an answer of the gateway was not that of the plain baseline, byte by byte.
"""

import argparse
import sys

from tests.benchmarks.report import print_report
from tests.benchmarks.rounds import QUICK, Plan, measure
from tests.benchmarks.servers import pin


def main() -> int:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute, to see that it works")
    parser.add_argument(
        "--with-yoga", action="store_true", help="a gateway on graphql-yoga beside it, when cold"
    )
    parser.add_argument(
        "--all-edges", action="store_true", help="calls of four edges, twice as long as most are"
    )
    parser.add_argument("--rounds", type=int, help="how often each server has its turn")
    parser.add_argument("--seconds", type=float, help="how long a turn is")
    parser.add_argument(
        "--only",
        action="append",
        metavar="WORDS",
        help="the cells in whose name these words are, such as 'W3 warm' or 'cold 16'",
    )
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else Plan()
    plan = plan._replace(with_yoga=chosen.with_yoga, all_edges=chosen.all_edges)
    changes = {"rounds": chosen.rounds, "seconds": chosen.seconds, "only": chosen.only}
    plan = plan._replace(**{name: value for name, value in changes.items() if value is not None})
    pin(1)
    results = measure(plan)
    print_report(results)
    return 1 if results.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
