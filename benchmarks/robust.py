"""Two-stage robust problems beside what was published.

    python benchmarks/robust.py knapsack --data DIR --every 7 --seconds 30 -o sample.csv
    python benchmarks/robust.py table --data DIR -o sample.csv
    python benchmarks/robust.py records --data DIR -o full.csv
    python benchmarks/robust.py labels --data DIR --count 250000
    python benchmarks/robust.py capital --data DIR --sizes 10 --seconds 60
    python benchmarks/robust.py transport --sizes 15 30 --budget 0.1 --affine 300

``knapsack`` solves every k-th of the 504 files of Arslan and Detienne with ``auto`` and
keeps a row a file, with the first stage and a bracket of its worst case that is found
anew; files that have a row are not solved again. ``table`` compares with the column
``best`` of the published results (branch and price, 3 h, and Neur2RO); ``records``
prints what is better than that. ``labels`` counts recourse problems a second.
``transport`` solves ten generated location-transportation problems a size by ``ccg``
to a gap of 1e-4, with a budget of so many deviations a customer, and lets RSOME's
affine rules (``python benchmarks/peers/install.py rsome``) have the given seconds on
the first ones. ``capital`` solves the published capital budgeting problems of some
sizes, their budgets rounded down as the published results have them, beside what those
of K-adaptability guarantee. One thread.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

import combkit as ck
from combkit.cli.bench.foreign import peers_folder
from combkit.mip.robust import evaluate
from combkit.mip.robust.recourse import Recourse

COLUMNS = (
    "instance", "status", "objective", "bound", "runtime", "time_to_best", "lower",
    "upper", "first_stage",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("knapsack", "table", "records", "labels", "transport", "capital")
    parser.add_argument("part", choices=parts)
    parser.add_argument("--data", type=Path, default=Path("."))
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--solver", default="auto")
    parser.add_argument("--names", nargs="*", help="these files only")
    parser.add_argument("--count", type=int, default=250_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[15, 30])
    parser.add_argument("--budget", type=float, default=0.1)
    parser.add_argument("--affine", type=float, default=0.0)
    parser.add_argument("-o", "--out", type=Path, default=Path("robust.csv"))
    args = parser.parse_args()
    folder = args.data / "robust" / "rkp"
    if args.part == "knapsack":
        solve(folder, args)
    elif args.part == "table":
        table(rows_of(args.out), published(folder))
    elif args.part == "records":
        records(rows_of(args.out), published(folder))
    elif args.part == "transport":
        transport(args.sizes, args.budget, args.affine)
    elif args.part == "capital":
        capital(args.data / "robust" / "cb", args.sizes, args.seconds)
    else:
        labels(folder, args.count)


def published(folder: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the published results by instance."""
    path = folder / "neur2ro_and_bp_results.csv"
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return {row["instance"]: row for row in csv.DictReader(stream)}


