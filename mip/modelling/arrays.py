"""A model as arrays, ready for a solver: gaps closed, scale looked at."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import CombkitWarning
from combkit.mip.modelling.store import INTEGER, Columns, Rows

__all__ = ["Arrays", "ScaleWarning", "arrays_of", "warn_of_scale"]

Floats = NDArray[np.float64]

#: Sizes of coefficients outside of which solvers' tolerances lose their meaning.
_SMALL, _LARGE = 1e-9, 1e9


class ScaleWarning(CombkitWarning):
    """A model has coefficients that solvers may take for zero or lose."""


class Arrays(NamedTuple):
    """The linear part of a model.

    Parameters
    ----------
    c, lower, upper : ndarray of float, shape (n,)
        Costs and bounds.
    A : csr_array, shape (m, n)
        Coefficients, canonical, with 32-bit indices.
    row_lower, row_upper : ndarray of float, shape (m,)
        Row bounds.
    integrality : ndarray of int, shape (n,)
        1 where integral.
    offset : float
        Constant of the objective.
    maximize : bool
        Whether the objective is maximised.
    col_ids, row_ids : ndarray of int
        Number in the model of each column and row.
    """

    c: Floats
    A: Any
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integrality: NDArray[np.uint8]
    offset: float
    maximize: bool
    col_ids: Any
    row_ids: Any

    @property
    def n(self) -> int:
        """Number of columns."""
        return int(self.c.size)

    @property
    def m(self) -> int:
        """Number of rows."""
        return int(self.row_lower.size)


def arrays_of(columns: Columns, rows: Rows, offset: float, maximize: bool) -> Arrays:
    """Return what columns and rows hold; views where nothing was removed.

    Parameters
    ----------
    columns, rows : Columns, Rows
        The parts of a model.
    offset : float
        Constant of the objective.
    maximize : bool
        Whether the objective is maximised.
    """
    A = rows.matrix(columns.count)
    col_ids, row_ids = columns.left, rows.left
    if columns.removed:
        A = A[:, col_ids]
    if rows.removed:
        A = A[row_ids]
    c, lower, upper = columns.cost, columns.lower, columns.upper
    kind: Any = columns.kind
    row_lower, row_upper = rows.lower, rows.upper
    if columns.removed:
        c, lower, upper = c[col_ids], lower[col_ids], upper[col_ids]
        kind = kind[col_ids]
    if rows.removed:
        row_lower, row_upper = row_lower[row_ids], row_upper[row_ids]
    return Arrays(
        c,
        A,
        row_lower,
        row_upper,
        lower,
        upper,
        (kind == INTEGER).view(np.uint8),
        offset,
        maximize,
        col_ids,
        row_ids,
    )


def warn_of_scale(
    given: Arrays, row_name: Callable[[int], str], col_name: Callable[[int], str]
) -> None:
    """Warn of coefficients so small or large that tolerances swallow them."""
    for at in _extremes(given.A.data):
        row = int(np.searchsorted(given.A.indptr, at, side="right")) - 1
        column, where = int(given.A.indices[at]), row_name(int(given.row_ids[row]))
        _warn(given.A.data[at], col_name(int(given.col_ids[column])), where)
    costs = np.flatnonzero(given.c)
    for at in _extremes(given.c[costs]):
        column = int(costs[at])
        _warn(given.c[column], col_name(int(given.col_ids[column])), "the objective")


def _extremes(values: Floats) -> list[int]:
    """Return where the smallest and the largest value stand that are out of range."""
    if not values.size:
        return []
    sizes = np.abs(values)
    places = int(np.argmin(sizes)), int(np.argmax(sizes))
    return [at for at in places if not _SMALL <= sizes[at] <= _LARGE]


def _warn(value: float, column: str, where: str) -> None:
    warnings.warn(
        f"the coefficient {value:g} of {column} in {where} is badly scaled: solvers "
        f"are reliable between {_SMALL:g} and {_LARGE:g}",
        ScaleWarning,
        stacklevel=5,
    )
