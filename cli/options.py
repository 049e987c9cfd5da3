"""The options of a solver, read from its signature."""

from __future__ import annotations

import inspect

from combkit.comb.registry import find
from combkit.instances.solver import SolverInfo

__all__ = ["accepts", "options"]


def options(row: SolverInfo) -> dict[str, inspect.Parameter]:
    """Return the options of a solver by name; this imports the solver.

    ``"**name"`` stands for any further options, of the native solver.
    """
    found = {}
    for name, parameter in inspect.signature(row.load()).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            found[name] = parameter
        elif parameter.kind is parameter.VAR_KEYWORD:
            found[f"**{name}"] = parameter
    return found


def accepts(solver: str, kind: str, option: str) -> bool:
    """Whether a solver of a kind takes an option; ``auto`` takes none."""
    return solver != "auto" and option in options(find(solver, kind))
