"""Rows of figures on solving in pieces: `udc`, our own search of the kind, and peers.

    python benchmarks/udc.py ROW ... --data DIR --store DIR
    python benchmarks/udc.py --store DIR

What is in the store is printed: means with standard errors; gaps to the stored solution
of the paper's test sets (``DIR/udc``), elsewhere to the best of any run in the store;
and what a solver differs by from the first one of its row, in pairs, with 95 %
confidence. Rows of ten times the seconds are there to compare with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rows
from rows import Row

import combkit as ck

#: Test sets of UDC's paper: file, and kind of problem.
SETS = {
    "tsp500": ("test_TSP500_n128.txt", ck.TSP),
    "cvrp500": ("vrp500_test_lkh.txt", ck.CVRP),
    "ovrp500": ("vrp500_test_lkh.txt", ck.OVRP),
}
#: Dividers against each other, ways to reunite, and who conquers.
DIVIDERS = ("udc:divider=insertion", "udc:divider=neural")
REUNIONS = ("udc", "udc:reunion=queue", "udc:reunion=once")
CONQUERORS = (
    "udc",
    "udc:conquerors=sisr",
    "udc:conquerors=walk,sisr",
    "udc:conquerors=walk,sisr,bandit=uniform",
    "udc:conquerors=walk,construct",
)


def _made(kind: str, n: int | list[int], count: int, **options: Any) -> dict[str, Any]:
    params = {f"params.{key}": value for key, value in options.items()}
    return {"generate": kind, "n": n, "count": count, "seed": 0, **params}


def _set(name: str) -> tuple[str, ...]:
    return (f"sets/{name}/*.json",)


_DENSE = _made("mis", [700 + k * 100 // 63 for k in range(64)], 1, p=0.15)
_TEAM = {"metric": "euclidean"}

ROWS = {
    "tsp500-0.5s": Row(seconds=0.5, kept=_set("tsp500"), solvers=("udc", "lk")),
    "tsp500-5s": Row(seconds=5, kept=_set("tsp500"), solvers=("udc", "lk")),
    "tsp2000-5s": Row(
        seconds=5, generate=_made("tsp", 2_000, 16), solvers=("udc", "lk")
    ),
    "tsp2000-50s": Row(seconds=50, generate=_made("tsp", 2_000, 16), solvers=("lk",)),
    "tsp10000-30s": Row(
        seconds=30, generate=_made("tsp", 10_000, 4), solvers=("udc", "lk")
    ),
    "tsp10000-300s": Row(
        seconds=300, generate=_made("tsp", 10_000, 4), solvers=("lk",)
    ),
    "tsp100000-120s": Row(
        seconds=120, generate=_made("tsp", 100_000, 2), solvers=("udc", "lk")
    ),
    "tsp1000000-300s": Row(
        seconds=300, generate=_made("tsp", 1_000_000, 1), solvers=("udc", "lk")
    ),
    "cvrp500-10s": Row(
        seconds=10, kept=_set("cvrp500"), solvers=("udc", "sisr", "pyvrp")
    ),
    "cvrp1000-60s": Row(
        seconds=60,
        generate=_made("cvrp", 1_000, 16),
        solvers=("udc", "sisr", "pyvrp"),
    ),
    "cvrp2000-60s": Row(
        seconds=60,
        generate=_made("cvrp", 2_000, 16),
        solvers=("udc", "sisr", "pyvrp"),
    ),
    "cvrp5000-60s": Row(
        seconds=60,
        generate=_made("cvrp", 5_000, 16),
        solvers=("udc", "sisr", "pyvrp"),
    ),
    "belgium-60s": Row(
        seconds=60,
        files=("routing/cvrplib/XXL/Instances/*.vrp",),
        solvers=("udc", "sisr", "pyvrp"),
    ),
    "ovrp500-10s": Row(seconds=10, kept=_set("ovrp500"), solvers=("udc", "sisr")),
    "atsp250-1s": Row(
        seconds=1, generate=_made("atsp", 250, 64), solvers=("udc", "or-3opt")
    ),
    "atsp250-10s": Row(
        seconds=10, generate=_made("atsp", 250, 64), solvers=("or-3opt",)
    ),
    "atsp500-1s": Row(
        seconds=1, generate=_made("atsp", 500, 64), solvers=("udc", "or-3opt")
    ),
    "atsp500-10s": Row(
        seconds=10, generate=_made("atsp", 500, 64), solvers=("or-3opt",)
    ),
    "op500-5s": Row(seconds=5, generate=_made("op", 500, 64), solvers=("udc", "sisr")),
    "op500-50s": Row(seconds=50, generate=_made("op", 500, 64), solvers=("sisr",)),
    "op1000-15s": Row(
        seconds=15, generate=_made("op", 1_000, 64), solvers=("udc", "sisr")
    ),
    "pctsp500-5s": Row(
        seconds=5, generate=_made("pctsp", 500, 64), solvers=("udc", "sisr")
    ),
    "pctsp500-50s": Row(
        seconds=50, generate=_made("pctsp", 500, 64), solvers=("sisr",)
    ),
    "pctsp1000-15s": Row(
        seconds=15, generate=_made("pctsp", 1_000, 64), solvers=("udc", "sisr")
    ),
    "spctsp500-5s": Row(
        seconds=5, generate=_made("spctsp", 500, 64), solvers=("udc", "replan")
    ),
    "kp500-1s": Row(
        seconds=1, generate=_made("kp", 500, 64), solvers=("udc", "knapsack-dp")
    ),
    "kp1000-1s": Row(
        seconds=1, generate=_made("kp", 1_000, 64), solvers=("udc", "knapsack-dp")
    ),
    "mis700-1s": Row(seconds=1, generate=_DENSE, solvers=("udc", "local-search")),
    "mis10000-10s": Row(
        seconds=10,
        generate=_made("mis", [9_000, 9_700, 10_300, 11_000], 1, p=0.02),
        solvers=("udc", "local-search"),
    ),
    "mtsp500-30-5s": Row(
        seconds=5,
        generate=_made("mtsp", 500, 64, salesmen=30, **_TEAM),
        solvers=("udc", "sisr"),
    ),
    "mtsp500-10-5s": Row(
        seconds=5,
        generate=_made("mtsp", 500, 64, salesmen=10, **_TEAM),
        solvers=("udc", "sisr"),
    ),
    "mtsp500-5-5s": Row(
        seconds=5,
        generate=_made("mtsp", 500, 64, salesmen=5, **_TEAM),
        solvers=("udc", "sisr"),
    ),
    "dividers-tsp500-1s": Row(seconds=1, kept=_set("tsp500"), solvers=DIVIDERS),
    "dividers-op500-5s": Row(
        seconds=5, generate=_made("op", 500, 64), solvers=DIVIDERS
    ),
    "dividers-pctsp500-5s": Row(
        seconds=5, generate=_made("pctsp", 500, 64), solvers=DIVIDERS
    ),
    "dividers-cvrp500-5s": Row(
        seconds=5,
        kept=_set("cvrp500"),
        solvers=("udc:divider=savings", "udc:divider=neural"),
    ),
    "reunion-tsp2000-5s": Row(
        seconds=5,
        generate=_made("tsp", 2_000, 16),
        solvers=(*REUNIONS, "udc:stable=3"),
    ),
    "reunion-pctsp500-5s": Row(
        seconds=5, generate=_made("pctsp", 500, 32), solvers=REUNIONS
    ),
    "reunion-cvrp500-5s": Row(
        seconds=5, kept=_set("cvrp500"), every=4, solvers=REUNIONS
    ),
    "conquerors-cvrp500-5s": Row(
        seconds=5, kept=_set("cvrp500"), every=4, solvers=CONQUERORS
    ),
    "conquerors-tsp2000-5s": Row(
        seconds=5,
        generate=_made("tsp", 2_000, 16),
        solvers=tuple(word.replace("sisr", "lk") for word in CONQUERORS),
    ),
}


def export(data: Path, folder: Path) -> None:
    """Write the instances of the paper's test sets, where they are not there yet.

    Parameters
    ----------
    data : Path
        Folder that holds udc/.
    folder : Path
        Where each set becomes a folder.
    """
    for name, (file, _) in SETS.items():
        if (folder / name).is_dir() or not (data / "udc" / file).is_file():
            continue
        made = folder / f"{name}.part"
        made.mkdir(parents=True, exist_ok=True)
        for number, (problem, _) in enumerate(stored(data, name)):
            ck.write(problem, made / f"{name}-{number:03}.json")
        made.rename(folder / name)


def stored(data: Path, name: str) -> Iterator[tuple[ck.Problem, float | None]]:
    """Yield the instances of a test set, and what their stored solutions cost."""
    file, kind = SETS[name]
    for line in (data / "udc" / file).read_text().splitlines():
        yield tsp_of(line) if kind is ck.TSP else cvrp_of(line, kind)


def tsp_of(line: str) -> tuple[ck.Problem, float]:
    """Return the TSP of a line ``x y ... output t1 ... tn t1`` and its length."""
    places, tour = line.split("output")
    problem = ck.TSP(np.array(places.split(), float).reshape(-1, 2))
    cities = np.array(tour.split(), int)[:-1] - 1
    return problem, problem.evaluate(ck.Tour(cities))


def cvrp_of(line: str, kind: type[ck.CVRP]) -> tuple[ck.Problem, float | None]:
    """Return the CVRP or OVRP of a line ``depot,x,y,customer,...,cost,c,...``."""
    words = line.strip().split(",")

    def between(first: str, last: str) -> np.ndarray:
        return np.array(words[words.index(first) + 1 : words.index(last)], float)

    places = np.r_[between("depot", "customer"), between("customer", "capacity")]
    demands = between("demand", "cost")
    if demands.size < places.size // 2:
        demands = np.r_[0.0, demands]
    capacity = float(between("capacity", "demand")[0])
    cost = float(between("cost", "node_flag")[0]) if kind is ck.CVRP else None
    return kind(places.reshape(-1, 2), demands, capacity), cost


def compared(frame: pd.DataFrame, data: Path | None) -> pd.DataFrame:
    """Return runs with what to compare with: stored, known or best in the store."""
    best = frame.groupby("fingerprint")["objective"]
    highest = frame["sense"] == "maximize"
    frame["reference"] = best.transform("min").where(~highest, best.transform("max"))
    frame["reference"] = frame["best_known"].astype(float).fillna(frame["reference"])
    instances = frame["instance"].astype(str)
    if data is not None:
        for name in SETS:
            if not instances.str.startswith(f"{name}-").any():
                continue
            costs = {
                f"{name}-{number:03}": cost
                for number, (_, cost) in enumerate(stored(data, name))
                if cost is not None
            }
            known = instances.map(costs).astype(float)
            frame["reference"] = known.fillna(frame["reference"])
    return frame


def mean(values: pd.Series, factor: float = 1.0) -> str:
    """Return a mean with its standard error, or a multiple of that."""
    if len(values) < 2:
        return f"{values.mean():.4g}"
    return f"{values.mean():.5g} ± {factor * values.sem():.2g}"


def main() -> None:
    args = rows.parsed(str(__doc__), ROWS, "udc.benches")
    data = args.data
    if data is not None:
        export(data, args.store / "sets")
    rows.run(ROWS, args)
    print("| row | solver | runs | mean | gap % | to the first % | wall s |")
    print("|---|---|---|---|---|---|---|")
    frame = compared(rows.runs(ROWS, args.store), data)
    for name, part in frame.groupby("row", sort=False):
        columns = {
            label: mine.set_index(["instance", "seed"])
            for label, mine in part.groupby("label", sort=False)
        }
        first = columns[ROWS[name].solvers[0]]["objective"]
        for label, mine in columns.items():
            gaps = 100.0 * (mine["objective"] / mine["reference"] - 1.0)
            apart = 100.0 * (mine["objective"] / first - 1.0)
            print(
                f"| {name} | {label} | {len(mine)} | {mean(mine['objective'])} | "
                f"{mean(gaps)} | {mean(apart.dropna(), 1.96)} | "
                f"{mine['wall'].max():.1f} |"
            )


if __name__ == "__main__":
    main()
