"""Knapsacks and set cover through CP-SAT."""

from __future__ import annotations

from combkit.comb.as_mip import solve_as_mip
from combkit.comb.packing.as_mip import Binary, is_integral, model
from combkit.instances.run import Outcome, Run

__all__ = ["solve", "supports"]


def supports(problem: Binary) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    from combkit.mip import cpsat

    return cpsat.supports(model(problem))


def solve(problem: Binary, run: Run) -> Outcome:
    """Solve as an integer program, from ``run.initial`` on if there is one."""
    from combkit.mip import cpsat

    return solve_as_mip(
        problem,
        model(problem),
        run,
        cpsat.solve,
        "cpsat",
        integral=is_integral(problem),
    )
