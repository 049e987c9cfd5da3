"""``combkit warmup``: compile every kernel ahead of the first run."""

from __future__ import annotations

import argparse
import time

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import examples
from combkit.comb.registry import solvers
from combkit.comb.solve import solve
from combkit.instances.generators import generate
from combkit.instances.kernels import cache_folder
from combkit.instances.stop import MaxIterations

__all__ = ["configure", "run"]

#: Cities, customers, jobs or items of the instances that are solved to compile.
_SIZE = 12


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Solve a tiny instance with each solver that has compiled kernels. They are\n"
        "kept on disk, so that later processes only load them."
    )
    parser.epilog = examples("combkit warmup")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Compile, and print what took how long."""
    for row in solvers():
        if "numba" not in row.packages or not row.available:
            continue
        for kind in row.kinds:
            problem = generate(kind, _SIZE, seed=0)
            began = time.perf_counter()
            solve(problem, row.name, stop=MaxIterations(1), time_limit=600)
            seconds = time.perf_counter() - began
            print(f"{row.name:<20} {kind:<6} {seconds:6.2f} s", flush=True)
    print(f"kernels are in {cache_folder()}")
    return Exit.OK