def rows_of(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def solve(folder: Path, args: argparse.Namespace) -> None:
    done = {row["instance"] for row in rows_of(args.out)}
    files = sorted(folder.glob("RKP_*"))[:: args.every]
    if args.names:
        files = [folder / name for name in args.names]
    ck.solve(ck.generate("rkp", 10, seed=0), args.solver, time_limit=10)
    for path in files:
        if path.name in done:
            continue
        result = ck.solve(path, args.solver, time_limit=args.seconds)
        solution = result.solution
        worst = evaluate(ck.read(path), solution)
        row = {
            "instance": path.name,
            "status": str(result.status),
            "objective": repr(result.objective),
            "bound": repr(result.bound),
            "runtime": f"{result.runtime:.2f}",
            "time_to_best": f"{result.time_to_best:.2f}",
            "lower": repr(worst.lower),
            "upper": repr(worst.upper),
            "first_stage": "".join(str(int(v)) for v in solution.first_stage),
        }
        new = not args.out.exists()
        with args.out.open("a", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(" ".join(row[c] for c in COLUMNS[:-3]), flush=True)


def table(rows: list[dict[str, str]], known: dict[str, dict[str, str]]) -> None:
    """Print gaps to the published best and proofs, by family and size."""
    cells = defaultdict(list)
    for row in rows:
        _, family, size, *_ = row["instance"].split("_")
        best = float(known[row["instance"]]["best"])
        value = float(row["lower"])
        bound = np.inf if row["bound"] == "None" else float(row["bound"])
        gap = 100.0 * (best - value) / best
        theirs = float(known[row["instance"]]["neur2ro_obj"])
        cell = (
            gap,
            100.0 * (best - theirs) / best,
            row["status"] == "optimal",
            100.0 * (1.0 - value / bound),
            float(row["runtime"]),
        )
        for key in ((family, int(size[1:])), (family, 0)):
            cells[key].append(cell)
    print(
        "| family | n | files | median | mean | worst | Neur2RO median | proven "
        "| certified gap, worst | seconds, mean |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (family, n), found in sorted(cells.items()):
        gap, theirs, proven, own, seconds = (np.array(c) for c in zip(*found, strict=1))
        print(
            f"| {family} | {n or 'all'} | {gap.size} | {np.median(gap):.3f} % "
            f"| {gap.mean():.3f} % | {gap.max():.3f} % | {np.median(theirs):.3f} % "
            f"| {proven.sum()} | {own.max():.3f} % | {seconds.mean():.1f} |"
        )


def records(rows: list[dict[str, str]], known: dict[str, dict[str, str]]) -> None:
    """Print what is certified to be better than the published best."""
    print("instance,published,value,bound,first_stage")
    count = 0
    for row in rows:
        best, value = float(known[row["instance"]]["best"]), float(row["lower"])
        # Published values have six digits.
        if value > best * (1.0 + 1e-5):
            count += 1
            print(
                f"{row['instance']},{best:.6g},{value:.6f},{float(row['bound']):.6f},"
                f"{row['first_stage']}"
            )
    print(f"# {count} of {len(rows)}")


def labels(folder: Path, count: int) -> None:
    """Time recourse problems of random first stages and scenarios of all files."""
    rng = np.random.default_rng(0)
    problems = [ck.read(path) for path in sorted(folder.glob("RKP_*"))]
    oracles = [Recourse(problem) for problem in problems]
    oracles[0].react(np.ones(problems[0].n, bool), np.zeros(problems[0].n))
    began = time.perf_counter()
    for k in range(count):
        problem, oracle = problems[k % len(problems)], oracles[k % len(problems)]
        accepted = rng.random(problem.n) < rng.random()
        scenario = rng.random(problem.n)
        scenario *= min(1.0, problem.budget * rng.random() / scenario.sum())
        oracle.react(accepted, scenario)
    seconds = time.perf_counter() - began
    print(f"{count} labels in {seconds:.1f} s: {1e6 * seconds / count:.0f} us each")


def capital(folder: Path, sizes: list[int], seconds: float) -> None:
    """Print certified values of capital budgeting beside published guarantees."""
    with (folder / "neur2ro_kadapt_results.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if int(row["n"]) in sizes]
    for row in rows:
        name = f"CB_n{row['n']}_xi4_s{row['seed']}"
        if not (folder / name).is_file():
            continue
        problem = ck.read(folder / name)
        limits = problem.recourse.row_upper.copy()
        limits[0] = np.floor(limits[0])
        floored = replace(problem, recourse=replace(problem.recourse, row_upper=limits))
        result = ck.solve(floored, time_limit=seconds)
        low, high = result.extra["bracket"]
        guarantees = ", ".join(
            f"K={k} {-float(row[f'k{k}_kobj']):.4f}" for k in (2, 5, 10)
        )
        print(
            f"{name}: {result.status}, the first stage's worst case in "
            f"[{low or np.nan:.5f}, {result.objective:.5f}], none above "
            f"{high or np.nan:.5f}, after {result.runtime:.1f} s; guaranteed by "
            f"{guarantees}",
            flush=True,
        )


def transport(sizes: list[int], budget: float, affine: float) -> None:
    """Print what location-transportation problems take, beside affine rules."""
    for n in sizes:
        times, proven = [], 0
        for seed in range(10):
            problem = ck.generate("robust", n, seed=seed, budget=np.ceil(budget * n))
            result = ck.solve(problem, "ccg", time_limit=300)
            times.append(result.runtime)
            proven += result.status == "optimal" and result.extra["certified"]
            rule = affine_rule(problem, affine) if affine and seed < 3 else ""
            print(
                f"n={n} seed={seed}: {result.status} {result.objective:.6f} in "
                f"{result.runtime:.2f} s, {len(result.extra['scenarios'])} scenarios, "
                f"separations {result.extra['separations']}{rule}",
                flush=True,
            )
        print(f"n={n}: {proven} of 10 proven, median {np.median(times):.1f} s")


def affine_rule(problem: ck.TwoStage, seconds: float) -> str:
    """Return what RSOME's affine rules guarantee."""
    peer = peers_folder() / "rsome" / "bin" / "python"
    script = Path(__file__).parent / "peers" / "run_rsome.py"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        ck.write(problem, path)
        try:
            done = subprocess.run(
                [peer, script, path],
                timeout=seconds,
                capture_output=True,
                check=True,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return f"; affine: nothing in {seconds:g} s"
    found = json.loads(done.stdout)
    return f"; affine: {found['objective']:.6f} in {found['seconds']:.1f} s"


if __name__ == "__main__":
    main()
