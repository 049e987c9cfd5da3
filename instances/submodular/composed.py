"""Set functions made of others: mixtures, conditional and mutual information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.problem import require
from combkit.instances.submodular.arrays import floats, indices
from combkit.instances.submodular.base import Integers, SetFunction
from combkit.instances.submodular.constraints import Constraint

__all__ = ["Conditional", "Mixture", "Mutual", "Oracle", "Rank"]


@dataclass(frozen=True, eq=False)
class Mixture(SetFunction):
    """A weighted sum of set functions of the same elements.

    Parameters
    ----------
    parts : sequence of SetFunction
        The functions.
    weights : array_like, shape (len(parts),)
        Non-negative weights.

    Raises
    ------
    InvalidProblemError
        If there is no part, they differ in size, or a weight is negative.
    """

    type: ClassVar[str] = "mixture"

    parts: tuple[SetFunction, ...]
    weights: NDArray[Any]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "parts", tuple(self.parts))
        require(bool(self.parts), "parts", "there is no function")
        for i, part in enumerate(self.parts):
            require(
                isinstance(part, SetFunction), f"parts[{i}]", "is not a set function"
            )
            require(
                part.n == self.n,
                f"parts[{i}]",
                f"{part.n} elements, but parts[0] has {self.n}",
            )
        shape = (len(self.parts),)
        weights = floats("weights", self.weights, shape, minimum=0)
        put(self, "weights", weights)

    @property
    def n(self) -> int:
        """Number of elements."""
        return self.parts[0].n

    @property
    def monotone(self) -> bool:
        """Whether all parts are."""
        return all(part.monotone for part in self.parts)

    @property
    def submodular(self) -> bool:
        """Whether all parts are."""
        return all(part.submodular for part in self.parts)

    @property
    def non_negative(self) -> bool:
        """Whether all parts are."""
        return all(part.non_negative for part in self.parts)

    def value(self, selected: Integers) -> float:
        """Return the weighted sum."""
        values = [part.value(selected) for part in self.parts]
        return float(np.dot(self.weights, values))


class _Around(SetFunction):
    """Functions of another function and some fixed elements."""

    base: SetFunction
    fixed: Integers

    def _settle(self) -> None:
        require(isinstance(self.base, SetFunction), "base", "is not a set function")
        object.__setattr__(self, "fixed", indices("fixed", self.fixed, self.base.n))

    @property
    def n(self) -> int:
        """Number of elements."""
        return self.base.n


@dataclass(frozen=True, eq=False)
class Conditional(_Around):
    """What a set adds to fixed elements: ``f(S | P) = f(S + P) - f(P)``.

    Parameters
    ----------
    base : SetFunction
        The function f.
    fixed : array_like of int
        The elements P, worth nothing themselves any more.

    Raises
    ------
    InvalidProblemError
        If an element is unknown.
    """

    type: ClassVar[str] = "conditional"

    base: SetFunction
    fixed: Integers

    def __post_init__(self) -> None:
        self._settle()

    @property
    def monotone(self) -> bool:
        """Whether the function is."""
        return self.base.monotone

    @property
    def submodular(self) -> bool:
        """Whether the function is."""
        return self.base.submodular

    def value(self, selected: Integers) -> float:
        """Return the difference."""
        joint = np.union1d(selected, self.fixed)
        return self.base.value(joint) - self.base.value(self.fixed)


@dataclass(frozen=True, eq=False)
class Mutual(_Around):
    """What a set shares with fixed elements: ``f(S) + f(Q) - f(S + Q)``.

    Never negative and monotone for a monotone submodular f; itself submodular in
    special cases only, so none is claimed.

    Parameters
    ----------
    base : SetFunction
        The function f.
    fixed : array_like of int
        The elements Q, such as the answers to a query.

    Raises
    ------
    InvalidProblemError
        If an element is unknown.
    """

    type: ClassVar[str] = "mutual-information"

    base: SetFunction
    fixed: Integers

    def __post_init__(self) -> None:
        self._settle()

    @property
    def monotone(self) -> bool:
        """Whether the function is monotone submodular: then it grows.

        ``I(S + e) - I(S) = f(e | S) - f(e | S + Q) >= 0``.
        """
        return self.base.monotone and self.base.submodular

    @property
    def submodular(self) -> bool:
        """Whether it is submodular: in general not."""
        return False

    def value(self, selected: Integers) -> float:
        """Return the shared part."""
        joint = np.union1d(selected, self.fixed)
        parts = self.base.value(selected) + self.base.value(self.fixed)
        return parts - self.base.value(joint)


@dataclass(frozen=True, eq=False)
class Rank(SetFunction):
    """The rank of a matroid: size of the largest allowed part of a set.

    Parameters
    ----------
    matroid : Constraint
        The matroid.

    Raises
    ------
    InvalidProblemError
        If it is no matroid, or of no certain number of elements.
    """

    type: ClassVar[str] = "rank"

    matroid: Constraint

    def __post_init__(self) -> None:
        fits = isinstance(self.matroid, Constraint) and self.matroid.matroid
        require(fits, "matroid", "is not a matroid")
        require(self.matroid.n is not None, "matroid", "has no elements of its own")

    @property
    def n(self) -> int:
        """Number of elements."""
        assert self.matroid.n is not None
        return self.matroid.n

    def value(self, selected: Integers) -> float:
        """Return the size of a maximal allowed part: all of them have one size."""
        part: list[int] = []
        for e in selected.tolist():
            if not self.matroid.violations(np.array([*part, e])):
                part.append(e)
        return float(len(part))


@dataclass(frozen=True, eq=False)
class Oracle(SetFunction):
    """A function of one's own, in Python or compiled by Numba.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(selected) -> float`` of a sorted int64 array of elements; its value
        for no elements is subtracted. What ``numba.njit`` returns is compiled into
        the searches.
    count : int
        Number of elements.
    claims_monotone, claims_submodular : bool
        What is known of it; `combkit.comb.submodular.spot_check` looks for
        counter-examples.

    Raises
    ------
    InvalidProblemError
        If it cannot be called, or there is no element.

    Examples
    --------
    >>> f = Oracle(lambda selected: len(selected) ** 0.5, 4)
    >>> f.value(np.array([0, 1, 2, 3]))
    2.0
    """

    type: ClassVar[str] = "oracle"

    evaluate: Callable[[Integers], float]
    count: int
    claims_monotone: bool = True
    claims_submodular: bool = True

    def __post_init__(self) -> None:
        require(callable(self.evaluate), "evaluate", "cannot be called")
        require(
            isinstance(self.count, int | np.integer) and self.count > 0,
            "count",
            f"{self.count!r} is not a positive number of elements",
        )

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.count)

    @property
    def monotone(self) -> bool:
        """What was claimed."""
        return self.claims_monotone

    @property
    def submodular(self) -> bool:
        """What was claimed."""
        return self.claims_submodular

    def value(self, selected: Integers) -> float:
        """Return what the function says, less what it says of no elements."""
        nothing = np.zeros(0, dtype=np.int64)
        return float(self.evaluate(np.sort(selected))) - float(self.evaluate(nothing))
