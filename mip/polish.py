"""The last step of every MIP solver: a solution that holds in original space.

Solvers work on scaled, presolved models with tolerances of their own. Here the
integers of the incumbent are rounded and fixed, the LP that is left is solved
again on the original data, and the result is judged by the problem itself.
"""

from __future__ import annotations

import dataclasses
import threading

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP, TOLERANCE
from combkit.instances.run import Run
from combkit.instances.solutions import Values
from combkit.mip.highs_model import build, run_native

__all__ = ["polish"]

#: Seconds that the LP may take; it is one of few free variables.
_SECONDS = 1.0
#: Feasibility tolerance of the LP, well below the one that is checked.
_FEASIBILITY = 1e-9


def polish(problem: MIP, run: Run, source: str) -> None:
    """Put a repaired incumbent in the place of one that violates the problem.

    Parameters
    ----------
    problem : MIP
        The problem.
    run : Run
        The run, after its solver has ended. Its incumbent stays where it
        violates nothing, or where the repair fails.
    source : str
        Name of the solver.
    """
    if run.solution is None:
        return
    x = run.solution.values
    if problem.violation(x) <= TOLERANCE:
        return
    repaired = _fixed_lp(problem, x)
    if repaired is not None and problem.violation(repaired) <= TOLERANCE:
        run.replace(Values(repaired, problem.col_names), f"{source}-polish")


def _fixed_lp(problem: MIP, x: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Solve the LP over the continuous variables, the integers fixed."""
    integer = problem.integrality == 1
    fixed = np.round(x)
    if integer.all():
        return fixed
    lower = np.where(integer, fixed, problem.lower)
    upper = np.where(integer, fixed, problem.upper)
    highs = build(dataclasses.replace(problem, lower=lower, upper=upper), relaxed=True)
    highs.setOptionValue("time_limit", _SECONDS)
    highs.setOptionValue("primal_feasibility_tolerance", _FEASIBILITY)
    # Presolve may overrun its limit: the thread is left behind if it does.
    call = threading.Thread(target=run_native, args=(highs, 1), daemon=True)
    call.start()
    call.join(2 * _SECONDS)
    if call.is_alive() or highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    values = np.array(highs.getSolution().col_value)
    return np.where(integer, fixed, values)
