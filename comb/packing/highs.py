"""Knapsacks and set cover through HiGHS."""

from __future__ import annotations

from combkit.comb.as_mip import solve_as_mip
from combkit.comb.packing.as_mip import Binary, is_integral, model
from combkit.instances.run import Outcome, Run

__all__ = ["solve"]


def solve(problem: Binary, run: Run) -> Outcome:
    """Solve as an integer program, from ``run.initial`` on if there is one.

    An iteration is a node. The options of the run apply; those of HiGHS are at
    their defaults.
    """
    from combkit.mip import highs

    return solve_as_mip(
        problem,
        model(problem),
        run,
        highs.solve,
        "highs",
        integral=is_integral(problem),
    )
