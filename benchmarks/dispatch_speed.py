"""Milliseconds of a dispatching rule on job shops of 2,000 and 10,000 operations.

    python benchmarks/dispatch_speed.py [--learned] [--peer]

Random job shops of 20 machines; for each rule, the least of several schedules,
without the compilation, as a solver builds them: priorities, dispatch, and the
semi-active schedule of the order. ``--learned`` adds one schedule of the learned
rule, with its encoder; ``--peer`` those of JobShopLib
(``python benchmarks/peers/install.py jobshoplib``), which take half a minute.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import combkit as ck
from combkit.cli.bench.foreign import peers_folder
from combkit.comb.scheduling.dispatch import RULES, Dispatcher


def least(build: Callable[[], object], repeats: int) -> float:
    """Return the least milliseconds of a call."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        build()
        found.append(time.perf_counter() - started)
    return 1e3 * min(found)


def learned(shop: ck.JobShop) -> None:
    """Build a schedule by the learned rule, on the CPU."""
    import torch

    from combkit.neural.dispatch.rule import SHIPPED, Rule, policy_of

    torch.set_num_threads(1)
    Rule(shop, policy_of(SHIPPED), torch.device("cpu")).greedy()


def peer(shops: list[ck.JobShop]) -> dict[str, list[float]]:
    """Return the milliseconds of JobShopLib's rules on each shop."""
    times: dict[str, list[float]] = {}
    for shop in shops:
        data = {
            "machines": [row.tolist() for row in shop.machines],
            "durations": [row.tolist() for row in shop.durations],
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "shop.json"
            path.write_text(json.dumps(data))
            python = peers_folder() / "jobshoplib" / "bin" / "python"
            script = Path(__file__).parent / "peers" / "run_jobshoplib.py"
            done = subprocess.run(
                [python, script, path], check=True, capture_output=True, text=True
            )
        for rule, (milliseconds, _) in json.loads(done.stdout).items():
            times.setdefault(rule, []).append(milliseconds)
    return times


def show(*cells: str) -> None:
    """Print a row of a table."""
    print("|", " | ".join(cells), "|", flush=True)


def main() -> None:
    """Print a table with a row for each rule."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--machines", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--learned", action="store_true")
    parser.add_argument("--peer", action="store_true")
    args = parser.parse_args()
    shops = [
        ck.generate("jsp", n=jobs, machines=args.machines, seed=0) for jobs in args.jobs
    ]
    dispatchers = [Dispatcher(shop) for shop in shops]
    show("rule", "schedule", *(f"{shop.n_operations:,} operations" for shop in shops))
    show(*["---"] * (2 + len(shops)))
    for name in RULES:
        for kind, delay in (("non-delay", 0.0), ("active", 1.0)):
            builds = [partial(one.starts, name, delay) for one in dispatchers]
            times = [least(build, args.repeats) for build in builds]
            show(name, kind, *(f"{ms:.2f} ms" for ms in times))
    if args.peer:
        for rule, times in peer(shops).items():
            show(f"JobShopLib {rule}", "non-delay", *(f"{ms:.0f} ms" for ms in times))
    if args.learned:
        times = [least(partial(learned, shop), 3) for shop in shops]
        show("learned", "active", *(f"{ms:.0f} ms" for ms in times))


if __name__ == "__main__":
    main()
