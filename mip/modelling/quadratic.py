"""Quadratic expressions, for objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.mip.modelling.scalars import NUMBERS, foreign

if TYPE_CHECKING:
    from combkit.mip.modelling.expressions import Expression, Relations

__all__ = ["Quadratic", "QuadraticRelation", "product"]

#: Numbers of two variables and the coefficients of their products.
Products = tuple[Any, Any, NDArray[np.float64]]


class Quadratic:
    """A single quadratic expression.

    Parameters
    ----------
    parts : tuple of (rows, cols, values)
        Products of variables, in any order.
    linear : Expression
        The affine rest, of shape ``()``.
    """

    __slots__ = ("linear", "model", "parts")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]
    is_quadratic = True

    def __init__(self, parts: tuple[Products, ...], linear: Expression) -> None:
        self.model = linear.model
        self.parts = parts
        self.linear = linear

    def __repr__(self) -> str:
        return "<quadratic expression>"

    @property
    def shape(self) -> tuple[int, ...]:
        """That of a scalar."""
        return ()

    def products(self) -> Products:
        """Return the numbers of both variables and the coefficient of each product."""
        rows, cols, values = zip(*self.parts, strict=True)
        return np.concatenate(rows), np.concatenate(cols), np.concatenate(values)

    @property
    def value(self) -> float:
        """Value at the last solution."""
        rows, cols, values = self.products()
        answer = self.model.answer
        return float(
            values @ (answer.value(rows) * answer.value(cols)) + self.linear.value
        )

    def __add__(self, other: Any) -> Quadratic:
        if isinstance(other, Quadratic):
            if other.model is not self.model:
                raise foreign()
            return Quadratic(self.parts + other.parts, self.linear + other.linear)
        linear = self.linear + other
        if linear.shape:
            raise UsageError(f"a quadratic is single, not of shape {linear.shape}")
        return Quadratic(self.parts, linear)

    __radd__ = __add__

    def __neg__(self) -> Quadratic:
        return self * -1.0

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, factor: Any) -> Quadratic:
        if not isinstance(factor, NUMBERS):
            raise UsageError("a quadratic expression is multiplied by numbers only")
        parts = tuple((r, c, v * float(factor)) for r, c, v in self.parts)
        return Quadratic(parts, self.linear * factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Quadratic:
        if not isinstance(divisor, NUMBERS) or divisor == 0:
            raise UsageError("a quadratic expression is divided by nonzero numbers")
        return self * (1.0 / float(divisor))

    def _difference(self, other: Any) -> Quadratic:
        if not self.model.products_in_rows:
            raise UsageError("quadratic constraints are not supported")
        difference: Quadratic = self - other
        return difference

    def __le__(self, other: Any) -> QuadraticRelation:
        difference = self._difference(other)
        return QuadraticRelation(difference.products(), difference.linear <= 0.0)

    def __ge__(self, other: Any) -> QuadraticRelation:
        difference = self._difference(other)
        return QuadraticRelation(difference.products(), difference.linear >= 0.0)

    def __eq__(self, other: object) -> QuadraticRelation:  # type: ignore[override]
        difference = self._difference(other)
        return QuadraticRelation(difference.products(), difference.linear == 0.0)


@dataclass(frozen=True, eq=False, slots=True)
class QuadraticRelation:
    """A constraint with products of variables, for models that bear them.

    Parameters
    ----------
    products : tuple of (rows, cols, values)
        Numbers of two variables and the coefficients of their products.
    linear : Relations
        The constraint without them.
    """

    products: Products
    linear: Relations


def product(left: Expression, right: Expression) -> Quadratic:
    """Return the sum of the products of the elements of two blocks of one shape."""
    if left.model is not right.model:
        raise foreign()
    a, b = left.assembled(), right.assembled()
    owner = np.repeat(np.arange(left.size), np.diff(a.start))
    width = np.diff(b.start)[owner]
    first = np.repeat(np.arange(a.cols.size), width)
    ends = np.cumsum(width)
    within = np.arange(first.size) - np.repeat(ends - width, width)
    second = np.repeat(b.start[owner], width) + within
    part = (a.cols[first], b.cols[second], a.coefs[first] * b.coefs[second])
    # (a + c)(b + d) = ab + d (a + c) + c (b + d) - cd
    c = np.broadcast_to(left.constant, left.shape)
    d = np.broadcast_to(right.constant, right.shape)
    linear = (left * np.array(d)).sum() + (right * np.array(c)).sum()
    return Quadratic((part,), linear - float((c * d).sum()))
