"""The options of a solver, read from its signature."""

from __future__ import annotations

import inspect

from combkit.comb.registry import find
from combkit.instances.solver import SolverInfo

__all__ = ["accepts", "options"]


def options(row: SolverInfo) -> dict[str, inspect.Parameter]:
    """Return the keyword options of a solver by name; this imports the solver."""
    parameters = inspect.signature(row.load()).parameters
    return {n: p for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


def accepts(solver: str, kind: str, option: str) -> bool:
    """Whether a solver of a kind takes an option; ``auto`` takes none."""
    return solver != "auto" and option in options(find(solver, kind))
