"""Tours that choose whom to visit, and salesmen who share, on published instances.

    python benchmarks/outings.py oplib --data DIR --seconds 10 --largest 400
    python benchmarks/outings.py pctsp --n 500 --count 64 --seconds 5
    python benchmarks/outings.py mtsp --n 500 --salesmen 30 --count 10 --seconds 5

``oplib`` prints a line a file, with the score of EA4OP that comes with it; ``pctsp``
and ``mtsp`` print means and standard errors over generated instances. One thread;
kernels are loaded before.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

import combkit as ck
from combkit.instances.formats import stated_objective


def main() -> None:
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "oplib": oplib,
        "pctsp": pctsp,
        "mtsp": mtsp,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=parts)
    parser.add_argument("--data", type=Path, help="folder that holds routing/oplib")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--largest", type=int, default=400)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--salesmen", type=int, default=30)
    args = parser.parse_args()
    if args.part == "oplib" and args.data is None:
        parser.error("oplib: --data is needed")
    ck.solve(ck.generate("op", 60, seed=0), "sisr", stop=ck.MaxIterations(500))
    ck.solve(ck.generate("pctsp", 60, seed=0), "sisr", stop=ck.MaxIterations(500))
    ck.solve(ck.generate("mtsp", 60, seed=0), "sisr", stop=ck.MaxIterations(500))
    parts[args.part](args)


def oplib(args: argparse.Namespace) -> None:
    """Print scores beside those of EA4OP."""
    folder = args.data / "routing" / "oplib"
    gaps = []
    for path in sorted((folder / "instances").rglob("*.oplib")):
        problem = ck.read(path)
        if problem.size["n"] >= args.largest:
            continue
        name = path.relative_to(folder / "instances").with_suffix(".sol")
        theirs = stated_objective(folder / "solutions" / name, problem)
        result = ck.solve(problem, "sisr", time_limit=args.seconds, seed=1)
        assert theirs is not None
        assert result.objective is not None
        gaps.append(100.0 * (theirs - result.objective) / theirs)
        row = f"{name.stem:24} {theirs:8.0f} {result.objective:8.0f} {gaps[-1]:7.2f} %"
        print(row, flush=True)
    reached = sum(gap <= 0.0 for gap in gaps)
    print(f"{reached} of {len(gaps)} not below EA4OP, mean gap {np.mean(gaps):.2f} %")


def pctsp(args: argparse.Namespace) -> None:
    """Print the mean cost of prize-collecting tours."""
    told("pctsp", args, lambda seed: ck.generate("pctsp", args.n, seed=seed))


def mtsp(args: argparse.Namespace) -> None:
    """Print the mean longest tour."""
    options = {"salesmen": args.salesmen, "metric": "euclidean"}
    told("mtsp", args, lambda seed: ck.generate("mtsp", args.n, seed=seed, **options))


def told(
    kind: str, args: argparse.Namespace, make: Callable[[int], ck.Problem]
) -> None:
    """Print mean and standard error over generated instances."""
    results = [
        ck.solve(make(seed), "sisr", time_limit=args.seconds, seed=1)
        for seed in range(1, args.count + 1)
    ]
    values = np.array([result.objective for result in results])
    error = values.std(ddof=1) / np.sqrt(values.size)
    proven = sum(result.status == ck.Status.OPTIMAL for result in results)
    print(
        f"{kind}, n = {args.n}: mean {values.mean():.4f} ± {error:.4f} over "
        f"{values.size}, {proven} proven"
    )


if __name__ == "__main__":
    main()
