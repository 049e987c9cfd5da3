"""Blocks of variables and of rows that a model has, with their attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from combkit.mip.modelling.expressions import Expression, data_of
from combkit.mip.modelling.indexing import (
    axis_order,
    index_key,
    new_shape,
    opened_axes,
)
from combkit.mip.modelling.labels import Axes, ByLabel, selected
from combkit.mip.modelling.pieces import Uniform
from combkit.mip.modelling.scalars import Constraint, Variable
from combkit.mip.modelling.store import KINDS

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Constraints", "Variables"]

Shape = tuple[int, ...]


class Variables(Expression):
    """A block of variables.

    Parameters
    ----------
    model : Model
        Their model.
    ids : ndarray of int32
        Numbers of the variables, which stay when others are removed.
    axes : tuple of Labels or None
        Labels of each axis.
    """

    __slots__ = ("_item", "ids")

    def __init__(
        self, model: Model, ids: Any, axes: Axes, open: tuple[int, ...] = ()
    ) -> None:
        piece = Uniform(ids[..., None], 1.0)
        super().__init__(model, ids.shape, (piece,), 0.0, axes, open)
        self.ids = ids
        self._item = ids.item

    def __repr__(self) -> str:
        return f"<variables of shape {self.shape}>"

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.ids.tobytes())

    def __getitem__(self, key: Any) -> Any:
        if len(self.shape) == (len(key) if type(key) is tuple else type(key) is int):
            try:
                return Variable(self.model, self._item(key))
            except (TypeError, ValueError):
                pass
        full = index_key(key, self.ndim)
        ids = self.ids[full]
        if not np.ndim(ids):
            return Variable(self.model, int(ids))
        axes = selected(self.axes, full, ids.ndim)
        return Variables(self.model, ids, axes, opened_axes(full))

    def reshape(self, *shape: Any) -> Expression:
        """Return the variables in another shape, in C order, without labels."""
        ids = self.ids.reshape(new_shape(self.shape, shape))
        return Variables(self.model, ids, (None,) * ids.ndim)

    def transpose(self, *order: int) -> Expression:
        """Return the block with its axes in another order, reversed without one."""
        axes = axis_order(order, self.ndim)
        labels = tuple(self.axes[a] for a in axes)
        return Variables(self.model, self.ids.transpose(axes), labels)

    # -- attributes --------------------------------------------------------

    def _data(self, values: Any) -> Any:
        return data_of(values, self.shape, self.axes)

    @property
    def names(self) -> Any:
        """Names, as an array of objects of the block's shape."""
        flat = [self.model.columns.name(k) for k in self.ids.ravel().tolist()]
        names = np.empty(self.size, object)
        names[:] = flat
        return names.reshape(self.shape)

    @property
    def lower(self) -> Any:
        """Lower bounds, read-only; assigning changes them in the model."""
        return _read_only(self.model.columns.lower[self.ids])

    @lower.setter
    def lower(self, values: Any) -> None:
        self.model.change_columns(self.ids, lower=self._data(values))

    @property
    def upper(self) -> Any:
        """Upper bounds, read-only; assigning changes them in the model."""
        return _read_only(self.model.columns.upper[self.ids])

    @upper.setter
    def upper(self, values: Any) -> None:
        self.model.change_columns(self.ids, upper=self._data(values))

    @property
    def cost(self) -> Any:
        """Coefficients in the objective; assigning changes them in the model."""
        return _read_only(self.model.columns.cost[self.ids])

    @cost.setter
    def cost(self, values: Any) -> None:
        self.model.goal.change_costs(self.ids, self._data(values))

    @property
    def kind(self) -> Any:
        """Kinds, as an array of strings; assigning one changes all in the model."""
        return np.array(KINDS)[self.model.columns.kind[self.ids]]

    @kind.setter
    def kind(self, kind: str) -> None:
        self.model.change_kind(self.ids, kind)

    @property
    def value(self) -> Any:
        """Values in the last solution, of the block's shape."""
        return self.model.answer.value(self.ids)

    @property
    def reduced_cost(self) -> Any:
        """Change of the optimal objective per unit of the active bound."""
        return self.model.answer.reduced_cost(self.ids)

    def to_series(self) -> Any:
        """Return the values as a pandas Series, indexed by labels or positions."""
        return _series(self.value, self.axes)


class Constraints:
    """A block of rows of a model.

    Parameters
    ----------
    model : Model
        Their model.
    ids : ndarray of int
        Numbers of the rows, which stay when others are removed.
    axes : tuple of Labels or None
        Labels of each axis.
    """

    __slots__ = ("axes", "ids", "model")

    def __init__(self, model: Model, ids: Any, axes: Axes) -> None:
        self.model = model
        self.ids = ids
        self.axes = axes

    def __repr__(self) -> str:
        return f"<constraints of shape {self.shape}>"

    @property
    def shape(self) -> Shape:
        """Shape of the block."""
        shape: Shape = self.ids.shape
        return shape

    @property
    def loc(self) -> ByLabel:
        """Index by label."""
        return ByLabel(self)

    def __getitem__(self, key: Any) -> Constraints | Constraint:
        full = index_key(key, len(self.shape))
        ids = self.ids[full]
        if not np.ndim(ids):
            return Constraint(self.model, int(ids))
        return Constraints(self.model, ids, selected(self.axes, full, ids.ndim))

    def _data(self, values: Any) -> Any:
        return data_of(values, self.shape, self.axes)

    @property
    def names(self) -> Any:
        """Names, as an array of objects of the block's shape."""
        names = np.empty(self.ids.size, object)
        names[:] = [self.model.rows.name(k) for k in self.ids.ravel().tolist()]
        return names.reshape(self.shape)

    @property
    def lower(self) -> Any:
        """Lower bounds, read-only; assigning changes them in the model."""
        return _read_only(self.model.rows.lower[self.ids])

    @lower.setter
    def lower(self, values: Any) -> None:
        self.model.change_rows(self.ids, lower=self._data(values))

    @property
    def upper(self) -> Any:
        """Upper bounds, read-only; assigning changes them in the model."""
        return _read_only(self.model.rows.upper[self.ids])

    @upper.setter
    def upper(self, values: Any) -> None:
        self.model.change_rows(self.ids, upper=self._data(values))

    @property
    def activity(self) -> Any:
        """Values of the rows' terms at the last solution."""
        return self.model.answer.activity(self.ids)

    @property
    def dual(self) -> Any:
        """Change of the optimal objective per unit of the active bound."""
        return self.model.answer.dual(self.ids)

    def to_series(self) -> Any:
        """Return the duals as a pandas Series, indexed by labels or positions."""
        return _series(self.dual, self.axes)


def _read_only(values: Any) -> Any:
    array = np.array(values)
    array.flags.writeable = False
    return array


def _series(values: Any, axes: Axes) -> Any:
    import pandas as pd

    array = np.asarray(values)
    levels = [
        pd.RangeIndex(n) if labels is None else pd.Index(labels.values)
        for n, labels in zip(array.shape, axes, strict=True)
    ]
    names = [None if a is None else a.name for a in axes]
    if len(levels) == 1:
        return pd.Series(array, index=levels[0].rename(names[0]))
    return pd.Series(
        array.ravel(), index=pd.MultiIndex.from_product(levels, names=names)
    )
