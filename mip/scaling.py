"""Coefficients that no solver's tolerances can tell from noise, by name."""

from __future__ import annotations

import warnings

import numpy as np

from combkit.instances.mip import MIP

__all__ = ["ScalingWarning", "warn_of_scaling"]

#: Sizes of coefficients that are in order.
_SMALL, _LARGE = 1e-9, 1e9


class ScalingWarning(UserWarning):
    """A model has coefficients far outside of what solvers work with."""


def warn_of_scaling(problem: MIP) -> None:
    """Warn of coefficients below 1e-9 or above 1e9 in size, naming the extremes.

    Parameters
    ----------
    problem : MIP
        The problem; infinite bounds are no coefficients.

    Warns
    -----
    ScalingWarning
        With the rows and variables of the smallest and the largest one.
    """
    A, used = problem.A, np.flatnonzero(problem.c)
    sizes = np.abs(np.concatenate([A.data, problem.c[used]]))
    if not sizes.size or (sizes.min() >= _SMALL and sizes.max() <= _LARGE):
        return

    def told(k: int) -> str:
        if k >= A.nnz:
            where = f"objective, variable {problem.col_name(int(used[k - A.nnz]))}"
        else:
            i = int(np.searchsorted(A.indptr, k, side="right")) - 1
            j = int(A.indices[k])
            where = f"row {problem.row_name(i)}, variable {problem.col_name(j)}"
        return f"{sizes[k]:.3g} ({where})"

    warnings.warn(
        f"coefficients from {told(int(sizes.argmin()))} to "
        f"{told(int(sizes.argmax()))}: solvers work with tolerances around 1e-6, "
        "what they return may violate the model",
        ScalingWarning,
        stacklevel=3,
    )
