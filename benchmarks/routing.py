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

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

import combkit as ck

PEERS = Path(__file__).parent / "peers"

#: Environment, script, suffix of solutions and whether it is for all uses.
COMMANDS = {
    "fast-tsp": ("fast-tsp", "run_fast_tsp.py", "tour", True),
    "elkai": ("elkai", "run_elkai.py", "tour", False),
    "PyVRP": ("pyvrp", "run_pyvrp.py", "sol", True),
    "hygese": ("hygese", "run_hygese.py", "sol", True),
    "OR-Tools": ("ortools", "run_ortools_routing.py", "sol", True),
}

#: Length of an optimal tour of many random cities over the root of n times area.
CONSTANT = 0.7124
#: Random cities from which on that is what tours are compared with.
MANY = 100_000


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: instances, seconds a run, and who runs.

    Parameters
    ----------
    seconds : float
        Time limit of a run.
    files : tuple of str
        Patterns below the folder of data.
    every : int
        Take every k-th of the files.
    generate : mapping
        Random instances: a further ``[[instances]]`` table.
    seeds : int
        Runs on each instance.
    peers : tuple of str
        Labels of COMMANDS.
    params : mapping
        Options of ours.
    """

    seconds: float
    files: tuple[str, ...] = ()
    every: int = 1
    generate: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 1
    peers: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


def _random(n: int, count: int) -> dict[str, Any]:
    return {"generate": "tsp", "n": n, "count": count, "seed": 1, "suffix": "tsp"}


def _tsplib(*names: str) -> tuple[str, ...]:
    return tuple(f"tsplib/tsp/{name}.tsp" for name in names)


def _x(pattern: str) -> str:
    return f"cvrplib/X/Instances/X-n{pattern}.vrp"


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
        files=("tsplib/atsp/*.atsp",),
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
        seconds=2, files=("cvrplib/XML/Instances/*.vrp",), every=4, peers=("hygese",)
    ),
    "belgium-60s": Row(seconds=60, files=("cvrplib/XXL/Instances/*.vrp",)),
    "solomon-10s": Row(
        seconds=10,
        files=("vrptw/solomon/*.txt",),
        every=4,
        peers=("PyVRP",),
        params=_DISTANCE,
    ),
    "homberger-60s": Row(
        seconds=60,
        files=("vrptw/homberger_1000/*.txt",),
        peers=("PyVRP",),
        params=_DISTANCE,
    ),
}


def spec_of(name: str, row: Row, data: Path) -> str:
    """Return the row as the text of a batch."""
    tables: list[tuple[str, Mapping[str, Any]]] = [
        ("", {"name": name, "seeds": row.seeds, "workers": 1, "pin": True}),
        ("[limits]", {"time": row.seconds, "threads": 1}),
    ]
    for files in row.files:
        glob = str(data / "routing" / files)
        tables.append(("[[instances]]", {"glob": glob, "every": row.every}))
    if row.generate:
        tables.append(("[[instances]]", row.generate))
    ours = {f"params.{key}": value for key, value in row.params.items()}
    tables.append(("[[solver]]", {"name": "auto", **ours}))
    tables += [("[[solver]]", _peer(label)) for label in row.peers]
    lines = []
    for head, entries in tables:
        lines.append(head)
        # Strings, numbers, booleans and lists of them are written alike in JSON.
        lines += [f"{key} = {json.dumps(value)}" for key, value in entries.items()]
    return "\n".join(lines) + "\n"


def _peer(label: str) -> dict[str, Any]:
    environment, script, suffix, free = COMMANDS[label]
    program = [f"{{peers}}/{environment}/bin/python", str(PEERS / script)]
    options = ("time-limit={time_limit}", "seed={seed}", "threads={threads}")
    return {
        "label": label,
        "command": [
            *program,
            "{instance}",
            "{solution}",
            *(f"--{option}" for option in options),
        ],
        "version_command": [*program, "--version"],
        "solution": suffix,
        "kinds": ["tsp", "atsp", "cvrp", "vrptw"],
        "non_commercial": not free,
    }


def runs(folder: Path) -> pd.DataFrame:
    """Return the runs of every row that has been begun, and what to compare with."""
    frames = []
    for name, row in ROWS.items():
        if (folder / name).is_dir():
            frame = ck.bench.Store.open(folder / name).runs().to_pandas()
            frame["row"] = name
            frame["limit"] = math.nan
            if row.generate and row.generate["n"] >= MANY:
                # The square that cities are generated in has a side of a million.
                frame["limit"] = CONSTANT * 1e6 * math.sqrt(row.generate["n"])
            frames.append(frame)
    frame = pd.concat(frames)
    found = frame.groupby("fingerprint")["objective"].transform("min")
    known = frame["best_known"].astype(float)
    frame["reference"] = known.fillna(frame["limit"]).fillna(found)
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--data", type=Path, help="folder that holds routing/")
    parser.add_argument("--store", type=Path, default=Path("routing.benches"))
    parser.add_argument("--no-peers", action="store_true", help="run only ours")
    args = parser.parse_args()
    if unknown := [name for name in args.rows if name not in ROWS]:
        parser.error(f"no such row: {', '.join(unknown)}")
    if args.rows and args.data is None:
        parser.error("--data is needed")
    args.store.mkdir(exist_ok=True, parents=True)
    for name in args.rows:
        row = ROWS[name]
        if args.no_peers:
            row = replace(row, peers=())
        spec = args.store / f"{name}.toml"
        spec.write_text(spec_of(name, row, args.data.resolve()), encoding="utf-8")
        ck.bench.run(spec, args.store / name)
    print("| row | solver | runs | mean % | median | worst | best | wall s | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (name, label), part in runs(args.store).groupby(["row", "label"], sort=False):
        print(f"| {name} | {label} | {line(part)}")


if __name__ == "__main__":
    main()
