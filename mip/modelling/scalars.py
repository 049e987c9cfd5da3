"""Single variables, affine expressions and rows, light enough for loops.

An expression owns a prefix of two lists. Adding to an expression whose prefix is
all of its lists appends to them and hands them on: expressions never change, and
``sum`` over n terms takes n steps all the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from combkit.instances.errors import UsageError
from combkit.mip.modelling.store import KINDS

if TYPE_CHECKING:
    from combkit.mip.modelling.expressions import Expression
    from combkit.mip.modelling.model import Model

__all__ = ["NUMBERS", "Constraint", "Linear", "Relation", "Variable", "foreign"]

_INF = math.inf
#: What counts as a number beside Python's own.
NUMBERS = (int, float, np.number, np.bool_)


def foreign() -> UsageError:
    """Return the error for operands of two models."""
    return UsageError("the operands belong to two models")


class Relation:
    """A row that no model has yet: ``lower <= terms <= upper``."""

    __slots__ = ("coefs", "cols", "lower", "model", "size", "upper")

    def __init__(
        self,
        model: Model,
        cols: list[int],
        coefs: list[float],
        size: int,
        lower: float,
        upper: float,
    ) -> None:
        self.model = model
        self.cols = cols
        self.coefs = coefs
        self.size = size
        self.lower = lower
        self.upper = upper

    def __bool__(self) -> bool:
        raise UsageError(
            "a constraint is neither true nor false; "
            "for lower <= x <= upper write x.between(lower, upper)"
        )

    def __repr__(self) -> str:
        return f"<relation of {self.size} terms in [{self.lower:g}, {self.upper:g}]>"


class _Sameness(Relation):
    """``x == y`` of two variables, which dictionaries and ``in`` ask for."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return self.cols[0] == self.cols[1]


class Constraint:
    """A row of a model.

    Parameters
    ----------
    model : Model
        Its model.
    index : int
        Number of the row, which stays when others are removed.
    """

    __slots__ = ("index", "model")

    def __init__(self, model: Model, index: int) -> None:
        self.model = model
        self.index = index

    def __repr__(self) -> str:
        return f"<constraint {self.name}>"

    @property
    def shape(self) -> tuple[int, ...]:
        """That of a scalar."""
        return ()

    @property
    def ids(self) -> Any:
        """Number of the row, as an array without dimensions."""
        return np.array(self.index)

    @property
    def name(self) -> str:
        """Name of the row."""
        return self.model.rows.name(self.index)

    @property
    def lower(self) -> float:
        """Lower bound; assigning changes it in the model."""
        return float(self.model.rows.lower[self.index])

    @lower.setter
    def lower(self, value: float) -> None:
        self.model.change_rows(self.ids, lower=value)

    @property
    def upper(self) -> float:
        """Upper bound; assigning changes it in the model."""
        return float(self.model.rows.upper[self.index])

    @upper.setter
    def upper(self, value: float) -> None:
        self.model.change_rows(self.ids, upper=value)

    @property
    def activity(self) -> float:
        """Value of the row's terms at the last solution."""
        return float(self.model.answer.activity(self.ids))

    @property
    def dual(self) -> float:
        """Change of the optimal objective per unit of the active bound."""
        return float(self.model.answer.dual(self.ids))


