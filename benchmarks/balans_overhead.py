"""What Balans costs outside of its solvers: proposals, and the way around a part.

    python benchmarks/balans_overhead.py [--columns 100000] [--part 8000]

Random set covering with unit rows of ten columns, as many rows as columns. The
first table is the time of one proposal by each operator, its first call, which
prepares what the operator keeps, apart; ``lb-relax`` solves an LP in each, which
is not counted. The second is what a part costs besides HiGHS' own run: bounds in
and out, judging what was found. Processor time in milliseconds, median of ten.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.balans import engine_highs
from combkit.mip.balans.engine import SubProblem, minimised
from combkit.mip.balans.engine_highs import HighsEngine
from combkit.mip.balans.judge import Judge
from combkit.mip.balans.linear import LinearOptimum, LinearPart
from combkit.mip.balans.local import compiled
from combkit.mip.balans.operators import OPERATORS, Mutation
from combkit.mip.balans.state import Pool, State, Structure

_PER_ROW = 10
_REPEATS = 10


def covering(n: int, seed: int = 0) -> MIP:
    """Weighted set covering with n columns and n rows."""
    rng = np.random.default_rng(seed)
    cols = rng.integers(0, n, (n, _PER_ROW)).ravel()
    rows = np.repeat(np.arange(n), _PER_ROW)
    A = sp.csr_array((np.ones(cols.size), (rows, cols)), shape=(n, n))
    A.data[:] = 1.0  # duplicates were added up
    return MIP(
        rng.integers(1, 100, n).astype(float),
        A,
        np.ones(n),
        np.full(n, np.inf),
        np.zeros(n),
        np.ones(n),
        np.ones(n, dtype=np.uint8),
    )


def median(call: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of the first call and the median of the next ones."""
    times = []
    for _ in range(_REPEATS + 1):
        before = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - before))
    return times[0], float(np.median(times[1:]))


def proposals(n: int) -> None:
    """Print what proposals cost."""
    compiled(300.0)
    problem = minimised(covering(n))
    structure, rng = Structure(problem), np.random.default_rng(1)
    pool, x = Pool(structure), np.ones(n)
    for k in range(5):
        other = (rng.random(n) < 0.9).astype(float)
        pool.add(other, float(k))
    relaxed = LinearOptimum(rng.random(n), rng.normal(size=n), 0.0)
    state = State(structure, x, 0.0, pool, relaxed, lambda row: relaxed)
    print(f"{'operator':20}{'first':>10}{'median':>10}   ({n:,} columns, size 0.1)")
    for name, make in OPERATORS.items():
        operator = make()
        first, usual = median(lambda o=operator: o.propose(state, rng, 0.1))  # type: ignore[misc]
        print(f"{name:20}{first:10.1f}{usual:10.1f}", flush=True)


def around_a_part(n: int) -> None:
    """Print what a part costs outside HiGHS' run."""
    problem = covering(n)
    run = Run(problem)
    own = minimised(problem)
    structure = Structure(own)
    pool = Pool(structure)
    judge = Judge(run, structure, LinearPart(own, run), pool)
    engine = HighsEngine(own, run)
    x, rng = np.ones(n), np.random.default_rng(1)
    judge.take(x, "all")
    inside = 0.0
    native = engine_highs.run_native

    def timed(*arguments: object) -> object:
        nonlocal inside
        before = time.process_time()
        try:
            return native(*arguments)  # type: ignore[arg-type]
        finally:
            inside += time.process_time() - before

    engine_highs.run_native = timed  # type: ignore[assignment]
    times = []
    for _ in range(_REPEATS):
        inside, before = 0.0, time.process_time()
        state = State(structure, x, judge.value, pool)
        part = Mutation().propose(state, rng, 0.05)
        assert part is not None
        engine.solve(
            SubProblem(part.lower, part.upper, 5.0, judge.value - 1e-5),
            lambda values: judge.take(values, "part"),
        )
        times.append(1e3 * (time.process_time() - before - inside))
    print(f"{'around a part':20}{times[0]:10.1f}{np.median(times):10.1f}   ({n:,})")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Overhead of Balans.")
    parser.add_argument("--columns", type=int, default=100_000)
    parser.add_argument("--part", type=int, default=8000)
    args = parser.parse_args()
    proposals(args.columns)
    around_a_part(args.part)


if __name__ == "__main__":
    main()
    os._exit(0)
