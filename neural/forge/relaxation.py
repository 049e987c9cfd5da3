"""The linear relaxation of a program in canonical form, and what it says of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.neural.forge.canonical import Canonical

__all__ = ["RELAXED", "Relaxation", "described", "relax"]

Floats = NDArray[np.float64]

_NEAR = 1e-6
#: Names of what a relaxation says of a column.
RELAXED = (
    "value",
    "fraction",
    "at lower",
    "at upper",
    "reduced cost",
    "rank of reduced cost",
    "tight rows",
    "prices of rows",
    "largest price of a row",
    "fractional columns of rows",
    "share of activity",
    "largest share of activity",
    "first of its row",
    "first of all rows",
    "integers that are fractional",
    "share of integers",
    "log columns",
)


@dataclass(frozen=True, eq=False)
class Relaxation:
    """An optimum of the relaxation.

    Parameters
    ----------
    x : ndarray of float, shape (n,)
        Values of the columns of the canonical form.
    reduced : ndarray of float, shape (n,)
        Reduced costs.
    prices : ndarray of float, shape (m,)
        Dual values of its rows.
    """

    x: Floats
    reduced: Floats
    prices: Floats


def relax(form: Canonical, seconds: float) -> Relaxation | None:
    """Solve the relaxation of a canonical form.

    Parameters
    ----------
    form : Canonical
        The program.
    seconds : float
        Time limit.

    Returns
    -------
    Relaxation or None
        None where there is no optimum, or none in time.
    """
    import highspy

    from combkit.mip.highs_model import build, run_native

    lowest = np.where(form.equal, form.b, -np.inf)
    kinds = form.integer.astype(np.uint8)
    program = MIP(form.c, form.A, lowest, form.b, form.lower, form.upper, kinds)
    highs = build(program, relaxed=True)
    highs.setOptionValue("time_limit", seconds)
    run_native(highs, 1)
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = highs.getSolution()
    return Relaxation(
        *(
            np.array(part)
            for part in (solution.col_value, solution.col_dual, solution.row_dual)
        )
    )


def described(form: Canonical, optimum: Relaxation) -> Floats:
    """Return what the relaxation says of each column.

    Parameters
    ----------
    form : Canonical
        The program.
    optimum : Relaxation
        Its relaxation.

    Returns
    -------
    ndarray of float, shape (n, 17)
        See ``RELAXED``.
    """
    x, n = optimum.x, form.n
    part = np.where(form.integer, np.abs(x - np.round(x)), 0.0)
    fractional = part > _NEAR
    cost = float(np.abs(form.c).mean()) or 1.0
    A = sp.csr_array(form.A)
    count = np.diff(A.indptr)
    row = np.repeat(np.arange(form.m), count)
    column = A.indices
    used = A.data * x[column]
    slack = form.b - np.bincount(row, used, form.m)
    tight = np.abs(slack) <= _NEAR * np.maximum(1.0, np.abs(form.b))
    price = np.arcsinh(np.abs(optimum.prices) / cost)
    broken = np.bincount(row, fractional[column], form.m) / np.maximum(count, 1)
    total = np.bincount(row, np.abs(used), form.m)
    share = np.abs(used) / np.maximum(total[row], 1e-9)
    most = np.zeros(form.m)
    np.maximum.at(most, row, share)
    first = (share >= most[row] - 1e-9) & (share > 0.0)

    def mean(values: Any) -> Floats:
        entries = np.maximum(np.bincount(column, minlength=n), 1)
        summed: Floats = np.bincount(column, values, n) / entries
        return summed

    def largest(values: Floats) -> Floats:
        top = np.zeros(n)
        np.maximum.at(top, column, values)
        return top

    integers = max(1, int(form.integer.sum()))
    ones = np.ones(n)
    return np.column_stack(
        [
            np.arcsinh(x - np.where(np.isfinite(form.lower), form.lower, 0.0)),
            part,
            x - form.lower <= _NEAR,
            form.upper - x <= _NEAR,
            np.arcsinh(optimum.reduced / cost),
            _rank(np.abs(optimum.reduced)),
            mean(tight[row]),
            mean(price[row]),
            largest(price[row]),
            mean(broken[row]),
            mean(share),
            largest(share),
            mean(first),
            largest(first.astype(np.float64)),
            ones * (fractional.sum() / integers),
            ones * (integers / max(1, n)),
            ones * np.log1p(n),
        ]
    )


def _rank(values: Floats) -> Floats:
    place = np.empty(values.size)
    place[np.argsort(values, kind="stable")] = np.arange(values.size)
    return place / max(1, values.size)
