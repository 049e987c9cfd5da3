"""Points of a model, and what it knows of its last solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.mip.modelling.expressions import as_block
from combkit.mip.modelling.scalars import Variable

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Answer", "Point"]

Floats = NDArray[np.float64]

_ONLY_LP = "only a linear program that highs solved to optimality has them"


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Values of all variables of a model.

    Parameters
    ----------
    model : Model
        The model.
    values : ndarray of float
        By number of variable; NaN for those that were removed.
    objective : float
        Value of the objective.
    """

    model: Model
    values: Floats
    objective: float = np.nan

    def value(self, block: Any) -> Any:
        """Return the value of variables or expressions, of their shape.

        Parameters
        ----------
        block : Variable, Variables, Linear or Expression
            What is evaluated.
        """
        if isinstance(block, Variable):
            return float(self.values[block.index])
        ids = getattr(block, "ids", None)
        if ids is not None:
            return self.values[ids]
        expression = as_block(block)
        if expression is None:
            raise UsageError(f"no expression: {type(block).__name__}")
        return expression.value_at(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Values by number of column and row, as of the last solve.

    Parameters
    ----------
    model : Model
        The model.
    values : ndarray of float or None
        Values of the variables; NaN for those removed before.
    duals, reduced_costs : ndarray of float or None
        Of rows and columns, where the solver gave them.
    pool : tuple of Point
        Solutions, the best first.
    """

    model: Model
    values: Floats | None = None
    duals: Floats | None = None
    reduced_costs: Floats | None = None
    pool: tuple[Point, ...] = ()

    def value(self, ids: Any) -> Any:
        """Return the values of some variables.

        Raises
        ------
        UsageError
            If there is no solution, or a variable is newer than it.
        """
        return _chosen(self.values, ids, "value", "no solution was found")

    def activity(self, ids: Any) -> Any:
        """Return the values of the terms of some rows."""
        A = self.model.rows.matrix(self.model.columns.count)
        values = np.where(self.model.columns.alive, np.nan, 0.0)
        known = self.value(slice(None))
        values[: known.size] = np.where(np.isnan(known), 0.0, known)
        return (A[np.ravel(ids)] @ values).reshape(np.shape(ids))

    def dual(self, ids: Any) -> Any:
        """Return the duals of some rows."""
        return _chosen(self.duals, ids, "dual", _ONLY_LP)

    def reduced_cost(self, ids: Any) -> Any:
        """Return the reduced costs of some variables."""
        return _chosen(self.reduced_costs, ids, "reduced cost", _ONLY_LP)


def _chosen(vector: Floats | None, ids: Any, what: str, why: str) -> Any:
    if vector is None:
        raise UsageError(f"there is no {what}: {why}")
    if not isinstance(ids, slice) and np.size(ids) and np.max(ids) >= vector.size:
        raise UsageError(f"there is no {what} yet: solve again after adding")
    return vector[ids]
