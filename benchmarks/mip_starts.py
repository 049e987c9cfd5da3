"""How soon fix-and-propagate finds a feasible point, and how good it is.

    python benchmarks/mip_starts.py [--data DIR] [--seconds 3] [--seed 0]

One row a model of ``mip/miplib3`` and ``mip/hard``: seconds after reading to the
first feasible point, gap to best known of the incumbent after 1 s and at the end,
and the seconds that the solver took.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from combkit.instances.best_known import best_known
from combkit.instances.formats import read
from combkit.instances.mip import MIP
from combkit.instances.result import TracePoint
from combkit.instances.run import Run, execute
from combkit.instances.stop import MaxRuntime, relative_gap
from combkit.mip.fix_propagate import solve

_SETS = ("miplib3", "hard")


def gap_text(point: TracePoint | None, best: float | None) -> str:
    """The gap of a point of the trace to the best known value, in words."""
    if point is None:
        return "none"
    if best is None:
        return f"{point.objective:g}"
    return f"{100 * relative_gap(point.objective, best):.2f} %"


def measure(path: Path, seconds: float, seed: int) -> tuple[str, float]:
    """Return the row of a model and its seconds to the first feasible point."""
    problem = read(path)
    assert isinstance(problem, MIP)
    known = best_known(problem)
    best = None if known is None else known.value
    start = time.perf_counter()
    run = Run(problem, stop=MaxRuntime(seconds), seed=seed, start=start)
    result = execute(solve, run, solver="fix-propagate")
    if result.solution is not None and problem.check(result.solution):
        raise SystemExit(f"{path}: an infeasible point was reported")
    early = [point for point in result.trace if point.time <= 1.0]
    first = result.trace[0].time if result.trace else float("inf")
    cells = (
        path.name.split(".")[0],
        f"{first:.2f}",
        gap_text(early[-1] if early else None, best),
        gap_text(result.trace[-1] if result.trace else None, best),
        f"{result.runtime:.2f}",
        str(result.extra.get("dives", 0)),
    )
    return f"| {' | '.join(cells)} |", first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("COMBKIT_DATA", "data"))
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in _SETS:
        folder = options.data / "mip" / name
        paths = [*folder.glob("*.mps.gz"), *folder.glob("*.lp.gz")]
        print(f"\n## {name}\n")
        print("| model | first, s | gap at 1 s | gap at end | ended, s | dives |")
        print("|---|---|---|---|---|---|")
        firsts = []
        for path in sorted(paths):
            row, first = measure(path, options.seconds, options.seed)
            print(row, flush=True)
            firsts.append(first)
        for limit in (1.0, options.seconds):
            count = sum(first <= limit for first in firsts)
            print(f"\n{count} of {len(firsts)} have a feasible point in {limit:g} s.")


if __name__ == "__main__":
    main()
