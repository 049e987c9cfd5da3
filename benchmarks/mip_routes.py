"""How fast a mip gets from arrays into a solver, and from a file into arrays.

    python benchmarks/mip_routes.py [--nnz 1000000] [--repeat 3]

A binary program with about ten nonzeros a row is built from a SciPy CSR matrix:
into HiGHS; into SCIP by our route, by PySCIPOpt's functions and by an MPS file
that HiGHS writes. The same program is read from MPS by HiGHS alone and by us. The
best of the repetitions counts.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pyscipopt
import scipy.sparse as sp

from combkit.instances.formats import read
from combkit.instances.formats.mip_text import mps_text
from combkit.instances.mip import MIP
from combkit.mip import scip_model
from combkit.mip.highs_model import build as build_highs


def program(nnz: int) -> MIP:
    """A covering program with ten nonzeros a row."""
    m = n = nnz // 10
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(m), 10)
    values = rng.integers(1, 10, nnz).astype(float)
    A = sp.csr_array((values, (rows, rng.integers(0, n, nnz))), shape=(m, n))
    return MIP(rng.integers(1, 100, n), A, 5.0, np.inf, 0, 1, 1)


def scip_by_mps(problem: MIP, folder: Path) -> pyscipopt.Model:
    """The detour over a file that HiGHS writes."""
    path = folder / "detour.mps"
    build_highs(problem).writeModel(str(path))
    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(str(path))
    return model


def scip_by_our_mps(problem: MIP, folder: Path) -> pyscipopt.Model:
    """The detour over a file that we write."""
    path = folder / "detour.mps"
    path.write_text("".join(mps_text(problem)))
    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(str(path))
    return model


def scip_by_functions(problem: MIP) -> pyscipopt.Model:
    """PySCIPOpt's addVar, addCons and addConsCoeff."""
    return scip_model.ScipModel(problem, None).model


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def highs_read(path: Path) -> highspy.Highs:
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(path))
    return highs


def best(repeat: int, *functions: Callable[[], Any]) -> list[float]:
    """Seconds of each function's fastest call, the functions taking turns.

    What they return is freed outside the clock.
    """
    seconds = [float("inf")] * len(functions)
    for _ in range(repeat):
        for k, function in enumerate(functions):
            start = time.perf_counter()
            kept = function()
            seconds[k] = min(seconds[k], time.perf_counter() - start)
            del kept
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nnz", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    problem = program(options.nnz)
    size = problem.size
    print(f"{size['rows']} rows, {size['cols']} columns, {size['nnz']} nonzeros\n")
    print("| route | seconds | ratio |\n|---|---|---|")

    def row(route: str, seconds: float, base: float | None = None) -> None:
        ratio = "" if base is None else f"{seconds / base:.2f}"
        print(f"| {route} | {seconds:.3f} | {ratio} |", flush=True)

    with folder() as where:
        row("CSR -> HiGHS", best(options.repeat, lambda: build_highs(problem))[0])
        routes = {
            "CSR -> SCIP, PySCIPOpt": lambda: scip_by_functions(problem),
            "CSR -> SCIP, HiGHS' MPS": lambda: scip_by_mps(problem, where),
            "CSR -> SCIP, our MPS": lambda: scip_by_our_mps(problem, where),
            "CSR -> SCIP, combkit": lambda: scip_model.build(problem),
        }
        *slow, ours = best(options.repeat, *routes.values())
        for route, seconds in zip(routes, (*slow, ours), strict=True):
            row(route, seconds, min(slow))
        path = where / "big.mps"
        build_highs(problem).writeModel(str(path))
        alone, ours = best(options.repeat, lambda: highs_read(path), lambda: read(path))
        row("MPS, HiGHS alone", alone, alone)
        row("MPS, combkit", ours, alone)


if __name__ == "__main__":
    main()