class _Scalar:
    """What variables and affine expressions share; every operator has a fast path."""

    __slots__ = ()
    #: NumPy hands ``array + x`` over to ``__radd__``.
    __array_ufunc__ = None

    model: Model

    def block(self) -> Expression:
        """Return the same expression as a block without dimensions."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """That of a scalar."""
        return ()

    def __mul__(self, other: Any) -> Any:
        raise NotImplementedError

    def between(self, lower: Any, upper: Any) -> Any:
        """Return the row ``lower <= self <= upper``."""
        return self.block().between(lower, upper)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            return self.block() / other if other == 0 else self * (1.0 / float(other))
        return self.block() / other

    def __pow__(self, power: int) -> Any:
        return self.block() ** power

    def __matmul__(self, other: Any) -> Any:
        raise UsageError("@ needs a block; a scalar is multiplied by *")

    __rmatmul__ = __matmul__


class Variable(_Scalar):
    """One variable of a model.

    Parameters
    ----------
    model : Model
        Its model.
    index : int
        Number of the variable, which stays when others are removed.
    """

    __slots__ = ("index", "model")

    def __init__(self, model: Model, index: int) -> None:
        self.model = model
        self.index = index

    def __repr__(self) -> str:
        return f"<variable {self.name}>"

    def __hash__(self) -> int:
        return self.index

    def linear(self) -> Linear:
        """Return the variable as an affine expression."""
        return Linear(self.model, [self.index], [1.0], 1, 0.0)

    def block(self) -> Expression:
        """Return the variable as a block without dimensions."""
        return self.linear().block()

    # -- attributes --------------------------------------------------------

    @property
    def ids(self) -> Any:
        """Number of the variable, as an array without dimensions."""
        return np.array(self.index)

    @property
    def name(self) -> str:
        """Name of the variable."""
        return self.model.columns.name(self.index)

    @property
    def lower(self) -> float:
        """Lower bound; assigning changes it in the model."""
        return float(self.model.columns.lower[self.index])

    @lower.setter
    def lower(self, value: float) -> None:
        self.model.change_columns(self.ids, lower=value)

    @property
    def upper(self) -> float:
        """Upper bound; assigning changes it in the model."""
        return float(self.model.columns.upper[self.index])

    @upper.setter
    def upper(self, value: float) -> None:
        self.model.change_columns(self.ids, upper=value)

    @property
    def cost(self) -> float:
        """Coefficient in the objective; assigning changes it in the model."""
        return float(self.model.columns.cost[self.index])

    @cost.setter
    def cost(self, value: float) -> None:
        self.model.goal.change_costs(self.ids, value)

    @property
    def kind(self) -> str:
        """Its kind; assigning changes it in the model."""
        return KINDS[int(self.model.columns.kind[self.index])]

    @kind.setter
    def kind(self, kind: str) -> None:
        self.model.change_kind(self.ids, kind)

    @property
    def value(self) -> float:
        """Value in the last solution."""
        return float(self.model.answer.value(self.ids))

    @property
    def reduced_cost(self) -> float:
        """Change of the optimal objective per unit of the active bound."""
        return float(self.model.answer.reduced_cost(self.ids))

    # -- arithmetic --------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        kind = type(other)
        if kind is Variable:
            if other.model is not self.model:
                raise foreign()
            return Linear(self.model, [self.index, other.index], [1.0, 1.0], 2, 0.0)
        if kind is float or kind is int:
            return Linear(self.model, [self.index], [1.0], 1, other)
        return self.linear() + other

    def __radd__(self, other: Any) -> Any:
        return self.linear() + other

    def __sub__(self, other: Any) -> Any:
        kind = type(other)
        if kind is Variable:
            if other.model is not self.model:
                raise foreign()
            return Linear(self.model, [self.index, other.index], [1.0, -1.0], 2, 0.0)
        if kind is float or kind is int:
            return Linear(self.model, [self.index], [1.0], 1, -other)
        return self.linear() - other

    def __rsub__(self, other: Any) -> Any:
        return Linear(self.model, [self.index], [-1.0], 1, 0.0) + other

    def __mul__(self, other: Any) -> Any:
        kind = type(other)
        if kind is float or kind is int:
            return Linear(self.model, [self.index], [other], 1, 0.0)
        return self.linear() * other

    __rmul__ = __mul__

    def __neg__(self) -> Linear:
        return Linear(self.model, [self.index], [-1.0], 1, 0.0)

    # -- relations ---------------------------------------------------------

    def __le__(self, other: Any) -> Any:
        kind = type(other)
        if kind is float or kind is int:
            return Relation(self.model, [self.index], [1.0], 1, -_INF, other)
        return self.linear() <= other

    def __ge__(self, other: Any) -> Any:
        kind = type(other)
        if kind is float or kind is int:
            return Relation(self.model, [self.index], [1.0], 1, other, _INF)
        return self.linear() >= other

    def __eq__(self, other: object) -> Any:
        if type(other) is Variable and other.model is self.model:
            cols = [self.index, other.index]
            return _Sameness(self.model, cols, [1.0, -1.0], 2, 0.0, 0.0)
        return self.linear() == other

    def __ne__(self, other: object) -> bool:
        if type(other) is Variable:
            return not (other.model is self.model and other.index == self.index)
        raise UsageError("!= is no linear constraint")


class Linear(_Scalar):
    """An affine expression: ``sum(coefs[:size] * cols[:size]) + constant``."""

    __slots__ = ("coefs", "cols", "constant", "model", "size")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        model: Model,
        cols: list[int],
        coefs: list[float],
        size: int,
        constant: float,
    ) -> None:
        self.model = model
        self.cols = cols
        self.coefs = coefs
        self.size = size
        self.constant = constant

    def __repr__(self) -> str:
        return f"<linear expression of {self.size} terms>"

    def block(self) -> Expression:
        """Return the same expression as a block without dimensions."""
        from combkit.mip.modelling.expressions import Expression
        from combkit.mip.modelling.pieces import Uniform

        cols, coefs = self.terms()
        piece = Uniform(np.array(cols, np.int32), np.array(coefs, np.float64))
        return Expression(self.model, (), (piece,), float(self.constant), ())

    def terms(self) -> tuple[Sequence[int], Sequence[float]]:
        """Return the variables' numbers and their coefficients."""
        return self.cols[: self.size], self.coefs[: self.size]

    @property
    def value(self) -> float:
        """Value at the last solution."""
        return float(self.block().value)

    # -- arithmetic --------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        kind = type(other)
        cols, coefs, size = self.cols, self.coefs, self.size
        if kind is Variable:
            if other.model is not self.model:
                raise foreign()
            if len(cols) != size:
                cols, coefs = cols[:size], coefs[:size]
            cols.append(other.index)
            coefs.append(1.0)
            return Linear(self.model, cols, coefs, size + 1, self.constant)
        if kind is Linear:
            if other.model is not self.model:
                raise foreign()
            if len(cols) != size:
                cols, coefs = cols[:size], coefs[:size]
            added = other.size
            if added == 1:
                cols.append(other.cols[0])
                coefs.append(other.coefs[0])
            else:
                cols.extend(other.cols[:added])
                coefs.extend(other.coefs[:added])
            constant = self.constant + other.constant
            return Linear(self.model, cols, coefs, size + added, constant)
        if isinstance(other, NUMBERS):
            return Linear(self.model, cols, coefs, size, self.constant + other)
        return self.block() + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        kind = type(other)
        cols, coefs, size = self.cols, self.coefs, self.size
        if kind is Variable:
            if other.model is not self.model:
                raise foreign()
            if len(cols) != size:
                cols, coefs = cols[:size], coefs[:size]
            cols.append(other.index)
            coefs.append(-1.0)
            return Linear(self.model, cols, coefs, size + 1, self.constant)
        if kind is Linear:
            return self + -other
        if isinstance(other, NUMBERS):
            return Linear(self.model, cols, coefs, size, self.constant - other)
        return self.block() - other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            size = self.size
            coefs = [c * other for c in self.coefs[:size]]
            constant = self.constant * other
            return Linear(self.model, self.cols[:size], coefs, size, constant)
        return self.block() * other

    __rmul__ = __mul__

    def __neg__(self) -> Linear:
        size = self.size
        coefs = [-c for c in self.coefs[:size]]
        return Linear(self.model, self.cols[:size], coefs, size, -self.constant)

    # -- relations ---------------------------------------------------------

    def __le__(self, other: Any) -> Any:
        kind = type(other)
        if kind is float or kind is int or isinstance(other, NUMBERS):
            bound = other - self.constant
            return Relation(self.model, self.cols, self.coefs, self.size, -_INF, bound)
        if kind is Variable or kind is Linear:
            return self - other <= 0.0
        return self.block() <= other

    def __ge__(self, other: Any) -> Any:
        kind = type(other)
        if kind is float or kind is int or isinstance(other, NUMBERS):
            bound = other - self.constant
            return Relation(self.model, self.cols, self.coefs, self.size, bound, _INF)
        if kind is Variable or kind is Linear:
            return self - other >= 0.0
        return self.block() >= other

    def __eq__(self, other: Any) -> Any:  # noqa: PYI032
        kind = type(other)
        if kind is float or kind is int or isinstance(other, NUMBERS):
            bound = other - self.constant
            return Relation(self.model, self.cols, self.coefs, self.size, bound, bound)
        if kind is Variable or kind is Linear:
            return self - other == 0.0
        return self.block() == other

    def __ne__(self, other: object) -> bool:
        raise UsageError("!= is no linear constraint")
