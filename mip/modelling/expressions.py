"""Blocks of variables and of affine expressions, and what compares them.

One rule for shapes: two blocks, or a block and an array, must have the same shape.
Only scalars are repeated, and an axis that was made by ``None`` in an index, which
stretches to its partner's length. Labels of an axis must agree where both have
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.mip.modelling import pieces as terms
from combkit.mip.modelling.indexing import (
    axis_numbers,
    index_key,
    new_shape,
    opened_axes,
)
from combkit.mip.modelling.labels import Axes, Labels, common, locate, selected
from combkit.mip.modelling.pieces import Piece, Sparse, Uniform
from combkit.mip.modelling.scalars import (
    NUMBERS,
    Constraint,
    Linear,
    Variable,
    foreign,
)

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = [
    "Constraints",
    "Expression",
    "Relations",
    "Variables",
    "as_block",
    "concatenate",
    "data_of",
    "stack",
]

Shape = tuple[int, ...]
Floats = NDArray[np.float64]


class Relations:
    """A block of rows that no model has yet: ``lower <= terms <= upper``."""

    __slots__ = ("axes", "lower", "model", "pieces", "shape", "upper")

    def __init__(
        self,
        expression: Expression,
        lower: float | Floats,
        upper: float | Floats,
    ) -> None:
        self.model = expression.model
        self.shape = expression.shape
        self.pieces = expression.pieces
        self.axes = expression.axes
        self.lower = lower - expression.constant
        self.upper = upper - expression.constant

    def __bool__(self) -> bool:
        raise UsageError(
            "constraints are neither true nor false; "
            "for lower <= x <= upper write x.between(lower, upper)"
        )

    def __repr__(self) -> str:
        return f"<relations of shape {self.shape}>"


class Expression:
    """A block of affine expressions.

    Parameters
    ----------
    model : Model
        The model of its variables.
    shape : tuple of int
        Shape of the block; ``()`` for a single expression.
    pieces : tuple of Piece
        Its terms.
    constant : float or ndarray of float, shape ``shape``
        Constants, one for all or one each.
    axes : tuple of Labels or None
        Labels of each axis.
    open : tuple of int
        Axes of length 1 that stretch to the length of a partner's.
    """

    __slots__ = ("axes", "constant", "model", "open", "pieces", "shape")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        model: Model,
        shape: Shape,
        pieces: tuple[Piece, ...],
        constant: float | Floats,
        axes: Axes,
        open: tuple[int, ...] = (),
    ) -> None:
        self.model = model
        self.shape = shape
        self.pieces = pieces
        self.constant = constant
        self.axes = axes
        self.open = open

    def __repr__(self) -> str:
        return f"<expression of shape {self.shape}>"

    # -- shape -------------------------------------------------------------

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def labels(self) -> tuple[tuple[Any, ...] | None, ...]:
        """Labels of each axis, None where it has none."""
        return tuple(None if a is None else a.values for a in self.axes)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise UsageError("a single expression has no elements")
        return (self[k] for k in range(self.shape[0]))

    def __getitem__(self, key: Any) -> Any:
        full = index_key(key, self.ndim)
        places = np.broadcast_to(np.empty((), bool), self.shape)[full]
        shape = places.shape
        constant = self.constant
        if isinstance(constant, np.ndarray):
            constant = constant[full]
        return Expression(
            self.model,
            shape,
            tuple(terms.taken(p, self.shape, full) for p in self.pieces),
            constant,
            selected(self.axes, full, len(shape)),
            opened_axes(full),
        )

    @property
    def loc(self) -> _ByLabel:
        """Index by label: ``x.loc["paris", ["a", "b"], "mon":"fri"]``."""
        return _ByLabel(self)

    def _like(self, shape: Shape, axes: Axes, change: Any, constant: Any) -> Expression:
        """Return the block whose pieces and constants were changed alike."""
        value = self.constant
        if isinstance(value, np.ndarray):
            value = constant(value)
        pieces = tuple(change(p) for p in self.pieces)
        return Expression(self.model, shape, pieces, value, axes)

    def reshape(self, *shape: Any) -> Expression:
        """Return the elements in another shape, in C order, without labels."""
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        target = new_shape(self.shape, wanted)
        return self._like(
            target,
            (None,) * len(target),
            lambda p: terms.reshaped(p, target),
            lambda c: c.reshape(target),
        )

    def ravel(self) -> Expression:
        """Return the elements as a vector, in C order."""
        return self.reshape(-1)

    def transpose(self, *order: int) -> Expression:
        """Return the block with its axes in another order, reversed without one."""
        axes = order or tuple(reversed(range(self.ndim)))
        if sorted(axes) != list(range(self.ndim)):
            raise UsageError(f"transpose: {axes} is no order of {self.ndim} axes")
        return self._like(
            tuple(self.shape[a] for a in axes),
            tuple(self.axes[a] for a in axes),
            lambda p: terms.transposed(p, self.shape, axes),
            lambda c: c.transpose(axes),
        )

    @property
    def T(self) -> Expression:
        """The block with its axes reversed."""
        return self.transpose()

    def broadcast_to(self, shape: int | Shape) -> Expression:
        """Return the block repeated to a shape, by NumPy's rules.

        Parameters
        ----------
        shape : int or tuple of int
            The shape wanted.

        Raises
        ------
        UsageError
            If NumPy would not broadcast so.
        """
        target = (shape,) if isinstance(shape, int) else tuple(shape)
        try:
            fits = np.broadcast_shapes(self.shape, target) == target
        except ValueError:
            fits = False
        if not fits:
            raise UsageError(f"broadcast_to: {self.shape} does not fit {target}")
        added = len(target) - self.ndim
        kept = (
            labels if target[added + k] == self.shape[k] else None
            for k, labels in enumerate(self.axes)
        )
        return self._like(
            target,
            (*(None,) * added, *kept),
            lambda p: terms.stretched(p, self.shape, target),
            lambda c: np.broadcast_to(c, target),
        )

    # -- arithmetic --------------------------------------------------------

    def _combined(self, other: Any, sign: float) -> Expression:
        if isinstance(other, NUMBERS):
            return self._shifted(sign * float(other))
        block = as_block(other)
        if block is None:
            return self._shifted(sign * data_of(other, self.shape, self.axes))
        left, right = _matched(self, block)
        added = right.pieces
        constant = right.constant
        if sign < 0:
            added, constant = tuple(terms.scaled(p, sign) for p in added), -constant
        both = tuple(a for a in left.open if a in right.open)
        return Expression(
            left.model,
            left.shape,
            left.pieces + added,
            left.constant + constant,
            common(left.axes, right.axes),
            both,
        )

    def _shifted(self, constant: float | Floats) -> Expression:
        block = self
        if isinstance(constant, np.ndarray) and not self.shape:
            block = self.broadcast_to(constant.shape)
        return Expression(
            block.model,
            block.shape,
            block.pieces,
            block.constant + constant,
            block.axes,
            block.open,
        )

    def __add__(self, other: Any) -> Any:
        if _is_quadratic(other):
            return other + self
        return self._combined(other, 1.0)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if _is_quadratic(other):
            return -other + self
        return self._combined(other, -1.0)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __neg__(self) -> Expression:
        return self._times(-1.0)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            factor: Any = float(other)
            if not math.isfinite(factor):
                raise UsageError(f"the factor {factor} is not finite")
        elif as_block(other) is not None:
            return self._product(other)
        else:
            factor = data_of(other, self.shape, self.axes)
            if not self.shape and factor.shape:
                return self.broadcast_to(factor.shape) * factor
        return self._times(factor)

    def _times(self, factor: Any) -> Expression:
        return Expression(
            self.model,
            self.shape,
            tuple(terms.scaled(p, factor) for p in self.pieces),
            self.constant * factor,
            self.axes,
            self.open,
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            other = np.float64(other)
        elif as_block(other) is not None:
            raise UsageError("a quotient of two expressions is not linear")
        divisor = np.asarray(other, dtype=np.float64)
        if (divisor == 0).any():
            raise UsageError("division by zero")
        return self * (1.0 / divisor if divisor.shape else float(1.0 / divisor))

    def _product(self, other: Any) -> Any:
        if self.shape or other.shape:
            raise UsageError(
                f"* of two blocks of shapes {self.shape} and {other.shape} is not "
                "supported; x.dot(y) is the sum of the products"
            )
        return self.dot(other)

    def __pow__(self, power: int) -> Any:
        if power != 2 or self.shape:
            raise UsageError("only squares of single expressions are quadratic")
        return self.dot(self)

    def dot(self, other: Any) -> Any:
        """Return the sum of the products of all elements.

        Parameters
        ----------
        other : Expression, Variables or array_like, of the same shape
            Numbers give a linear, expressions a quadratic expression.
        """
        from combkit.mip.modelling.quadratic import product

        block = as_block(other)
        if block is None:
            return (self * other).sum()
        if self.shape != block.shape:
            raise _mismatch(self.shape, block.shape)
        return product(self, block)

    def sum(self, axis: int | Sequence[int] | None = None) -> Expression:
        """Return the sum over an axis, several axes or all.

        Parameters
        ----------
        axis : int or sequence of int, optional
            Axes to sum over; all without.
        """
        axes = axis_numbers(axis, self.ndim)
        kept = [a for a in range(self.ndim) if a not in axes]
        count = math.prod(self.shape[a] for a in axes)
        constant: Any = self.constant
        if isinstance(constant, np.ndarray):
            constant = constant.sum(axis=axes)
            constant = constant if kept else float(constant)
        else:
            constant = constant * count
        return Expression(
            self.model,
            tuple(self.shape[a] for a in kept),
            tuple(terms.summed(p, self.shape, axes) for p in self.pieces),
            constant,
            tuple(self.axes[a] for a in kept),
        )

    def sum_by(
        self, groups: Any, *, axis: int = 0, order: Sequence[Any] | None = None
    ) -> Expression:
        """Return the sums of groups along an axis.

        Parameters
        ----------
        groups : sequence of hashable
            The group of each position of the axis.
        axis : int
            The axis; that of the result is labelled by the groups.
        order : sequence of hashable, optional
            The groups of the result, also those without members; in the order
            of their first appearance without.

        Raises
        ------
        UsageError
            If the number of groups is not the axis' length, or one is not in
            ``order``.
        """
        (axis,) = axis_numbers(axis, self.ndim)
        listed = groups.tolist() if hasattr(groups, "tolist") else list(groups)
        if len(listed) != self.shape[axis]:
            raise UsageError(
                f"sum_by: {len(listed)} groups for an axis of {self.shape[axis]}"
            )
        labels = Labels(dict.fromkeys(listed) if order is None else order)
        member = np.array([labels.position(g) for g in listed], dtype=np.intp)
        front = np.moveaxis(np.arange(self.size).reshape(self.shape), axis, 0)
        rest = front.shape[1:]
        width = math.prod(rest)
        target = np.empty(self.size, np.intp)
        inner = np.arange(width).reshape(rest)
        target[front] = member.reshape((-1, *(1,) * len(rest))) * width + inner
        size = len(labels) * width
        flat = np.broadcast_to(self.constant, self.shape).ravel()
        sums: Any = np.bincount(target, weights=flat, minlength=size)
        piece = terms.collected(self.assembled(), target, size)
        others = tuple(a for k, a in enumerate(self.axes) if k != axis)
        moved = Expression(
            self.model,
            (len(labels), *rest),
            (piece,),
            sums.reshape((len(labels), *rest)),
            (labels, *others),
        )
        return moved.move_axis(0, axis)

    def move_axis(self, source: int, target: int) -> Expression:
        """Return the block with one axis, counted from 0, moved to another place."""
        if source == target:
            return self
        order = [a for a in range(self.ndim) if a != source]
        order.insert(target, source)
        return self.transpose(*order)

    def assembled(self) -> Sparse:
        """Return the terms in compressed rows, one row an element."""
        return terms.assemble(self.pieces, self.shape)

    def terms(self) -> tuple[Any, Any]:
        """Return the numbers and coefficients of all terms, element by element."""
        all_terms = self.assembled()
        return all_terms.cols, all_terms.coefs

    # -- matrices ----------------------------------------------------------

    def __rmatmul__(self, matrix: Any) -> Expression:
        return _left_product(matrix, self)

    def __matmul__(self, other: Any) -> Any:
        if not self.shape:
            raise UsageError("@ needs a block; a scalar is multiplied by *")
        if as_block(other) is not None:
            if self.ndim != 1 or len(other.shape) != 1:
                raise UsageError("@ of two expressions needs vectors")
            return self.dot(other)
        matrix = other if sp.issparse(other) else np.asarray(other)
        moved = _left_product(matrix.T, self.move_axis(self.ndim - 1, 0))
        return moved if matrix.ndim == 1 else moved.move_axis(0, moved.ndim - 1)

    # -- relations ---------------------------------------------------------

    def __le__(self, other: Any) -> Relations:
        return self._related(other, -np.inf, 0.0)

    def __ge__(self, other: Any) -> Relations:
        return self._related(other, 0.0, np.inf)

    def __eq__(self, other: object) -> Relations:  # type: ignore[override]
        return self._related(other, 0.0, 0.0)

    def __ne__(self, other: object) -> bool:
        raise UsageError("!= is no linear constraint")

    def _related(self, other: Any, lower: float, upper: float) -> Relations:
        if _is_quadratic(other):
            raise UsageError("quadratic constraints are not supported")
        block = self
        if isinstance(other, NUMBERS):
            right: Any = _bound(other, self)
        elif as_block(other) is not None:
            return Relations(self - other, lower, upper)
        else:
            right = data_of(other, self.shape, self.axes)
            if not self.shape and right.shape:
                block = self.broadcast_to(right.shape)
        return Relations(
            block,
            right if lower == 0.0 else lower,
            right if upper == 0.0 else upper,
        )

    def between(self, lower: Any, upper: Any) -> Relations:
        """Return the rows ``lower <= self <= upper``.

        Parameters
        ----------
        lower, upper : float or array_like of the block's shape
            Bounds; infinite where open.
        """
        return Relations(self, _bound(lower, self), _bound(upper, self))

    @property
    def value(self) -> Any:
        """Values at the last solution, of the block's shape."""
        cols = self.assembled().cols
        if cols.size:
            self.model.answer.value(cols.max())
        return self.value_at(self.model.answer.value(slice(None)))

    def value_at(self, point: Floats) -> Any:
        """Return the values at a point, given by number of variable."""
        rows = self.assembled()
        products = rows.coefs * point[rows.cols]
        owner = np.repeat(np.arange(self.size), np.diff(rows.start))
        sums = np.bincount(owner, weights=products, minlength=self.size)
        values = sums.reshape(self.shape) + self.constant
        return values if self.shape else float(values)


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
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        ids = self.ids.reshape(new_shape(self.shape, wanted))
        return Variables(self.model, ids, (None,) * ids.ndim)

    def transpose(self, *order: int) -> Expression:
        """Return the block with its axes in another order, reversed without one."""
        axes = order or tuple(reversed(range(self.ndim)))
        if sorted(axes) != list(range(self.ndim)):
            raise UsageError(f"transpose: {axes} is no order of {self.ndim} axes")
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
        return _read_only(self.model.costs(self.ids))

    @cost.setter
    def cost(self, values: Any) -> None:
        self.model.change_costs(self.ids, self._data(values))

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
    def loc(self) -> _ByLabel:
        """Index by label."""
        return _ByLabel(self)

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


