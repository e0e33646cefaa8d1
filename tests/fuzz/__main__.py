"""Fuzzes by hand: `python -m tests.fuzz --minutes 60`; exit status 1 if anything was found."""

import argparse
import asyncio
import logging
import random
import resource
import sys
import time
import traceback

from tests.fuzz.kinds import KINDS
from tests.fuzz.watch import still_alive, watching


async def fuzz(
    kind: str, seed: str, seconds: float, most: int | None = None
) -> tuple[int, list[str]]:
    """Feed inputs for so long, or so many; how many they were, and what was found, by seed."""
    fed, found = 0, list[str]()
    until = time.monotonic() + seconds
    while time.monotonic() < until and fed != most:
        with watching() as watch:
            try:
                async with KINDS[kind](watch) as feed:
                    while time.monotonic() < until and fed != most:
                        fed += 1
                        still_alive()
                        await feed(random.Random(f"{seed}/{fed}"))
            except Exception:  # noqa: BLE001 - whatever it is, it is a finding
                found.append(f"{kind}, --seed {seed}, input {fed}:\n{traceback.format_exc()}")
    return fed, found


def main() -> int:
    """Run each kind for its share of the time, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=60, help="for each kind")
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seed", default=str(int(time.time())))
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    findings = 0
    for kind in chosen.kind or KINDS:
        started = time.monotonic()
        fed, found = asyncio.run(fuzz(kind, chosen.seed, chosen.minutes * 60))
        seconds = time.monotonic() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{kind}: {fed:,} inputs in {seconds:.0f} s, {len(found)} findings, {memory:.0f} MB",
            flush=True,
        )
        for one in found:
            print(one, flush=True)
        findings += len(found)
    return min(findings, 1)


if __name__ == "__main__":
    sys.exit(main())
