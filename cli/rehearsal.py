"""Tiny solves: they compile kernels and load packages before it counts."""

from __future__ import annotations

import contextlib

from combkit.comb.registry import solvers
from combkit.comb.solve import solve
from combkit.instances.errors import CombkitError
from combkit.instances.generators import GENERATORS, generate
from combkit.instances.problem import Problem
from combkit.instances.shops import Modelled
from combkit.instances.stop import MaxIterations

__all__ = ["rehearse", "tiny"]

#: Cities, customers, jobs or items of the instances.
_SIZE = 12
#: Seconds that compiling may take.
_WALL = 600.0


def tiny(kind: str) -> Problem | None:
    """Return a tiny problem of a kind, or None where none can be made."""
    if kind == "scheduling":
        project = generate("rcpsp", _SIZE, seed=0)
        return project.model if isinstance(project, Modelled) else None
    return generate(kind, _SIZE, seed=0) if kind in GENERATORS else None


def rehearse(solver: str, kind: str, seconds: float = _WALL) -> None:
    """Let a solver take its first step on a tiny problem.

    Parameters
    ----------
    solver : str
        Its name; ``auto`` stands for every solver of the kind.
    kind : str
        Problem kind.
    seconds : float
        Seconds that each solver gets.
    """
    problem = tiny(kind)
    if problem is None:
        return
    names = [solver]
    if solver == "auto":
        names = [row.name for row in solvers(kind) if row.available]
    for name in names:
        # What does not work here says so where it matters.
        with contextlib.suppress(CombkitError):
            solve(problem, name, stop=MaxIterations(1), time_limit=seconds)
