"""Set functions of what elements contain: coverage, features, additive values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.problem import frozen_array, require
from combkit.instances.submodular.arrays import Matrix, floats, matrix, members, one_of
from combkit.instances.submodular.base import Integers, SetFunction

__all__ = ["ConcaveOverModular", "Coverage", "Modular", "ProbabilisticCoverage"]

Array = NDArray[Any]
Concave = Literal["sqrt", "log", "min"]


@dataclass(frozen=True, eq=False)
class Coverage(SetFunction):
    """Weighted coverage: total weight of the items in the union of the chosen sets.

    Parameters
    ----------
    sets : sparse or array_like, shape (n, m)
        Row e is the set of element e: the items where it is not zero.
    weights : array_like, shape (m,), optional
        Non-negative weights of the items; 1 without.

    Raises
    ------
    InvalidProblemError
        If a weight is negative or not finite.

    Examples
    --------
    >>> f = Coverage.of_sets([[0, 1], [1, 2], [2]])
    >>> f.value(np.array([0, 2]))
    3.0
    """

    type: ClassVar[str] = "coverage"

    sets: Matrix
    weights: Array | None = None

    def __post_init__(self) -> None:
        sets = members("sets", self.sets)
        require(sets.shape[0] > 0, "sets", "there is no element")
        object.__setattr__(self, "sets", sets)
        if self.weights is not None:
            weights = floats("weights", self.weights, (sets.shape[1],), minimum=0)
            object.__setattr__(self, "weights", weights)

    @classmethod
    def of_sets(
        cls,
        sets: Iterable[ArrayLike],
        items: int | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Return the coverage of lists of items, numbered from 0.

        Parameters
        ----------
        sets : iterable of array_like of int
            Items of each element.
        items : int, optional
            Number of items; one more than the largest in a set without.
        weights : array_like, shape (items,), optional
            Weights of the items.

        Raises
        ------
        InvalidProblemError
            If an item is unknown.
        """
        rows = [
            frozen_array(f"sets[{e}]", row, np.int64, (None,), minimum=0)
            if np.size(row)
            else np.zeros(0, np.int64)
            for e, row in enumerate(sets)
        ]
        require(bool(rows), "sets", "there is no element")
        listed = np.concatenate(rows)
        count = int(listed.max(initial=-1)) + 1 if items is None else items
        large = np.flatnonzero(listed >= count)
        if large.size:
            require(False, "sets", f"item {listed[large[0]]}: there are {count} items")
        offsets = np.concatenate([[0], np.cumsum([row.size for row in rows])])
        ones = np.ones(listed.size, dtype=bool)
        shape = (len(rows), count)
        return cls(sp.csr_array((ones, listed, offsets), shape=shape), weights)  # type: ignore[arg-type]

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.sets.shape[0])

    def value(self, selected: Integers) -> float:
        """Return the weight of the union."""
        covered = np.unique(self.sets[selected].indices)
        if self.weights is None:
            return float(covered.size)
        return float(self.weights[covered].sum(dtype=np.float64))


@dataclass(frozen=True, eq=False)
class ProbabilisticCoverage(SetFunction):
    """Probabilistic coverage: expected weight of the items that are covered.

    ``f(S) = sum_i w_i (1 - prod_{e in S} (1 - p_ei))``; monotone submodular.

    Parameters
    ----------
    probabilities : array_like or sparse array, shape (n, m)
        Chance that an element covers an item, independent of the others.
    weights : array_like, shape (m,), optional
        Non-negative weights of the items; 1 without.

    Raises
    ------
    InvalidProblemError
        If a probability is not in [0, 1], or a weight negative or not finite.
    """

    type: ClassVar[str] = "probabilistic-coverage"

    probabilities: Matrix
    weights: Array | None = None

    def __post_init__(self) -> None:
        chances = matrix("probabilities", self.probabilities, minimum=0)
        require(chances.shape[0] > 0, "probabilities", "there is no element")
        largest = float(chances.max()) if chances.size else 0.0
        require(largest <= 1.0, "probabilities", f"{largest:g} is above 1")
        object.__setattr__(self, "probabilities", chances)
        if self.weights is not None:
            weights = floats("weights", self.weights, (chances.shape[1],), minimum=0)
            object.__setattr__(self, "weights", weights)

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.probabilities.shape[0])

    def value(self, selected: Integers) -> float:
        """Return the expected weight of what is covered."""
        rows = self.probabilities[selected]
        rows = (rows.toarray() if sp.issparse(rows) else rows).astype(np.float64)
        covered = 1.0 - np.prod(1.0 - rows, axis=0)
        return float(covered.sum() if self.weights is None else covered @ self.weights)


@dataclass(frozen=True, eq=False)
class ConcaveOverModular(SetFunction):
    """Features with diminishing returns: a concave function of each one's total.

    ``f(S) = sum_u w_u phi(sum_{e in S} m_eu)``; monotone submodular [Wei et al. 2014].

    Parameters
    ----------
    features : array_like or sparse array, shape (n, m)
        Non-negative amount of each feature in each element.
    concave : {"sqrt", "log", "min"}
        ``phi(x)``: the root, ``log(1 + x)``, or ``min(x, cap)``.
    cap : float
        Where "min" ends.
    weights : array_like, shape (m,), optional
        Non-negative weights of the features; 1 without.

    Raises
    ------
    InvalidProblemError
        If an amount or weight is negative or not finite, or ``concave`` is unknown.
    """

    type: ClassVar[str] = "concave-over-modular"

    features: Matrix
    concave: Concave = "sqrt"
    cap: float = 1.0
    weights: Array | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "features", matrix("features", self.features, minimum=0))
        require(self.n > 0, "features", "there is no element")
        one_of("concave", self.concave, get_args(Concave))
        put(self, "cap", float(floats("cap", self.cap, (), minimum=0)))
        if self.weights is not None:
            shape = (self.features.shape[1],)
            put(self, "weights", floats("weights", self.weights, shape, minimum=0))

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.features.shape[0])

    def value(self, selected: Integers) -> float:
        """Return the weighted sum of the concave function."""
        sums = np.asarray(self.features[selected].sum(axis=0, dtype=np.float64))
        if self.concave == "sqrt":
            worth = np.sqrt(sums)
        elif self.concave == "log":
            worth = np.log1p(sums)
        else:
            worth = np.minimum(sums, self.cap)
        return float(worth.sum() if self.weights is None else worth @ self.weights)


@dataclass(frozen=True, eq=False)
class Modular(SetFunction):
    """An additive function: each element has a value of its own, of either sign.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers.

    Raises
    ------
    InvalidProblemError
        If there is none or one is not finite.
    """

    type: ClassVar[str] = "modular"

    values: Array

    def __post_init__(self) -> None:
        values = floats("values", self.values, (None,))
        require(values.size > 0, "values", "there is no element")
        object.__setattr__(self, "values", values)

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.values.size)

    @property
    def monotone(self) -> bool:
        """Whether no value is negative."""
        return bool((self.values >= 0).all())

    def value(self, selected: Integers) -> float:
        """Return the sum of the values."""
        return float(self.values[selected].sum(dtype=np.float64))
