"""``combkit warmup``: compile every kernel ahead of the first run."""

from __future__ import annotations

import argparse
import time

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import examples
from combkit.cli.rehearsal import rehearse
from combkit.comb.registry import solvers
from combkit.instances.kernels import cache_folder

__all__ = ["configure", "run"]


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
            began = time.perf_counter()
            rehearse(row.name, kind)
            seconds = time.perf_counter() - began
            print(f"{row.name:<20} {kind:<6} {seconds:6.2f} s", flush=True)
    print(f"kernels are in {cache_folder()}")
    return Exit.OK