class _ByLabel:
    """Indexing of a block by labels, one axis after the other."""

    __slots__ = ("_block",)

    def __init__(self, block: Expression | Constraints) -> None:
        self._block = block

    def __getitem__(self, key: Any) -> Any:
        block: Any = self._block
        places = locate(block.axes, block.shape, key)
        if all(isinstance(p, int) for p in places):
            return block[tuple(places)]
        # From the last axis on, so that the numbers of the others stay.
        for axis in reversed(range(len(places))):
            block = block[(*(slice(None),) * axis, places[axis])]
        return block


# -- joining blocks ------------------------------------------------------------


def concatenate(blocks: Sequence[Any], axis: int = 0) -> Expression:
    """Return blocks joined along an axis that they have.

    Parameters
    ----------
    blocks : sequence of Expression
        The blocks; all other axes must be the same.
    axis : int
        The axis, without labels in the result.
    """
    parts = [as_block(b) for b in blocks]
    known = [p for p in parts if p is not None]
    if not known or len(known) < len(parts):
        raise UsageError("concatenate: a list of expressions is needed")
    first = known[0]
    (axis,) = axis_numbers(axis, first.ndim)
    moved = [p.move_axis(axis, 0) if p.ndim else p for p in known]
    rest = moved[0].shape[1:]
    for part in moved:
        if part.ndim != first.ndim or part.shape[1:] != rest:
            raise _mismatch(first.shape, part.shape)
        if part.model is not first.model:
            raise foreign()
    rows = [p.assembled() for p in moved]
    lengths = np.concatenate([np.diff(r.start) for r in rows])
    joined = Sparse(
        np.concatenate(([0], np.cumsum(lengths))),
        np.concatenate([r.cols[r.start[0] : r.start[-1]] for r in rows]),
        np.concatenate([r.coefs[r.start[0] : r.start[-1]] for r in rows]),
    )
    constants = [np.broadcast_to(p.constant, p.shape) for p in moved]
    axes = moved[0].axes[1:]
    for part in moved[1:]:
        axes = common(axes, part.axes[1:])
    whole = Expression(
        first.model,
        (sum(p.shape[0] for p in moved), *rest),
        (joined,),
        np.concatenate(constants),
        (None, *axes),
    )
    return whole.move_axis(0, axis)


