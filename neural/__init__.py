"""Learned heuristics; they arrive with their issues. Nothing here loads torch."""

from combkit.instances.solver import SolverInfo

__all__ = ["SOLVERS"]

#: Solvers of this package, by row; see ``combkit.instances.solver.SolverInfo``.
SOLVERS: tuple[SolverInfo, ...] = ()
