"""Gaps of a scheduling solver to best known values, on every k-th file of a set.

    python benchmarks/scheduling.py SET.csv --data DIR --every 4 --seconds 30

SET.csv has the columns ``file`` (below DIR) and ``best``. One line a file, then
the mean gap, the files solved to the best known value and those proven optimal.
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

import combkit as ck


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("COMBKIT_DATA"))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--solver", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with args.set.open() as stream:
        rows = list(csv.DictReader(stream))[args.first :: args.every]
    gaps, hits, proven = [], 0, 0
    for row in rows:
        result = ck.solve(
            args.data / row["file"],
            args.solver,
            time_limit=args.seconds,
            seed=args.seed,
        )
        best = float(row["best"])
        gap = 100.0 * (result.objective / best - 1.0)
        gaps.append(gap)
        hits += result.objective <= best
        proven += result.status == "optimal"
        print(
            f"{Path(row['file']).stem:<14} {result.objective:>9.0f} {best:>9.0f} "
            f"{gap:6.2f} %  bound {result.bound or 0:.0f}  {result.status:<9} "
            f"{result.runtime:6.1f} s, best at {result.time_to_best:.1f} s",
            flush=True,
        )
    print(
        f"{len(gaps)} files: mean gap {sum(gaps) / len(gaps):.2f} %, "
        f"{hits} at the best known value, {proven} proven optimal"
    )


if __name__ == "__main__":
    main()
