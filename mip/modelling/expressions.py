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
    axis_order,
    index_key,
    new_shape,
    opened_axes,
)
from combkit.mip.modelling.labels import Axes, ByLabel, Labels, common, selected
from combkit.mip.modelling.pieces import Piece, Sparse
from combkit.mip.modelling.scalars import (
    NUMBERS,
    Linear,
    Variable,
    foreign,
)

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Expression", "Relations", "as_block", "data_of", "mismatch"]

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
    def loc(self) -> ByLabel:
        """Index by label: ``x.loc["paris", ["a", "b"], "mon":"fri"]``."""
        return ByLabel(self)

    def _like(self, shape: Shape, axes: Axes, change: Any, constant: Any) -> Expression:
        """Return the block whose pieces and constants were changed alike."""
        value = self.constant
        if isinstance(value, np.ndarray):
            value = constant(value)
        pieces = tuple(change(p) for p in self.pieces)
        return Expression(self.model, shape, pieces, value, axes)

    def reshape(self, *shape: Any) -> Expression:
        """Return the elements in another shape, in C order, without labels."""
        target = new_shape(self.shape, shape)
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
        axes = axis_order(order, self.ndim)
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
            return _shifted(self, sign * float(other))
        block = as_block(other)
        if block is None:
            block, numbers = _beside(self, other)
            return _shifted(block, sign * numbers)
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
        return _times(self, -1.0)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            factor: Any = float(other)
            if not math.isfinite(factor):
                raise UsageError(f"the factor {factor} is not finite")
        elif as_block(other) is not None:
            return self._product(other)
        else:
            block, factor = _beside(self, other)
            return _times(block, factor)
        return _times(self, factor)

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
            raise mismatch(self.shape, block.shape)
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
        from combkit.mip.modelling.matrices import matrix_product

        return matrix_product(matrix, self)

    def __matmul__(self, other: Any) -> Any:
        if not self.shape:
            raise UsageError("@ needs a block; a scalar is multiplied by *")
        if as_block(other) is not None:
            if self.ndim != 1 or len(other.shape) != 1:
                raise UsageError("@ of two expressions needs vectors")
            return self.dot(other)
        matrix = other if sp.issparse(other) else np.asarray(other)
        moved = self.move_axis(self.ndim - 1, 0).__rmatmul__(matrix.T)
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
            block, right = _beside(self, other)
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
        raise mismatch(shape, array.shape)
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
        raise mismatch(block.shape, np.shape(values))
    return data_of(values, block.shape, block.axes)


def mismatch(left: Shape, right: Shape) -> UsageError:
    """Return the error for operands of two shapes."""
    return UsageError(
        f"shapes {left} and {right} differ; only scalars are repeated: index with "
        "None, or use broadcast_to"
    )


def _shifted(block: Expression, constant: float | Floats) -> Expression:
    return Expression(
        block.model,
        block.shape,
        block.pieces,
        block.constant + constant,
        block.axes,
        block.open,
    )


def _times(block: Expression, factor: float | Floats) -> Expression:
    return Expression(
        block.model,
        block.shape,
        tuple(terms.scaled(p, factor) for p in block.pieces),
        block.constant * factor,
        block.axes,
        block.open,
    )


def _beside(block: Expression, values: Any) -> tuple[Expression, Any]:
    """Return a block and numbers in one shape: scalars and open axes stretch."""
    try:
        shape = np.shape(values)
    except ValueError:
        shape = block.shape
    pairs = zip(block.shape, shape, strict=False)
    fits = len(shape) == block.ndim and all(
        size == target or axis in block.open
        for axis, (size, target) in enumerate(pairs)
    )
    if shape and (fits or not block.shape):
        block = block.broadcast_to(shape) if shape != block.shape else block
    return block, data_of(values, block.shape, block.axes)


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
        raise mismatch(left.shape, right.shape)
    target = []
    for axis, (a, b) in enumerate(zip(left.shape, right.shape, strict=True)):
        if a == b or axis in right.open:
            target.append(a)
        elif axis in left.open:
            target.append(b)
        else:
            raise mismatch(left.shape, right.shape)
    shape = tuple(target)
    return left.broadcast_to(shape), right.broadcast_to(shape)
