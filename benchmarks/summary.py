"""Summarise runs of ``combkit solve --json``: gaps to best known, proofs, times.

    combkit solve FILES --time-limit 10 --json --quiet > runs.jsonl
    python benchmarks/summary.py runs.jsonl [MORE.jsonl ...]

One row a file of runs. A run without a verified solution counts with a gap of
100 %. Times to proof are the shifted geometric mean (shift 1 s), with unproven
runs at their runtime.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any


def gap_of(run: dict[str, Any]) -> float | None:
    """Return the relative gap to best known, None where none is known."""
    if run["best_known"] is None:
        return None
    if not run["verified"] or run["gap_to_best_known"] is None:
        return 1.0
    return float(run["gap_to_best_known"])


def summarise(path: Path) -> str:
    """Return the table row of a file of runs."""
    runs = [json.loads(line) for line in path.read_text().splitlines()]
    gaps = [gap for run in runs if (gap := gap_of(run)) is not None]
    settled = ("optimal", "infeasible", "unbounded")
    proven = sum(run["status"] in settled for run in runs)
    verified = sum(bool(run["verified"]) for run in runs)
    logs = [math.log(run["runtime"] + 1.0) for run in runs if run["runtime"]]
    mean_time = math.exp(math.fsum(logs) / len(logs)) - 1.0 if logs else math.nan
    mean, worst = (
        (math.fsum(gaps) / len(gaps), max(gaps)) if gaps else (math.nan, math.nan)
    )
    solvers = "/".join(sorted({run["solver"] for run in runs}))
    return (
        f"| {path.stem} | {solvers} | {len(runs)} | {verified} | {proven} | "
        f"{100 * mean:.3f} % | {100 * worst:.3f} % | {mean_time:.2f} s |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", help="output of --json")
    args = parser.parse_args()
    print("| set | solver | runs | verified | proven | mean gap | worst | time |")
    print("|---|---|---|---|---|---|---|---|")
    for path in args.runs:
        print(summarise(path))


if __name__ == "__main__":
    main()
