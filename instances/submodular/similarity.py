"""Set functions of similarities: facility location, saturated coverage, cuts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from combkit.instances.problem import require
from combkit.instances.submodular.arrays import (
    Matrix,
    floats,
    matrix,
    one_of,
    symmetric,
)
from combkit.instances.submodular.base import Integers, SetFunction

__all__ = [
    "Cut",
    "FacilityLocation",
    "FeatureLocation",
    "GraphCut",
    "SaturatedCoverage",
    "neighbours",
]

Array = NDArray[Any]
Metric = Literal["cosine", "rbf", "inverse"]

#: Entries of a tile of similarities that are computed together.
_TILE = 1 << 22


class _Represented(SetFunction):
    """Functions of how well each represented point is served by the chosen ones."""

    similarity: Matrix
    weights: Array | None

    def _settle(self) -> None:
        put = object.__setattr__
        put(self, "similarity", matrix("similarity", self.similarity, minimum=0))
        require(self.similarity.shape[0] > 0, "similarity", "there is no element")
        if self.weights is not None:
            shape = (self.similarity.shape[1],)
            put(self, "weights", floats("weights", self.weights, shape, minimum=0))

    @property
    def n(self) -> int:
        """Number of elements: rows of the similarity."""
        return int(self.similarity.shape[0])

    def _weighted(self, values: Array) -> float:
        values = values.astype(np.float64)
        return float(values.sum() if self.weights is None else values @ self.weights)


@dataclass(frozen=True, eq=False)
class FacilityLocation(_Represented):
    """Facility location: each point counts its largest similarity to a chosen element.

    ``f(S) = sum_i w_i max_{e in S} s_ei``; monotone submodular.

    Parameters
    ----------
    similarity : array_like or sparse array, shape (n, m)
        Non-negative similarity of each element to each represented point. Rows are
        elements; the points may be others. Float32 and float64 are kept as they are,
        and not copied.
    weights : array_like, shape (m,), optional
        Non-negative weights of the points; 1 without.

    Raises
    ------
    InvalidProblemError
        If a similarity or weight is negative or not finite.

    Examples
    --------
    >>> f = FacilityLocation([[1, 0, 2], [0, 3, 1]])
    >>> f.value(np.array([0, 1]))
    6.0
    """

    type: ClassVar[str] = "facility-location"

    similarity: Matrix
    weights: Array | None = None

    def __post_init__(self) -> None:
        self._settle()

    def value(self, selected: Integers) -> float:
        """Return the weighted sum of the largest similarities."""
        if not selected.size:
            return 0.0
        served = self.similarity[np.sort(selected)].max(axis=0)
        return self._weighted(served.toarray() if sp.issparse(served) else served)


@dataclass(frozen=True, eq=False)
class SaturatedCoverage(_Represented):
    """Saturated coverage: each point counts its similarity up to a share of all of it.

    ``f(S) = sum_i w_i min(sum_{e in S} s_ei, a sum_e s_ei)`` [Lin and Bilmes 2011];
    monotone submodular.

    Parameters
    ----------
    similarity : array_like or sparse array, shape (n, m)
        As of `FacilityLocation`.
    saturation : float
        The share a, in (0, 1].
    weights : array_like, shape (m,), optional
        Non-negative weights of the points; 1 without.

    Raises
    ------
    InvalidProblemError
        If a similarity or weight is negative or not finite, or the share is not
        between 0 and 1.
    """

    type: ClassVar[str] = "saturated-coverage"

    similarity: Matrix
    saturation: float = 0.1
    weights: Array | None = None

    def __post_init__(self) -> None:
        self._settle()
        share = float(floats("saturation", self.saturation, ()))
        require(0.0 < share <= 1.0, "saturation", f"{share:g} is not in (0, 1]")
        object.__setattr__(self, "saturation", share)

    @cached_property
    def caps(self) -> NDArray[np.float64]:
        """What each point counts at most, shape (m,)."""
        sums: NDArray[np.float64] = self.similarity.sum(axis=0, dtype=np.float64)
        return self.saturation * sums

    def value(self, selected: Integers) -> float:
        """Return the weighted sum of the saturated similarities."""
        sums = self.similarity[selected].sum(axis=0, dtype=np.float64)
        return self._weighted(np.minimum(sums, self.caps))


@dataclass(frozen=True, eq=False)
class FeatureLocation(SetFunction):
    """Facility location of points whose similarities are computed when needed.

    No array of n rows and m columns is ever made.

    Parameters
    ----------
    features : array_like, shape (n, d)
        Coordinates of the elements; float32 is used in the searches.
    metric : {"cosine", "rbf", "inverse"}
        ``max(0, cos)``, ``exp(-gamma ||x - y||^2)`` or ``1 / (1 + ||x - y||)``.
    gamma : float, optional
        Width of "rbf"; ``1 / d`` without.
    represented : array_like, shape (m, d), optional
        The points to represent; the elements themselves without.

    Raises
    ------
    InvalidProblemError
        If a coordinate is not finite, the metric is unknown, or a row is zero where
        the metric is "cosine".
    """

    type: ClassVar[str] = "feature-location"

    features: Array
    metric: Metric = "cosine"
    gamma: float | None = None
    represented: Array | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "features", floats("features", self.features, (None, None)))
        require(self.n > 0, "features", "there is no element")
        one_of("metric", self.metric, get_args(Metric))
        if self.gamma is not None:
            width = float(floats("gamma", self.gamma, ()))
            require(width > 0.0, "gamma", f"{width:g} is not positive")
            put(self, "gamma", width)
        if self.represented is not None:
            shape = (None, self.features.shape[1])
            points = floats("represented", self.represented, shape)
            require(len(points) > 0, "represented", "there is no point")
            put(self, "represented", points)
        if self.metric == "cosine":
            for field in ("features", "represented"):
                rows = getattr(self, field)
                if rows is not None and not (moving := rows.any(axis=1)).all():
                    zero = int(np.argmin(moving))
                    require(False, field, f"{field}[{zero}] is zero: no direction")

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.features.shape[0])

    @property
    def points(self) -> Array:
        """The points to represent, shape (m, d)."""
        return self.features if self.represented is None else self.represented

    @property
    def width(self) -> float:
        """The gamma of "rbf"."""
        return 1.0 / self.features.shape[1] if self.gamma is None else self.gamma

    def similarity_of(self, elements: Integers) -> Array:
        """Return the similarity of some elements to all points.

        Returns
        -------
        ndarray of float64, shape (k, m)
        """
        x = self.features[elements].astype(np.float64)
        y = self.points.astype(np.float64)
        if self.metric == "cosine":
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            y = y / np.linalg.norm(y, axis=1, keepdims=True)
            near: Array = np.maximum(x @ y.T, 0.0)
            return near
        squared = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1) - 2.0 * (x @ y.T)
        squared = np.maximum(squared, 0.0)
        if self.metric == "rbf":
            near = np.exp(-self.width * squared)
        else:
            near = 1.0 / (1.0 + np.sqrt(squared))
        return near

    def value(self, selected: Integers) -> float:
        """Return the sum of the largest similarities."""
        served = np.zeros(len(self.points))
        step = max(1, _TILE // len(self.points))
        for first in range(0, selected.size, step):
            rows = self.similarity_of(selected[first : first + step])
            np.maximum(served, rows.max(axis=0), out=served)
        return float(served.sum())


@dataclass(frozen=True, eq=False)
class GraphCut(SetFunction):
    """Graph cut: similarity to everything, less the redundancy of what is chosen.

    ``f(S) = sum_{i in V, e in S} s_ie - penalty sum_{i, e in S} s_ie``; submodular,
    and monotone for ``penalty <= 1/2``; ``penalty = 1`` is the cut.

    Parameters
    ----------
    similarity : array_like or sparse array, shape (n, n)
        Symmetric and non-negative.
    penalty : float
        Non-negative weight of the redundancy.

    Raises
    ------
    InvalidProblemError
        If the similarity is not symmetric, negative or not finite.
    """

    type: ClassVar[str] = "graph-cut"

    similarity: Matrix
    penalty: float = 0.5

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "similarity", matrix("similarity", self.similarity, minimum=0))
        symmetric("similarity", self.similarity)
        require(self.n > 0, "similarity", "there is no element")
        put(self, "penalty", float(floats("penalty", self.penalty, (), minimum=0)))

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.similarity.shape[0])

    @property
    def monotone(self) -> bool:
        """Whether the penalty is at most 1/2."""
        return self.penalty <= 0.5

    @property
    def non_negative(self) -> bool:
        """Whether the penalty is at most 1."""
        return self.penalty <= 1.0

    def value(self, selected: Integers) -> float:
        """Return the similarity to all less the penalised one within."""
        rows = self.similarity[selected]
        inside = rows[:, selected].sum(dtype=np.float64)
        return float(rows.sum(dtype=np.float64) - self.penalty * inside)


@dataclass(frozen=True, eq=False)
class Cut(SetFunction):
    """Directed cut: weight of the arcs that leave the set; submodular, not monotone.

    Parameters
    ----------
    weights : array_like or sparse array, shape (n, n)
        Non-negative weight of each arc; the diagonal is of no account.

    Raises
    ------
    InvalidProblemError
        If a weight is negative or not finite, or the matrix is not square.
    """

    type: ClassVar[str] = "cut"

    weights: Matrix

    def __post_init__(self) -> None:
        weights = matrix("weights", self.weights, minimum=0)
        n, m = weights.shape
        require(n == m, "weights", f"shape {n} x {m} is not square")
        require(n > 0, "weights", "there is no element")
        object.__setattr__(self, "weights", weights)

    @property
    def n(self) -> int:
        """Number of elements."""
        return int(self.weights.shape[0])

    @property
    def monotone(self) -> bool:
        """Whether more is never worth less: no."""
        return False

    @property
    def non_negative(self) -> bool:
        """Whether no cut is negative: so it is."""
        return True

    def value(self, selected: Integers) -> float:
        """Return the weight of the arcs from the set to the others."""
        rows = self.weights[selected]
        inside = rows[:, selected].sum(dtype=np.float64)
        return float(rows.sum(dtype=np.float64) - inside)


def neighbours(features: ArrayLike, count: int, metric: Metric = "cosine") -> Matrix:
    """Return the similarities of points to their nearest ones, as a sparse array.

    Parameters
    ----------
    features : array_like, shape (n, d)
        The points.
    count : int
        Points that each is similar to, itself among them.
    metric : str
        As of `FeatureLocation`.

    Returns
    -------
    csr_array, shape (n, n)
        Row e, column i: similarity of element e to point i, where e is among the
        ``count`` most similar ones of i.
    """
    f = FeatureLocation(np.asarray(features, dtype=np.float64), metric)
    require(1 <= count <= f.n, "count", f"{count} of {f.n} points")
    step = max(1, _TILE // f.n)
    near = np.empty((f.n, count), dtype=np.int64)
    values = np.empty((f.n, count))
    for first in range(0, f.n, step):
        rows = f.similarity_of(np.arange(first, min(f.n, first + step)))
        part = np.argpartition(-rows, count - 1, axis=1)[:, :count]
        near[first : first + step] = part
        values[first : first + step] = np.take_along_axis(rows, part, axis=1)
    points = np.repeat(np.arange(f.n), count)
    shape = (f.n, f.n)
    return sp.csr_array((values.ravel(), (near.ravel(), points)), shape=shape)
