"""Max-cut and quadratic assignment on the Gset and QAPLIB.

    python benchmarks/quadratic.py gset --data DIR --largest 800 --seconds 10
    python benchmarks/quadratic.py qaplib --data DIR --largest 50 --seconds 10

A line a file: what was found, the best known value, the gap, when the best was found,
and millions of moves a second. Runs end at the best known value. One thread; kernels
are loaded before.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import combkit as ck


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("gset", "qaplib"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--smallest", type=int, default=0)
    parser.add_argument("--largest", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = args.data / "routing"
    prefix = {"gset": "maxcut/", "qaplib": "qaplib/"}[args.part]
    with (folder / "best_known.csv").open(newline="") as stream:
        known = {
            row["file"]: float(row["best_known"])
            for row in csv.DictReader(stream)
            if row["file"].startswith(prefix) and row["best_known"]
        }
    for kind in ("maxcut", "qap"):
        ck.solve(ck.generate(kind, 10, seed=0), stop=ck.MaxIterations(100))
    gaps = []
    for file, best in known.items():
        try:
            problem = ck.read(folder / file)
        except ck.InstanceFormatError as error:
            print(error)
            continue
        if not args.smallest <= problem.size["n"] <= args.largest:
            continue
        stop = ck.TargetObjective(best)
        result = ck.solve(problem, time_limit=args.seconds, stop=stop, seed=args.seed)
        assert result.objective is not None
        sign = 1.0 if problem.sense == "min" else -1.0
        gaps.append(sign * 100.0 * (result.objective - best) / (abs(best) or 1.0))
        row = f"{file:24} {result.objective:12.0f} {best:12.0f} {gaps[-1]:7.3f} %"
        speed = 1e-6 * result.iterations / result.runtime
        print(f"{row} {result.time_to_best:6.2f} s {speed:6.2f} M/s", flush=True)
    reached = sum(gap <= 0.0 for gap in gaps)
    print(f"{reached} of {len(gaps)} at the best known value, worst {max(gaps):.3f} %")


if __name__ == "__main__":
    main()