def stack(blocks: Sequence[Any], axis: int = 0) -> Expression:
    """Return blocks of the same shape joined along a new axis.

    Parameters
    ----------
    blocks : sequence of Expression, Variable or Linear
        The blocks or single expressions.
    axis : int
        Where the new axis stands.
    """
    parts = [as_block(b) for b in blocks]
    if not parts or None in [p if p is None else 0 for p in parts]:
        raise UsageError("stack: a list of expressions is needed")
    return concatenate([p[None] for p in parts if p is not None]).move_axis(0, axis)


# -- helpers -------------------------------------------------------------------


def as_block(value: Any) -> Expression | None:
    """Return an expression of any class as a block, None for anything else."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, Variable | Linear):
        return value.block()
    return None


def _is_quadratic(value: Any) -> bool:
    return getattr(value, "is_quadratic", False)


def data_of(values: Any, shape: Shape, axes: Axes) -> Any:
    """Return numbers that fit a block: an array of its shape, or a scalar's.

    Raises
    ------
    UsageError
        If they are not numbers or NaN, have another shape, or carry other
        labels than the block.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"not numbers: {type(values).__name__}") from None
    if array.shape != shape and array.shape and shape:
        raise _mismatch(shape, array.shape)
    if np.isnan(array).any():
        place = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
        raise UsageError(f"the value at {place} is NaN" if place else "a value is NaN")
    if array.shape and shape and hasattr(getattr(values, "index", None), "tolist"):
        found = (values.index, *([values.columns] if array.ndim == 2 else []))
        if len(found) == len(shape):
            common(axes, tuple(_foreign_labels(i) for i in found))
    return array


