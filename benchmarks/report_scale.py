"""How long does a report on a very large batch take, and how big is it?

Makes a store of plausible rows, 100,000 runs with 50 trace points each by
default, in a folder of its own, and prints seconds, peak memory and the size of
the file for ``combkit bench report`` on it.

    python benchmarks/report_scale.py [--labels 10 --instances 1000 --seeds 10]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from combkit.cli.bench import Store
from combkit.cli.bench.plan import Config, Instance, Plan
from combkit.cli.bench.schema import RUNS, runs_schema, trace_schema
from combkit.cli.bench.spec import Limits
from combkit.cli.bench.versions import machine

SPEC = """\
name = "scale"
seeds = {seeds}

[limits]
time = 60
memory = "4 GB"

[[instances]]
glob = "instances/*"          # {instances} files

{solvers}
"""

#: Sources that the points of a trace come from.
SOURCES = ("construction", "2-opt", "or-opt", "crossover", "bound")
#: One instance in so many is a mixed-integer program, with bounds and proofs.
MIP_EVERY = 4
LIMIT = 60.0


def make_plan(labels: int, instances: int, seeds: int) -> Plan:
    """Return a plan of so many solvers on so many instances."""
    rng = np.random.default_rng(0)
    best = np.round(10 ** rng.uniform(3, 7, instances))
    return Plan(
        name="scale",
        instances=tuple(
            Instance(
                name=f"{_kind(k)}-{k:05d}",
                file=f"/data/{_kind(k)}-{k:05d}.txt",
                format=None,
                kind=_kind(k),
                sense="min",
                fingerprint=f"{k:064x}",
                best_known=float(best[k]) if k % 5 else None,
                stamp=(1, 1),
            )
            for k in range(instances)
        ),
        configs=tuple(
            Config(
                label=f"solver {k}",
                name="auto",
                params={"level": k},
                kinds=(),
                device="cpu",
                version="0.1.0+abcdef numpy==2.0",
                commit="0" * 40,
                dirty=False,
                foreign=None,
            )
            for k in range(labels)
        ),
        seeds=tuple(range(seeds)),
        limits=Limits(time=LIMIT, grace=5.0, memory=4_000_000_000),
    )


def _kind(k: int) -> str:
    return "tsp" if k % MIP_EVERY else "mip"


def fill(store: Store, plan: Plan, points: int) -> None:
    """Write a row and a trace for every run of a plan."""
    rng = np.random.default_rng(1)
    tasks = list(plan.tasks())
    count = len(tasks)
    strength = {config.label: 0.2 * k for k, config in enumerate(plan.configs)}
    skill = np.array([strength[task.config.label] for task in tasks])
    best = np.array([task.instance.best_known or 12345.0 for task in tasks])
    mip = np.array([task.instance.kind == "mip" for task in tasks])
    proven = mip & (rng.random(count) < 0.6)
    failed = rng.random(count) < 0.01
    runtime = np.where(proven, LIMIT * rng.random(count), LIMIT)
    # Gaps fall as a power of time down to a final gap of the run's own.
    last = np.where(proven, 0.0, 0.002 * np.exp(skill + rng.normal(size=count)))
    times = np.sort(rng.random((count, points)) ** 4, axis=1) * runtime[:, None]
    fall = np.linspace(1.0, 0.0, points) ** 3 * 0.3 * rng.uniform(0.5, 1.5, (count, 1))
    objective = np.round(best[:, None] * (1.0 + last[:, None] + fall), 3)
    bound = np.where(mip[:, None], best[:, None] * (1.0 - fall), np.nan)
    bound[proven, -1] = objective[proven, -1]
    kept = np.repeat(~failed, points)
    ids = np.repeat(np.arange(count), points)[kept]
    run_ids = pa.array([task.run for task in tasks])
    trace = pa.table(
        [
            run_ids.take(ids),
            times.ravel()[kept],
            objective.ravel()[kept],
            pa.array(bound.ravel()[kept], from_pandas=True),
            pa.DictionaryArray.from_arrays(
                rng.integers(len(SOURCES), size=len(ids)).astype(np.int32), SOURCES
            ),
        ],
        schema=trace_schema(),
    )
    status = np.where(failed, "crashed", np.where(proven, "optimal", "feasible"))
    given: dict[str, Any] = {
        "run": [task.run for task in tasks],
        "attempt": [0] * count,
        "instance": [task.instance.name for task in tasks],
        "kind": [task.instance.kind for task in tasks],
        "sense": ["min"] * count,
        "fingerprint": [task.instance.fingerprint for task in tasks],
        "label": [task.config.label for task in tasks],
        "solver": ["auto"] * count,
        "params": ["{}"] * count,
        "version": [task.config.version for task in tasks],
        "seed": [task.seed for task in tasks],
        "time_limit": [LIMIT] * count,
        "memory_limit": [4_000_000_000] * count,
        "threads": [1] * count,
        "status": status.tolist(),
        "reason": np.where(failed, "failed", "time").tolist(),
        "message": np.where(failed, "ended by SIGSEGV", "").tolist(),
        "objective": np.where(failed, np.nan, objective[:, -1]),
        "bound": np.where(failed, np.nan, bound[:, -1]),
        "best_known": [task.instance.best_known for task in tasks],
        "verified": (~failed).tolist(),
        "runtime": runtime,
        "time_to_best": times[:, -1],
        "wall": runtime + 0.1,
        "cpu": runtime,
        "peak_memory": rng.integers(10**8, 10**9, size=count),
        "machine": [_machine()] * count,
        "versions": ['{"numpy": "2.0"}'] * count,
        "commit": ["0" * 40] * count,
        "dirty": [False] * count,
    }
    schema = runs_schema()
    columns = [
        pa.array(given.get(name, [None] * count), schema.field(name).type, None, True)
        if isinstance(given.get(name), np.ndarray)
        else pa.array(given.get(name, [None] * count), schema.field(name).type)
        for name in RUNS
    ]
    order = [("run", "ascending"), ("time", "ascending")]
    plain = trace.set_column(0, "run", trace["run"].cast(pa.string()))
    store.write(
        pa.table(columns, schema=schema), plain.sort_by(order).cast(trace_schema())
    )


def _machine() -> str:
    import json

    return json.dumps(machine())


def make_store(folder: Path, plan: Plan, points: int) -> Store:
    """Return a store in which every run of a plan is done."""
    store = Store.create(folder, plan.name)
    solvers = "\n".join(
        f'[[solver]]\nname = "auto"\nlabel = "{config.label}"'
        for config in plan.configs
    )
    spec = SPEC.format(
        seeds=len(plan.seeds), instances=len(plan.instances), solvers=solvers
    )
    store.set_plan([plan], spec, folder)
    fill(store, plan, points)
    return store


def measure(store: Path, out: Path) -> tuple[float, float]:
    """Return seconds and peak MB of a report in a process of its own."""
    words = ["bench", "report", str(store), "-o", str(out)]
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "combkit.cli.main", *words])
    _, state, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(state) != 0:
        raise SystemExit("the report failed")
    return time.perf_counter() - started, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=10)
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--points", type=int, default=50, help="of each trace")
    parser.add_argument(
        "--formats", nargs="+", default=["html"], help="of html, md, csv, latex"
    )
    parser.add_argument("--keep", type=Path, help="a folder to make the store in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="report-scale-") as scratch:
        folder = Path(scratch) if args.keep is None else args.keep
        plan = make_plan(args.labels, args.instances, args.seeds)
        if not (folder / "scale.bench").exists():
            make_store(folder / "scale.bench", plan, args.points)
        runs = args.labels * args.instances * args.seeds
        print(f"{runs} runs x {args.points} points")
        print("| format | seconds | peak MB | file MB |")
        print("|---|---|---|---|")
        for format in args.formats:
            out = folder / f"report.{'tex' if format == 'latex' else format}"
            seconds, peak = measure(folder / "scale.bench", out)
            size = out.stat().st_size / 1e6
            print(f"| {format} | {seconds:.1f} | {peak:.0f} | {size:.1f} |", flush=True)


if __name__ == "__main__":
    main()
