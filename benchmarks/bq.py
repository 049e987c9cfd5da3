"""What the shipped policies of ``bq`` reach, with and without what follows them.

    python benchmarks/bq.py policy --count 128            gaps of each effort alone
    python benchmarks/bq.py sizes --data DIR --count 16   tsp of 200, 500, 1000 cities
    python benchmarks/bq.py files --data DIR --every 5    TSPLIB below 1000 cities, 5 s
    python benchmarks/bq.py large --n 10000               greedy beside constructives
    python benchmarks/bq.py hybrid --count 16             bq against auto, equal time
    python benchmarks/bq.py many --count 256              solve_many, seconds a problem

Prints tables; ``--out FILE.csv`` keeps the rows. Seconds are those of the CPU for
constructions, so that other work on the machine does not count, and limits of wall
time elsewhere. One thread unless ``--threads`` says otherwise. ``DIR`` (default
``$COMBKIT_DATA``) is described in docs/bench.md. Gaps are to longer runs of the
suite's own searches, to optima for kp, to tours that come with the sizes' files,
and to the best known lengths of TSPLIB.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from combkit.comb.solve import solve, solve_many
from combkit.instances.best_known import best_known
from combkit.instances.cvrp import CVRP
from combkit.instances.formats import read
from combkit.instances.generators import generate
from combkit.instances.knapsack import Knapsack
from combkit.instances.problem import Problem
from combkit.instances.tsp import ATSP, TSP
from combkit.neural.bq.beam import beam
from combkit.neural.bq.decode import construct, converge, greedy, ranked
from combkit.neural.bq.evaluate import instances_of
from combkit.neural.bq.model import fast_in_half, shipped
from combkit.neural.bq.problems import problem_of

Row = dict[str, Any]

#: Instances of a batch, and rows of each in beams and starts.
_BATCH, _ROWS = 16, 16


def references(name: str, rows: dict[str, torch.Tensor]) -> np.ndarray:
    """Best known objectives of test instances, by long runs of label searches."""
    from combkit.neural.bq import (
        _kernels_knapsack,
        _kernels_orienteering,
        _kernels_routes,
        _kernels_tours,
    )

    data = {key: value.double().numpy() for key, value in rows.items()}
    found = []
    for k in range(len(data["n"])):
        if name == "tsp":
            xy = np.ascontiguousarray(data["xy"][k])
            xy = xy[_kernels_tours.search_tsp(xy, 3000, 7)]
            found.append(np.linalg.norm(xy - np.roll(xy, -1, 0), axis=1).sum())
        elif name == "atsp":
            costs = np.ascontiguousarray(data["costs"][k])
            tour = _kernels_tours.search_atsp(costs, 30_000, 7)
            found.append(costs[tour, np.roll(tour, -1)].sum())
        elif name == "kp":
            chosen = _kernels_knapsack.pack(
                data["value"][k].astype(np.int64),
                data["weight"][k].astype(np.int64),
                int(data["capacity"][k]),
            )
            found.append(data["value"][k][chosen].sum())
        else:
            xy = np.concatenate([data["depot"][k : k + 1], data["xy"][k]])
            if name == "cvrp":
                demand = np.rint(np.append(0.0, data["demand"][k]) * 50.0)
                visits = _kernels_routes.search_cvrp(
                    xy, demand.astype(np.int64), 50, 200_000, 7
                )
                starts = np.diff(visits[:, 1], prepend=-1) != 0
                previous = np.where(starts, 0, np.roll(visits[:, 0], 1))
                legs = np.linalg.norm(xy[visits[:, 0]] - xy[previous], axis=1).sum()
                last = np.roll(starts, -1)
                legs += np.linalg.norm(xy[visits[last, 0]] - xy[0], axis=1).sum()
                found.append(legs)
            else:
                prize = np.append(0.0, data["prize"][k])
                tour = _kernels_orienteering.search_op(
                    xy, prize, float(data["budget"][k]), 60_000, 7
                )
                found.append(prize[tour].sum())
    return np.array(found)


def policy(options: argparse.Namespace) -> Iterator[Row]:
    """Gaps and seconds of every effort on the test instances of 100 nodes."""
    for name in options.problems:
        rows = instances_of(name, options.count)
        yield from efforts(name, "n100", rows, references(name, rows), options.only)


def sizes(options: argparse.Namespace) -> Iterator[Row]:
    """The same for larger tsp."""
    for n in (200, 500, 1000):
        (file,) = (options.data / "bq").glob(f"tsp{n}_128_*.npz")
        with np.load(file) as data:
            xy = torch.as_tensor(data["coords"][: options.count], dtype=torch.float32)
            best = data["tour_lens"][: options.count]
        rows = {"xy": xy, "n": torch.full((len(xy),), n)}
        yield from efforts("tsp", f"n{n}", rows, best, options.only)


def efforts(
    name: str,
    what: str,
    rows: dict[str, torch.Tensor],
    best: np.ndarray,
    only: str,
) -> Iterator[Row]:
    problem = problem_of(name)
    net, _ = shipped(name)
    width = net.config.width
    half = net
    if fast_in_half(torch.device("cpu")):
        half = net.rounded(torch.bfloat16)

    def starts(part: dict[str, torch.Tensor]) -> torch.Tensor:
        varied, lead = problem.vary(part, _ROWS)
        found = construct(
            problem, half, problem.start(varied), width, choose=ranked(lead)
        )
        values = problem.objective(varied, *found).view(-1, _ROWS)
        return values.amax(1) if problem.maximised else values.amin(1)

    ways = {
        "greedy, float32": lambda p: problem.objective(
            p, *greedy(problem, net, p, width)
        ),
        "greedy": lambda p: problem.objective(p, *greedy(problem, half, p, width)),
        "greedy, both ends": lambda p: problem.objective(
            p, *converge(problem, half, problem.start(p), width)
        ),
        f"best of {_ROWS} starts": starts,
        f"beam {_ROWS}": lambda p: problem.objective(
            p, *beam(problem, half, p, width, _ROWS)
        ),
    }
    if name == "cvrp" or name == "kp":
        del ways["greedy, both ends"]
    for label, run in ways.items():
        if only not in label:
            continue
        began = time.process_time()
        found = []
        for at in range(0, len(best), _BATCH):
            part = {key: value[at : at + _BATCH] for key, value in rows.items()}
            found.append(run(part).double().numpy())
        seconds = (time.process_time() - began) / len(best)
        gap = 100.0 * np.abs(np.concatenate(found) / best - 1.0).mean()
        yield {
            "problem": name,
            "set": f"{what} x {len(best)}",
            "effort": label,
            "gap %": round(float(gap), 3),
            "cpu s": round(seconds, 4),
        }


def files(options: argparse.Namespace) -> Iterator[Row]:
    """TSPLIB files below 1000 cities by the policy alone, and with search."""
    paths = sorted((options.data / "routing" / "tsplib" / "tsp").glob("*.tsp*"))
    for effort, guard in (("reconstruct", False), ("search", True)):
        for path in paths[:: options.every]:
            problem = read(path)
            known = best_known(problem)
            if known is None or problem.n >= 1000 or problem.fixed_edges is not None:
                continue
            result = solve(
                problem, "bq", time_limit=options.seconds, effort=effort, guard=guard
            )
            gap = None
            if result.objective is not None:
                gap = round(100.0 * (result.objective / known.value - 1.0), 3)
            yield {
                "problem": problem.name,
                "set": f"n{problem.n}",
                "effort": effort,
                "gap %": gap,
                "wall s": round(result.runtime, 2),
            }


def large(options: argparse.Namespace) -> Iterator[Row]:
    """Greedy through many cities, beside greedy edges and Or-opt at equal time."""
    problem = TSP(np.random.default_rng(0).random((options.n, 2)))
    began = time.process_time()
    ours = solve(problem, "bq", effort="greedy", guard=False)
    seconds = time.process_time() - began
    # The expected length of an optimal tour (Applegate et al., 2006).
    n = options.n
    expected = 0.7124 * (n**0.5) * (1.0 + 0.33 / n)
    others = {
        "bq greedy": (ours.objective, seconds),
        "greedy edges": (solve(problem, "greedy").objective, None),
        "ils, equal time": (solve(problem, "ils", time_limit=seconds).objective, None),
    }
    for label, (objective, used) in others.items():
        yield {
            "problem": f"tsp {n}",
            "effort": label,
            "gap %": round(100.0 * (objective / expected - 1.0), 2),
            "cpu s": used and round(used, 1),
        }


def hybrid(options: argparse.Namespace) -> Iterator[Row]:
    """Differences of ``bq`` from ``auto``, paired, in percent of the better."""
    for name in options.problems:
        if name == "op":
            continue
        for n in options.nodes:
            gaps = []
            for k in range(options.count):
                problem = generate(name, n, seed=k)
                pair = [
                    solve(problem, solver, time_limit=options.seconds, seed=k).objective
                    for solver in ("bq", "auto")
                ]
                best = max(pair) if problem.sense == "max" else min(pair)
                gaps.append([100.0 * abs(value / best - 1.0) for value in pair])
            mean = np.mean(gaps, axis=0)
            error = np.std(np.diff(gaps, axis=1)) / len(gaps) ** 0.5
            yield {
                "problem": name,
                "set": f"n{n} x {options.count}, {options.seconds:g} s",
                "bq %": round(float(mean[0]), 4),
                "auto %": round(float(mean[1]), 4),
                "error": round(float(error), 4),
            }


def problem_from(name: str, rows: dict[str, torch.Tensor], k: int) -> Problem:
    """One of the test instances as a problem of the suite."""
    data = {key: value[k].numpy() for key, value in rows.items()}
    if name == "tsp":
        return TSP(data["xy"])
    if name == "atsp":
        return ATSP(data["costs"])
    if name == "kp":
        return Knapsack(data["value"], data["weight"], float(data["capacity"]))
    points = np.concatenate([data["depot"][None], data["xy"]])
    return CVRP(points, np.rint(np.append(0.0, data["demand"]) * 50.0), 50)


def many(options: argparse.Namespace) -> Iterator[Row]:
    """Quality and time of ``solve_many`` beside kernels for as long."""
    for name in ("tsp", "cvrp"):
        rows = instances_of(name, options.count)
        problems = [problem_from(name, rows, k) for k in range(options.count)]
        for effort in ("greedy", "starts", "beam"):
            began = time.perf_counter()
            results = solve_many(
                problems, "bq", effort=effort, guard=False, workers=options.threads
            )
            seconds = (time.perf_counter() - began) / len(problems)
            yield _mean(name, f"bq {effort}", results, seconds)
        for solver in ("lk",) if name == "tsp" else ("sisr",):
            for seconds in (0.01, 0.1, 1.0):
                results = solve_many(
                    problems,
                    solver,
                    time_limit=seconds,
                    workers=options.threads,
                    executor="threads",
                )
                yield _mean(name, solver, results, seconds)


def _mean(name: str, label: str, results: list[Any], seconds: float) -> Row:
    return {
        "problem": name,
        "effort": label,
        "objective": round(float(np.mean([r.objective for r in results])), 4),
        "wall s": round(seconds, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tables = {f.__name__: f for f in (policy, sizes, files, large, hybrid, many)}
    add = parser.add_argument
    add("table", choices=list(tables))
    add("--problems", nargs="+", default=["tsp", "cvrp", "op", "kp", "atsp"])
    add("--data", type=Path, default=Path(os.environ.get("COMBKIT_DATA", ".")))
    add("--count", type=int, default=32)
    add("--only", default="", help="efforts whose name holds this")
    add("--every", type=int, default=1)
    add("--seconds", type=float, default=5.0)
    add("--n", type=int, default=10_000)
    add("--nodes", type=int, nargs="+", default=[100])
    add("--threads", type=int, default=1)
    add("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    for row in tables[options.table](options):
        rows.append(row)
        print(" | ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if options.out is not None and rows:
        with open(options.out, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    if not rows:
        sys.exit("nothing to measure: see --data")


if __name__ == "__main__":
    main()
