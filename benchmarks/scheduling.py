"""Gaps of scheduling solvers to the packaged best known values.

    python benchmarks/scheduling.py DATA/scheduling/jsp/standard/ta/*.txt --every 4
        --solver tabu --seconds 30 [--processor] [--out runs.csv]

One line a file, then the mean gap, the files solved to the best known value and
those proven optimal. ``--processor`` counts processor time instead of wall time,
which is the same to a solver of one thread and keeps figures comparable while
the machine does other work too. With ``--out``, files whose line is there already
are not run again.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import combkit as ck
from combkit.instances.best_known import best_known
from combkit.instances.stop import Progress, Reason, Stop

COLUMNS = (
    "file",
    "solver",
    "seed",
    "seconds",
    "objective",
    "best",
    "gap",
    "bound",
    "status",
    "time_to_best",
)


class ProcessorTime(Stop):
    """Stop after a number of processor seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.TIME`` when they are used up."""
        return Reason.TIME if time.process_time() >= self._end else None


def measure(path: Path, args: argparse.Namespace) -> dict[str, object]:
    """Solve a file and return its line."""
    problem = ck.read(path)
    known = best_known(problem)
    seconds = args.seconds
    if args.per_operation is not None:
        seconds = args.per_operation * problem.size["jobs"] * problem.size["machines"]
    started = time.perf_counter()
    result = ck.solve(
        problem,
        args.solver,
        # Processor time is a criterion that cannot cut a native call short.
        time_limit=20.0 * seconds if args.processor else seconds,
        stop=ProcessorTime(seconds) if args.processor else None,
        seed=args.seed,
        started=started,
    )
    best = None if known is None else known.value
    objective = result.objective
    gap = None
    if best is not None and objective is not None:
        gap = 100.0 * (objective / best - 1.0)
    values = (
        str(path),
        args.solver,
        args.seed,
        seconds,
        objective,
        best,
        None if gap is None else f"{gap:.3f}",
        result.bound,
        str(result.status),
        f"{result.time_to_best:.2f}",
    )
    return dict(zip(COLUMNS, values, strict=True))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument(
        "--per-operation", type=float, help="seconds for each job on each machine"
    )
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--solver", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    done: dict[tuple[str, str, str], dict[str, object]] = {}
    if args.out is not None and args.out.exists():
        with args.out.open(newline="") as stream:
            for row in csv.DictReader(stream):
                done[row["file"], row["solver"], row["seed"]] = dict(row)
    rows = []
    for path in sorted(args.files)[args.first :: args.every]:
        key = str(path), args.solver, str(args.seed)
        row = done.get(key) or measure(path, args)
        rows.append(row)
        if key not in done and args.out is not None:
            new = not args.out.exists()
            with args.out.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, COLUMNS)
                if new:
                    writer.writeheader()
                writer.writerow(row)
        print(
            f"{path.stem:<16} {row['objective']} ({row['best']}) gap {row['gap']} % "
            f"bound {row['bound']} {row['status']}, best at {row['time_to_best']} s",
            flush=True,
        )
    gaps = [float(str(row["gap"])) for row in rows if row["gap"] not in (None, "")]
    hits = sum(gap <= 0.0 for gap in gaps)
    proven = sum(row["status"] == "optimal" for row in rows)
    print(
        f"{args.solver}: {len(rows)} files, mean gap {sum(gaps) / len(gaps):.2f} %, "
        f"{hits} of {len(gaps)} at the best known value, {proven} proven optimal"
    )


if __name__ == "__main__":
    main()
