"""A foretold objective put to the test: as a cutoff, on a copy of the program."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from combkit.comb.solve import solve
from combkit.instances.errors import UsageError
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.solutions import Values

__all__ = ["Trial", "trial_cutoff"]


@dataclass(frozen=True, eq=False)
class Trial:
    """What became of a cutoff.

    Parameters
    ----------
    cutoff : float
        Objective that solutions had to reach.
    reached : bool or None
        Whether one does; None where time was over before that was known.
    bound : float
        What no solution of the program is better than, proven.
    solution : Values or None
        A solution that reaches it.
    objective : float or None
        Its objective.
    """

    cutoff: float
    reached: bool | None
    bound: float
    solution: Values | None
    objective: float | None


def trial_cutoff(
    program: MIP, cutoff: float, seconds: float, *, threads: int = 1
) -> Trial:
    """Look for a solution that reaches an objective, or prove that there is none.

    The objective becomes a row of a copy, which HiGHS solves. A foretold optimum may
    be wrong, so as a row of the program itself it could cut off all solutions; here it
    gives a solution or a bound, and both are valid for the program.

    Parameters
    ----------
    program : MIP
        The program; not an extended one.
    cutoff : float
        The objective to reach.
    seconds : float
        Time limit.
    threads : int
        Threads of HiGHS.

    Raises
    ------
    UsageError
        If the cutoff is not finite.
    """
    if not np.isfinite(cutoff):
        raise UsageError(f"cutoff: {cutoff} is not finite")
    end = cutoff - program.offset
    low, high = (end, np.inf) if program.maximize else (-np.inf, end)
    copy = replace(
        program,
        A=sp.vstack([program.A, sp.csr_array(program.c[None])]),
        row_lower=np.append(program.row_lower, low),
        row_upper=np.append(program.row_upper, high),
        row_names=None,
    )
    result = solve(copy, "highs", time_limit=seconds, threads=threads)
    found = result.solution if isinstance(result.solution, Values) else None
    if found is not None and program.check(found):
        found = None
    sign = -1.0 if program.maximize else 1.0
    # Solutions are worse than the cutoff, or those of the copy.
    proven = -np.inf if result.bound is None else sign * result.bound
    if result.status == Status.INFEASIBLE:
        proven = np.inf
    bound = proven if found is not None else min(proven, sign * cutoff)
    reached = None if found is None else True
    if found is None and result.status == Status.INFEASIBLE:
        reached = False
    return Trial(
        cutoff=cutoff,
        reached=reached,
        bound=float(sign * bound),
        solution=found,
        objective=None if found is None else program.evaluate(found),
    )
