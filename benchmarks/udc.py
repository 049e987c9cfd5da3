"""Solvers side by side on many instances: means, standard errors, paired differences.

    python benchmarks/udc.py pctsp --n 500 --count 64 --seconds 5 udc sisr
    python benchmarks/udc.py op --n 500 udc:divider=neural udc:divider=insertion
    python benchmarks/udc.py cvrp500 --data DIR --count 16 --seconds 10 udc sisr pyvrp

A solver may have options after a colon. ``tsp500``, ``cvrp500`` and ``ovrp500`` are
the test sets of UDC's paper in ``DIR/udc``, with gaps to their stored solutions; other
names are kinds whose instances are generated. Every solver has the same seconds and
one thread; each is run once before, to load its kernels. The differences are those
to the first solver, with 95 % confidence.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import combkit as ck

#: Options of generated instances, as in the tests of UDC's paper.
OPTIONS = {"mis": {"p": 0.15}, "mtsp": {"metric": "euclidean"}}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="a kind, tsp500, cvrp500 or ovrp500")
    parser.add_argument(
        "solvers", nargs="+", help="such as udc:divider=insertion,piece=300"
    )
    parser.add_argument("--data", type=Path, help="folder that holds udc/")
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--salesmen", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    problems, stored = zip(*instances(args), strict=True)
    known = all(value is not None for value in stored)
    rows = {}
    for word in args.solvers:
        name, options = spelled(word)
        ck.solve(problems[0], name, time_limit=min(2.0, args.seconds), **options)
        rows[word] = np.array(
            [
                ck.solve(
                    problem, name, time_limit=args.seconds, seed=args.seed, **options
                ).objective
                for problem in problems
            ],
            dtype=np.float64,
        )
        values = rows[word]
        line = f"{word:40} {values.mean():10.4f} +- {error(values):.4f}"
        if known:
            gaps = 100.0 * (values / np.array(stored, np.float64) - 1.0)
            line += f"  gap {gaps.mean():6.3f} +- {error(gaps):.3f} %"
        first = rows[args.solvers[0]]
        if word != args.solvers[0]:
            apart = 100.0 * (values / first - 1.0)
            line += f"  {apart.mean():+.3f} +- {1.96 * error(apart):.3f} % of the first"
        print(line, flush=True)


def error(values: np.ndarray) -> float:
    """Return the standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else 0.0


def spelled(word: str) -> tuple[str, dict[str, object]]:
    """Return the solver and the options of ``solver:name=value,name=value``."""
    name, _, rest = word.partition(":")
    options: dict[str, object] = {}
    for pair in rest.split(",") if rest else []:
        key, _, value = pair.partition("=")
        options[key] = int(value) if value.isdigit() else value
    return name, options


def instances(args: argparse.Namespace) -> Iterator[tuple[ck.Problem, float | None]]:
    """Yield instances and what is stored of them."""
    if args.name in ("tsp500", "cvrp500", "ovrp500"):
        if args.data is None:
            raise SystemExit(f"{args.name}: --data is needed")
        file = (
            "test_TSP500_n128.txt" if args.name == "tsp500" else "vrp500_test_lkh.txt"
        )
        lines = (args.data / "udc" / file).read_text().splitlines()[: args.count]
        for line in lines:
            yield tsp_of(line) if args.name == "tsp500" else cvrp_of(line, args.name)
        return
    for seed in range(args.count):
        n, options = args.n, dict(OPTIONS.get(args.name, {}))
        if args.name == "mis":
            n = int(np.random.default_rng(seed).integers(700, 801))
        if args.salesmen is not None:
            options["salesmen"] = args.salesmen
        yield ck.generate(args.name, n, seed=seed, **options), None


def tsp_of(line: str) -> tuple[ck.Problem, float]:
    """Return the TSP of a line ``x y ... output t1 ... tn t1`` and its length."""
    places, tour = line.split("output")
    problem = ck.TSP(np.array(places.split(), float).reshape(-1, 2))
    cities = np.array(tour.split(), int)[:-1] - 1
    return problem, problem.evaluate(ck.Tour(cities))


def cvrp_of(line: str, name: str) -> tuple[ck.Problem, float | None]:
    """Return the CVRP or OVRP of a line ``depot,x,y,customer,...,cost,c,...``."""
    words = line.strip().split(",")

    def between(first: str, last: str) -> np.ndarray:
        return np.array(words[words.index(first) + 1 : words.index(last)], float)

    places = np.r_[between("depot", "customer"), between("customer", "capacity")]
    demands = between("demand", "cost")
    if demands.size < places.size // 2:
        demands = np.r_[0.0, demands]
    capacity = float(between("capacity", "demand")[0])
    kind = ck.CVRP if name == "cvrp500" else ck.OVRP
    cost = float(between("cost", "node_flag")[0]) if name == "cvrp500" else None
    return kind(places.reshape(-1, 2), demands, capacity), cost


if __name__ == "__main__":
    main()
