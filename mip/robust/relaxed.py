"""The relaxation of a robust knapsack: binary first stages, mixtures of any kind.

See `combkit.mip.robust.branch_and_cut`.
"""

from __future__ import annotations

from collections.abc import Iterator

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Run
from combkit.mip.highs_model import build, run_native

__all__ = ["relaxation", "roundings"]

#: Shares of an item in the linear relaxation from which a rounding accepts it.
_THRESHOLDS = (0.05, 0.25, 0.5, 0.75)


def relaxation(problem: RobustKnapsack) -> MIP:
    """Return the program of binary first stages and relaxed mixtures.

    Its variables are x, Y, R, the price of the budget and those of single shares.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    """
    n = problem.n
    one, none = sp.eye_array(n), sp.csr_array((n, n))
    column, no_column = np.ones((n, 1)), np.zeros((n, 1))
    lost = sp.diags_array(problem.degradations)
    weights = np.r_[
        np.zeros(n), problem.weights, problem.repairs, np.zeros(n + 1)
    ].reshape(1, -1)
    A = sp.vstack(
        [
            sp.hstack([none, -lost, lost, column, one]),
            sp.hstack([one, -one, none, no_column, none]),
            sp.hstack([none, one, -one, no_column, none]),
            weights,
        ],
        format="csr",
    )
    rows = 3 * n
    return MIP(
        np.r_[
            problem.margins,
            problem.outsourcing,
            np.zeros(n),
            -problem.budget,
            -np.ones(n),
        ],
        A,
        np.r_[np.zeros(rows), -np.inf],
        np.r_[np.full(rows, np.inf), problem.capacity],
        np.zeros(4 * n + 1),
        np.r_[np.ones(3 * n), np.full(n + 1, np.inf)],
        np.r_[np.ones(n, dtype=np.int64), np.zeros(3 * n + 1, dtype=np.int64)],
        maximize=True,
    )


def roundings(program: MIP, n: int, run: Run) -> Iterator[NDArray[np.bool_]]:
    """Yield first stages that round the linear relaxation, most items first.

    Parameters
    ----------
    program : MIP
        The relaxation.
    n : int
        Number of items.
    run : Run
        The run, whose time it is.
    """
    highs = build(program, relaxed=True)
    run.supervise(lambda: run_native(highs, run.threads))
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return
    shares = np.array(highs.getSolution().col_value)[:n]
    for threshold in _THRESHOLDS:
        if run.should_stop():
            return
        yield shares > threshold
