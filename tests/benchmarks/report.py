"""The report: ratios within rounds, and their medians."""

from statistics import median

from tests.benchmarks.rounds import Cell, Measured, Results, Subject

HEADINGS = (
    "workload, connections",
    "of the floor",
    "of the baseline",
    "of Yoga",
    "CPU, floor = 1",
    "CPU, baseline = 1",
    "CPU, Yoga = 1",
    "CPU per request",
    "p50",
    "p99 / p50",
    "busy",
)


def print_report(results: Results) -> None:
    """Print all that was measured as a table in Markdown, and what was wrong."""
    print("| " + " | ".join(HEADINGS) + " |")
    print("|---" * len(HEADINGS) + "|")
    for cell, found in results.cells.items():
        print("| " + " | ".join(row(cell, found)) + " |")
    for subject, size in results.resident.items():
        print(f"\nResident memory of the {subject}: {size / 2**20:.0f} MB")
    print(f"\nAnswers that were not the baseline's: {len(results.wrong)}")
    for line in results.wrong[:10]:
        print(f"  {line}")


def row(cell: Cell, found: dict[Subject, list[Measured]]) -> tuple[str, ...]:
    """A row of the table."""
    ours = found["gateway"]
    p50 = median(one.run.percentile(0.5) for one in ours)
    p99 = median(one.run.percentile(0.99) / one.run.percentile(0.5) for one in ours)
    return (
        str(cell),
        _shown(rate_ratio(found, "floor"), "{:.2f}"),
        _shown(rate_ratio(found, "baseline"), "{:.1f}"),
        _shown(rate_ratio(found, "yoga"), "{:.2f}"),
        _shown(cpu_ratio(found, "floor"), "{:.1f}"),
        _shown(cpu_ratio(found, "baseline"), "{:.3f}"),
        _shown(cpu_ratio(found, "yoga"), "{:.2f}"),
        f"{median(one.cpu for one in ours) * 1000:.3f} ms",
        f"{p50 * 1000:.2f} ms",
        f"{p99:.1f}",
        f"{median(one.busy for one in ours):.0%}",
    )


def rate_ratio(found: dict[Subject, list[Measured]], other: Subject) -> float | None:
    """How many answers the gateway gives for one of the other's; None without the other."""
    if other not in found:
        return None
    pairs = zip(found["gateway"], found[other], strict=True)
    return median(ours.run.rate / theirs.run.rate for ours, theirs in pairs)


def cpu_ratio(found: dict[Subject, list[Measured]], other: Subject) -> float | None:
    """How much CPU an answer takes the gateway, the other's being 1."""
    if other not in found:
        return None
    pairs = zip(found["gateway"], found[other], strict=True)
    return median(ours.cpu / max(theirs.cpu, 1e-9) for ours, theirs in pairs)


def _shown(ratio: float | None, form: str) -> str:
    return "" if ratio is None else form.format(ratio)