def _foreign_labels(index: Any) -> Labels | None:
    """Return the labels of a pandas Index, None for one that only counts."""
    if type(index).__name__ == "RangeIndex":
        return None
    return Labels(index.tolist())


def _bound(values: Any, block: Expression) -> Any:
    if isinstance(values, NUMBERS) or not np.ndim(values):
        number = float(values)
        if math.isnan(number):
            raise UsageError("a bound is NaN")
        return number
    if not block.shape:
        raise _mismatch(block.shape, np.shape(values))
    return data_of(values, block.shape, block.axes)


def _mismatch(left: Shape, right: Shape) -> UsageError:
    return UsageError(
        f"shapes {left} and {right} differ; only scalars are repeated: index with "
        "None, or use broadcast_to"
    )


def _matched(left: Expression, right: Expression) -> tuple[Expression, Expression]:
    """Return two blocks in one shape: scalars and open axes are stretched."""
    if left.model is not right.model:
        raise foreign()
    if left.shape == right.shape:
        return left, right
    if not left.shape:
        return left.broadcast_to(right.shape), right
    if not right.shape:
        return left, right.broadcast_to(left.shape)
    if left.ndim != right.ndim:
        raise _mismatch(left.shape, right.shape)
    target = []
    for axis, (a, b) in enumerate(zip(left.shape, right.shape, strict=True)):
        if a == b or axis in right.open:
            target.append(a)
        elif axis in left.open:
            target.append(b)
        else:
            raise _mismatch(left.shape, right.shape)
    shape = tuple(target)
    return left.broadcast_to(shape), right.broadcast_to(shape)


