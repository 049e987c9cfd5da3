"""The objective of a model; its linear part stands with the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.mip.modelling.expressions import as_block
from combkit.mip.modelling.quadratic import Quadratic
from combkit.mip.modelling.scalars import NUMBERS, foreign
from combkit.mip.modelling.store import Columns

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Goal"]

Floats = NDArray[np.float64]


class Goal:
    """What a model optimises.

    Parameters
    ----------
    columns : Columns
        The variables, which hold the linear coefficients.

    Attributes
    ----------
    offset : float
        The constant.
    maximizing : bool
        The sense.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.offset = 0.0
        self.maximizing = False
        self._products: tuple[Any, Any, Floats] | None = None

    def set(self, model: Model, expression: Any, *, maximize: bool) -> None:
        """Replace the objective.

        Parameters
        ----------
        model : Model
            The model that it is for.
        expression : Expression, Linear, Variable, Quadratic or float
            A single expression.
        maximize : bool
            The sense.

        Raises
        ------
        UsageError
            If it is no single expression of the model, or not finite somewhere.
        """
        products = None
        if isinstance(expression, Quadratic):
            products, expression = expression.products(), expression.linear
        cols, coefs = np.zeros(0, np.intp), np.zeros(0)
        if isinstance(expression, NUMBERS):
            offset = float(expression)
        else:
            block = as_block(expression)
            if block is None:
                raise UsageError(f"no expression: {type(expression).__name__}")
            if block.model is not model:
                raise foreign()
            if block.shape:
                raise UsageError(
                    f"an objective is single, not of shape {block.shape}: sum it"
                )
            cols, coefs = block.terms()
            self._columns.check(cols)
            offset = float(block.constant)
        quadratic = np.zeros(0) if products is None else products[2]
        _require_finite([offset, coefs.sum(), quadratic.sum()])
        cost = self._columns.cost
        cost[:] = 0.0
        np.add.at(cost, cols, coefs)
        self.offset, self.maximizing, self._products = offset, maximize, products

    def change_costs(self, ids: Any, values: Any) -> None:
        """Set linear coefficients by number of variable."""
        self._columns.check(ids)
        _require_finite(values)
        self._columns.cost[ids] = values

    def set_products(self, rows: Any, cols: Any, values: Floats) -> None:
        """Set the products by numbers of both variables and coefficient."""
        self._products = np.asarray(rows), np.asarray(cols), values

    def hessian(self) -> Any:
        """Return the lower triangle of the Hessian over the columns, None if linear."""
        if self._products is None:
            return None
        columns = self._columns
        rows, cols, values = self._products
        columns.check(rows)
        columns.check(cols)
        place = columns.positions()
        rows, cols = place[rows], place[cols]
        n = columns.count - columns.removed
        values = np.where(rows == cols, 2.0, 1.0) * values
        low, high = np.minimum(rows, cols), np.maximum(rows, cols)
        H = sp.csc_array(sp.coo_array((values, (high, low)), shape=(n, n)))
        H.sum_duplicates()
        H.eliminate_zeros()
        return H if H.nnz else None

    def saved(self) -> Any:
        """Return the objective in a form that ``restore`` takes."""
        return self._columns.cost.copy(), self.offset, self.maximizing, self._products

    def restore(self, saved: Any) -> None:
        """Set the objective to what it was; variables added since cost nothing."""
        cost, self.offset, self.maximizing, self._products = saved
        self._columns.cost[: cost.size] = cost
        self._columns.cost[cost.size :] = 0.0


def _require_finite(values: Any) -> None:
    if not np.isfinite(values).all():
        raise UsageError("the objective has a coefficient that is not finite")
