"""Rows of figures: a sample, a time and who runs; each one a batch of its own.

Rows are kept in a folder, and what is there already is not run again: one thread, one
run at a time on a processor of its own. Peers are those of benchmarks/peers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: instances, seconds a run, and who runs.

    Parameters
    ----------
    seconds : float
        Time limit of a run.
    files : tuple of str
        Patterns below the folder of data.
    kept : tuple of str
        Patterns below the folder of the rows.
    every : int
        Take every k-th of the files.
    generate : mapping
        Random instances: a further ``[[instances]]`` table.
    seeds : int
        Runs on each instance.
    solvers : tuple of str
        Solvers of ours, such as ``udc:divider=neural,piece=300``.
    peers : tuple of str
        Labels of COMMANDS.
    params : mapping
        Options of all solvers of ours.
    """

    seconds: float
    files: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    every: int = 1
    generate: Mapping[str, Any] | None = None
    seeds: int = 1
    solvers: tuple[str, ...] = ("auto",)
    peers: tuple[str, ...] = ()
    params: Mapping[str, Any] | None = None


def spelled(word: str) -> tuple[str, dict[str, Any]]:
    """Return the solver and the options of ``solver:name=value,name=value``.

    A part without a name goes on with the value before it, as in
    ``udc:conquerors=walk,sisr``.
    """
    name, _, rest = word.partition(":")
    options: dict[str, Any] = {}
    last = ""
    for part in rest.split(",") if rest else []:
        key, equals, value = part.partition("=")
        if equals:
            last = key
            options[key] = int(value) if value.isdigit() else value
        else:
            options[last] = f"{options[last]},{part}"
    return name, options


def spec_of(name: str, row: Row, data: Path) -> str:
    """Return the row as the text of a batch."""
    tables: list[tuple[str, Mapping[str, Any]]] = [
        ("", {"name": name, "seeds": row.seeds, "workers": 1, "pin": True}),
        ("[limits]", {"time": row.seconds, "threads": 1}),
    ]
    for glob in (*(str(data / files) for files in row.files), *row.kept):
        tables.append(("[[instances]]", {"glob": glob, "every": row.every}))
    if row.generate is not None:
        tables.append(("[[instances]]", row.generate))
    for word in row.solvers:
        solver, options = spelled(word)
        params = {**(row.params or {}), **options}
        ours = {f"params.{key}": value for key, value in params.items()}
        tables.append(("[[solver]]", {"name": solver, "label": word, **ours}))
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


def parsed(description: str, rows: Mapping[str, Row], store: str) -> argparse.Namespace:
    """Return the command line of a script that runs rows.

    Parameters
    ----------
    description : str
        Of the script.
    rows : mapping
        Its rows.
    store : str
        The folder, unless another one is given.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(rows))
    parser.add_argument("--data", type=Path, help="folder of the benchmark sets")
    parser.add_argument("--store", type=Path, default=Path(store))
    parser.add_argument("--no-peers", action="store_true", help="run only ours")
    args = parser.parse_args()
    if unknown := [name for name in args.rows if name not in rows]:
        parser.error(f"no such row: {', '.join(unknown)}")
    if args.data is None and any(
        rows[name].files or rows[name].kept for name in args.rows
    ):
        parser.error("--data is needed")
    return args


def run(rows: Mapping[str, Row], args: argparse.Namespace) -> None:
    """Run what the command line asks for and is not there yet.

    Parameters
    ----------
    rows : mapping
        The rows.
    args : Namespace
        See ``parsed``.
    """
    data = (args.data or Path()).resolve()
    args.store.mkdir(exist_ok=True, parents=True)
    for name in args.rows:
        row = replace(rows[name], peers=()) if args.no_peers else rows[name]
        spec = args.store / f"{name}.toml"
        spec.write_text(spec_of(name, row, data), encoding="utf-8")
        ck.bench.run(spec, args.store / name)


def runs(rows: Mapping[str, Row], folder: Path) -> pd.DataFrame:
    """Return the runs of every row that has been begun, with the name of the row."""
    frames = []
    for name in rows:
        if (folder / name).is_dir():
            frame = ck.bench.Store.open(folder / name).runs().to_pandas()
            frame["row"] = name
            frames.append(frame)
    return pd.concat(frames)
