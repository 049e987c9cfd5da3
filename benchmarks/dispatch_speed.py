"""Milliseconds of a dispatching rule on job shops of 2,000 and 10,000 operations.

    python benchmarks/dispatch_speed.py [--learned]

Random job shops of 20 machines; for each rule, the least of several schedules,
without the compilation, as a solver builds them: priorities, dispatch, and the
semi-active schedule of the order. ``--learned`` adds one schedule of the learned
rule, with its encoder.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import combkit as ck
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
    if args.learned:
        times = [least(partial(learned, shop), 3) for shop in shops]
        show("learned", "active", *(f"{ms:.0f} ms" for ms in times))


if __name__ == "__main__":
    main()
