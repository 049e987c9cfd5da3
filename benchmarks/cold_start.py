"""Does a run end in time, with an answer, when no kernel is compiled yet?

Solves the largest file of each kind below ``--data`` with an empty kernel
cache and short limits, and prints wall seconds of the whole process. A run is
in time when it ends within 1.05 times its limit plus 2 seconds.

    python benchmarks/cold_start.py --data DIR
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from combkit.instances.errors import CombkitError
from combkit.instances.formats import read

#: Folders of a kind, below the data folder, and what their files end in.
PLACES = {
    "tsp": ("routing/tsplib/tsp", ".tsp"),
    "atsp": ("routing/tsplib/atsp", ".atsp"),
    "cvrp": ("routing/cvrplib", ".vrp"),
    "jsp": ("scheduling/jsp", ".txt"),
    "kp": ("routing/knapsack", (".kp", ".in")),
    "mip": ("mip", (".mps.gz", ".lp.gz", ".mps")),
}


def largest(data: Path, kind: str) -> Path:
    """Return the biggest readable file of a kind, by bytes."""
    folder, suffixes = PLACES[kind]
    files = [f for f in (data / folder).rglob("*") if f.name.endswith(suffixes)]
    for file in sorted(files, key=lambda f: f.stat().st_size, reverse=True):
        try:
            if read(file).kind == kind:
                return file
        except CombkitError:
            continue
    raise SystemExit(f"no {kind} file below {data / folder}")


def run(file: Path, limit: float) -> tuple[float, dict[str, object]]:
    """Return wall seconds and the JSON answer of one cold process."""
    with tempfile.TemporaryDirectory() as cache:
        command = [
            *(sys.executable, "-m", "combkit.cli.main", "solve", str(file)),
            *("--time-limit", str(limit), "--json", "--quiet"),
        ]
        started = time.perf_counter()
        done = subprocess.run(
            command,
            env={**os.environ, "COMBKIT_CACHE": cache},
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - started
    return wall, json.loads(done.stdout) if done.stdout else {"status": done.stderr}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("COMBKIT_DATA")
    parser.add_argument("--data", type=Path, default=default, required=default is None)
    parser.add_argument("--limits", type=float, nargs="+", default=[1.0, 5.0, 20.0])
    parser.add_argument("--kinds", nargs="+", default=list(PLACES), choices=PLACES)
    args = parser.parse_args()
    print("| kind | file | limit s | wall s | in time | objective | source |")
    print("|---|---|---|---|---|---|---|")
    late = 0
    for kind in args.kinds:
        file = largest(args.data, kind)
        for limit in args.limits:
            wall, answer = run(file, limit)
            in_time = wall <= 1.05 * limit + 2.0
            late += not in_time
            trace = answer.get("trace")
            source = trace[-1][3] if isinstance(trace, list) and trace else "-"
            print(
                f"| {kind} | {file.name} | {limit:g} | {wall:.2f} | "
                f"{'yes' if in_time else 'NO'} | "
                f"{answer.get('objective', answer['status'])} | {source} |",
                flush=True,
            )
    sys.exit(late > 0)


if __name__ == "__main__":
    main()