def _left_product(matrix: Any, block: Expression) -> Expression:
    """Return ``matrix @ block`` for a vector, a matrix or a sparse matrix."""
    if not block.shape:
        raise UsageError("@ needs a block; a scalar is multiplied by *")
    if not sp.issparse(matrix):
        matrix = np.asarray(matrix)
        if matrix.ndim not in (1, 2) or matrix.dtype.kind not in "iufb":
            raise UsageError("@: a vector or a matrix of numbers is needed")
    if matrix.shape[-1] != block.shape[0]:
        raise UsageError(f"@: shapes {matrix.shape} and {block.shape} do not fit")
    if matrix.ndim == 1:
        column = matrix.reshape((-1, *(1,) * (block.ndim - 1)))
        weighted: Expression = block * np.broadcast_to(column, block.shape)
        return weighted.sum(axis=0)
    A = sp.csr_array(matrix, dtype=np.float64)
    if not np.isfinite(A.data).all():
        raise UsageError("@: the matrix holds a value that is not finite")
    rest = block.shape[1:]
    shape = (A.shape[0], *rest)
    (piece,) = block.pieces if len(block.pieces) == 1 else (None,)
    if not rest and isinstance(piece, Uniform) and piece.cols.shape[-1] == 1:
        coefs = piece.coefs
        if isinstance(coefs, np.ndarray):
            coefs = coefs[A.indices, 0]
        product = Sparse(A.indptr, piece.cols[A.indices, 0], A.data * coefs)
    else:
        product = _weighted(A, block.assembled(), math.prod(rest))
    constant = block.constant
    if isinstance(constant, np.ndarray) or constant:
        full = np.broadcast_to(constant, block.shape).reshape(block.shape[0], -1)
        constant = (A @ full).reshape(shape)
    return Expression(block.model, shape, (product,), constant, (None, *block.axes[1:]))


def _weighted(A: Any, rows: Sparse, width: int) -> Sparse:
    """Return the terms of ``A @ block`` for elements of several terms."""
    inner = np.arange(width)
    owner = np.repeat(np.arange(A.shape[0]), np.diff(A.indptr))
    target = (owner[:, None] * width + inner).ravel()
    source = (A.indices.astype(np.intp)[:, None] * width + inner).ravel()
    chosen = terms.taken(rows, (rows.start.size - 1,), (source,))
    weighted = terms.scaled(chosen, np.repeat(A.data, width))
    return terms.collected(Sparse(*weighted), target, A.shape[0] * width)


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
