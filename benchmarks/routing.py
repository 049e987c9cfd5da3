"""Rows of figures on routing: a sample, a time and the peers beside us.

    python benchmarks/routing.py ROW ... --data DIR --store DIR
    python benchmarks/routing.py --store DIR

Each row is a batch of its own in a folder of the store: one thread, one run at a
time on a processor of its own, and what is there already is not run again. Then all
that is in the store is printed: gaps to the best known value, where there is none to
the best of any run in the store, and above 100,000 random cities to 0.7124 times the
root of number times area, which the length of an optimal tour tends to (Johnson and
McGeoch, 1996); memory with the packages that a worker has loaded. Runs of other than
the present code are left out. Peers are those of benchmarks/peers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import rows
from rows import Row

#: Length of an optimal tour of many random cities over the root of n times area.
CONSTANT = 0.7124
#: Random cities from which on that is what tours are compared with.
MANY = 100_000


def _random(n: int, count: int) -> dict[str, Any]:
    return {"generate": "tsp", "n": n, "count": count, "seed": 1, "suffix": "tsp"}


def _tsplib(*names: str) -> tuple[str, ...]:
    return tuple(f"routing/tsplib/tsp/{name}.tsp" for name in names)


def _x(pattern: str) -> str:
    return f"routing/cvrplib/X/Instances/X-n{pattern}.vrp"


_DISTANCE = {"objective": "distance"}

ROWS = {
    "tsp-1000-1s": Row(
        seconds=1, files=_tsplib("pr1002", "u1060"), seeds=5, peers=("fast-tsp",)
    ),
    "tsp-1000-5s": Row(
        seconds=5, files=_tsplib("pr1002", "u1060"), seeds=5, peers=("fast-tsp",)
    ),
    "random-1000-1s": Row(seconds=1, generate=_random(1000, 10), peers=("fast-tsp",)),
    "random-1000-5s": Row(seconds=5, generate=_random(1000, 10), peers=("fast-tsp",)),
    "random-1000-30s": Row(seconds=30, generate=_random(1000, 10), peers=("elkai",)),
    "random-2000-3s": Row(seconds=3, generate=_random(2000, 5), peers=("fast-tsp",)),
    "random-2000-60s": Row(seconds=60, generate=_random(2000, 5)),
    "tsp-4000-2s": Row(
        seconds=2, files=_tsplib("pcb3038", "fnl4461"), seeds=3, peers=("fast-tsp",)
    ),
    "tsp-4000-10s": Row(
        seconds=10, files=_tsplib("pcb3038", "fnl4461"), seeds=3, peers=("fast-tsp",)
    ),
    "tsp-20000-10s": Row(
        seconds=10, files=_tsplib("usa13509", "d18512"), peers=("fast-tsp",)
    ),
    "tsp-clusters-10s": Row(
        seconds=10,
        files=_tsplib("fl1577", "d1291", "rl5915"),
        seeds=3,
        peers=("fast-tsp",),
    ),
    "tsp-34000-20s": Row(seconds=20, files=_tsplib("pla33810")),
    "random-200000-30s": Row(seconds=30, generate=_random(200_000, 1)),
    "random-1000000-120s": Row(seconds=120, generate=_random(1_000_000, 1)),
    "atsp-2s": Row(
        seconds=2,
        files=("routing/tsplib/atsp/*.atsp",),
        seeds=3,
        peers=("elkai", "OR-Tools"),
    ),
    "x-10s": Row(seconds=10, files=(_x("*"),), every=5, peers=("PyVRP",)),
    "x-60s": Row(seconds=60, files=(_x("*"),), every=5, peers=("PyVRP",)),
    "x-small-10s": Row(
        seconds=10, files=(_x("1[0-9][0-9]-*"), _x("200-*")), peers=("hygese",)
    ),
    "x-large-15s": Row(
        seconds=15,
        files=(_x("[5-9][0-9][0-9]-*"), _x("1001-*")),
        every=5,
        peers=("PyVRP",),
    ),
    "xml100-2s": Row(
        seconds=2,
        files=("routing/cvrplib/XML/Instances/*.vrp",),
        every=4,
        peers=("hygese",),
    ),
    "belgium-60s": Row(seconds=60, files=("routing/cvrplib/XXL/Instances/*.vrp",)),
    "solomon-10s": Row(
        seconds=10,
        files=("routing/vrptw/solomon/*.txt",),
        every=4,
        peers=("PyVRP",),
        params=_DISTANCE,
    ),
    "homberger-60s": Row(
        seconds=60,
        files=("routing/vrptw/homberger_1000/*.txt",),
        peers=("PyVRP",),
        params=_DISTANCE,
    ),
}


def gathered(folder: Path) -> pd.DataFrame:
    """Return the runs of every row that has been begun, and what to compare with."""
    frame = rows.runs(ROWS, folder)
    made = {name: row.generate["n"] for name, row in ROWS.items() if row.generate}
    n = frame["row"].map(made).astype(float)
    # The square that cities are generated in has a side of a million.
    limit = (CONSTANT * 1e6 * n**0.5).where(n >= MANY)
    found = frame.groupby("fingerprint")["objective"].transform("min")
    known = frame["best_known"].astype(float)
    frame["reference"] = known.fillna(limit).fillna(found)
    return frame


def line(frame: pd.DataFrame) -> str:
    """Return what a row's runs of one solver come to."""
    gaps = (100.0 * (frame["objective"] / frame["reference"] - 1.0)).fillna(100.0)
    reached = int((gaps <= 1e-7).sum())
    memory = frame["peak_memory"].max() / 1e6
    return (
        f"{len(frame)} | {gaps.mean():.3f} | {gaps.median():.3f} | {gaps.max():.3f} | "
        f"{reached} | {frame['wall'].max():.1f} | {memory:.0f} |"
    )


def main() -> None:
    args = rows.parsed(str(__doc__), ROWS, "routing.benches")
    rows.run(ROWS, args)
    print("| row | solver | runs | mean % | median | worst | best | wall s | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    frame = gathered(args.store)
    for (name, label), part in frame.groupby(["row", "label"], sort=False):
        print(f"| {name} | {label} | {line(part)}")


if __name__ == "__main__":
    main()
