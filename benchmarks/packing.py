"""Packing and graph solvers beside each other on the public benchmark files.

    python benchmarks/packing.py knapsack --data DIR
    python benchmarks/packing.py mknap --data DIR --seconds 30
    python benchmarks/packing.py setcover --data DIR --solvers auto,highs,cpsat
    python benchmarks/packing.py graphs --data DIR --solvers local-search

One line a file and solver: objective, best known value, bound, status, seconds
and when the best was found. ``knapsack`` has a limit of its own a file: 1 s for
kplib, and for Jooken's the longer of 1 s and 3 times what combo took. With
``--processor``, seconds are of processor time, which is the same to one thread
and keeps figures comparable while the machine does other work too.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import time
from collections.abc import Iterator
from pathlib import Path

import combkit as ck
from combkit.instances.stop import Progress, Reason, Stop

#: Independent sets and cliques whose sizes are asked for, and these sizes.
GRAPHS = {
    "graphs/mis/C1000.9.clq-compliment.txt": 68,
    "graphs/mis/keller5.clq-compliment.txt": 27,
    "graphs/mis/MANN_a45.clq-compliment.txt": 344,
    "graphs/frb/frb50-23-1.mis": 49,
}


class ProcessorTime(Stop):
    """Stop after a number of processor seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.TIME`` when they are used up."""
        return Reason.TIME if time.process_time() >= self._end else None


def knapsacks(folder: Path) -> Iterator[tuple[str, float | None, float]]:
    """Yield file, best known profit and seconds of kplib and Jooken's files."""
    known = best_known(folder)
    for path in sorted((folder / "knapsack" / "kplib").rglob("*.kp")):
        file = path.relative_to(folder).as_posix()
        yield file, known.get(file), 1.0
    with (folder / "knapsack" / "jooken" / "optima.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            seconds = max(1.0, 3.0 * float(row["combo_time_s"]))
            yield f"knapsack/jooken/{row['name']}.in", float(row["optimum"]), seconds


def best_known(folder: Path) -> dict[str, float]:
    """Return the best known values by file, where they are single numbers."""
    found = {}
    with (folder / "best_known.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            with contextlib.suppress(ValueError):
                found[row["file"]] = float(row["best_known"])
    return found


def rows(
    name: str, folder: Path, seconds: float
) -> Iterator[tuple[str, float | None, float]]:
    """Yield file, best known value and seconds of a set."""
    if name == "knapsack":
        yield from knapsacks(folder)
    elif name == "graphs":
        for file, size in GRAPHS.items():
            yield file, float(size), seconds
    else:
        prefix = "knapsack/mknap" if name == "mknap" else "setcover"
        listed = [f for f in best_known(folder).items() if f[0].startswith(prefix)]
        # Every tenth multidimensional knapsack of each file of thirty.
        for file, value in listed:
            number = int(file.partition("#")[2] or 0)
            if number % 10 == 0:
                yield file, value, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("set", choices=("knapsack", "mknap", "setcover", "graphs"))
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("COMBKIT_DATA"), required=False
    )
    parser.add_argument("--only", default="", help="part of the names of files")
    parser.add_argument("--solvers", default="auto")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processor", action="store_true")
    args = parser.parse_args()
    if args.data is None:
        parser.error("--data or $COMBKIT_DATA is needed")
    folder = Path(args.data) / "routing"
    for file, best, seconds in rows(args.set, folder, args.seconds):
        if args.only not in file:
            continue
        for solver in args.solvers.split(","):
            # The kernels come from a warm cache, as for any run but the first.
            ck.solve(folder / file, solver, stop=ck.MaxIterations(1), time_limit=60)
            started, processor = time.perf_counter(), time.process_time()
            result = ck.solve(
                folder / file,
                solver,
                seed=args.seed,
                time_limit=20.0 * seconds if args.processor else seconds,
                stop=ProcessorTime(seconds) if args.processor else None,
                started=started,
            )
            spent = time.process_time() - processor
            share = spent / result.runtime
            print(
                f"{file.split('/', 1)[1]:<52} {solver:<17} {result.objective:>11.0f} "
                f"best known {best or 0:>11.0f} bound {result.bound or 0:>13.1f} "
                f"{result.status:<9} {result.runtime:7.2f} s, processor {spent:6.2f} s "
                f"of {seconds:.2f}, best after {result.time_to_best * share:.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
