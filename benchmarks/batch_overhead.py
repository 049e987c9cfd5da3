"""What does a batch cost besides the solving?

Runs a solver that takes about 10 ms 400 times, each run in a process of its own,
and prints wall seconds of the whole batch, and of a run those that its worker
needs besides the solver's own.

    python benchmarks/batch_overhead.py [--runs 400] [--workers 2]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from combkit.cli.bench import Store

SPEC = """
seeds = {seeds}
workers = {workers}
[[instances]]
generate = "tsp"
n = [200]
count = 4
[[solver]]
name = "greedy"
"""


def main() -> None:
    """Run the batch and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spec, store = Path(folder, "spec.toml"), Path(folder, "store")
        spec.write_text(SPEC.format(seeds=args.runs // 4, workers=args.workers))
        words = [sys.executable, "-m", "combkit.cli.main", "bench", "run"]
        started = time.perf_counter()
        subprocess.run([*words, spec, "-o", store, "--quiet"], check=True)
        wall = time.perf_counter() - started
        runs = Store.open(store).runs().to_pandas()
    solving = runs["runtime"].mean()
    # A worker is busy from its first run to its last but for waiting for tasks.
    span = runs["started"].max() - runs["started"].min()
    busy = span * args.workers / len(runs)
    print(f"{len(runs)} runs of {1000 * solving:.1f} ms on {args.workers} workers")
    print(f"whole batch    {wall:.1f} s")
    print(f"worker time    {1000 * busy:.1f} ms a run, solving included")


if __name__ == "__main__":
    main()
