"""Which sets are allowed: cardinality, knapsacks, matroids, oracles.

Every constraint is hereditary: a part of an allowed set is allowed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from combkit.instances.parts import Part
from combkit.instances.problem import frozen_array, require
from combkit.instances.submodular.arrays import Matrix, floats, members
from combkit.instances.submodular.base import Integers

__all__ = [
    "Cardinality",
    "Constraint",
    "GraphicMatroid",
    "Independence",
    "Knapsack",
    "LaminarMatroid",
    "PartitionMatroid",
    "Unconstrained",
]

#: Relative rounding by which sums of float costs may exceed a budget.
NOISE = 1e-9


class Constraint(Part):
    """A family of allowed sets that holds every part of its members."""

    @property
    def matroid(self) -> bool:
        """Whether maximal allowed sets within any set have one size."""
        return False

    @property
    @abstractmethod
    def n(self) -> int | None:
        """Number of elements that it speaks of; None: any."""

    @abstractmethod
    def violations(self, selected: Integers) -> list[str]:
        """Return what is wrong with a set of distinct elements, in plain words."""

    @abstractmethod
    def most(self, n: int) -> int:
        """Return an upper bound of the size of an allowed set of n elements."""


class _Matroid(Constraint):
    @property
    def matroid(self) -> bool:
        """Whether it is a matroid: so it is."""
        return True


@dataclass(frozen=True, eq=False)
class Unconstrained(_Matroid):
    """All sets are allowed."""

    type: ClassVar[str] = "unconstrained"

    @property
    def n(self) -> int | None:
        """Number of elements: any."""
        return None

    def violations(self, selected: Integers) -> list[str]:
        """Return nothing: all is allowed."""
        return []

    def most(self, n: int) -> int:
        """Return n."""
        return n


@dataclass(frozen=True, eq=False)
class Cardinality(_Matroid):
    """At most k elements.

    Parameters
    ----------
    k : int
        Positive.

    Raises
    ------
    InvalidProblemError
        If k is not positive.
    """

    type: ClassVar[str] = "cardinality"

    k: int

    def __post_init__(self) -> None:
        k = int(frozen_array("k", self.k, np.int64, ()))
        require(k > 0, "k", f"{k} is not positive")
        object.__setattr__(self, "k", k)

    @property
    def n(self) -> int | None:
        """Number of elements: any."""
        return None

    def violations(self, selected: Integers) -> list[str]:
        """Return whether there are too many."""
        if selected.size <= self.k:
            return []
        return [f"{selected.size} elements are selected, at most {self.k} are allowed"]

    def most(self, n: int) -> int:
        """Return k, or n if that is less."""
        return min(self.k, n)


@dataclass(frozen=True, eq=False)
class Knapsack(Constraint):
    """Total costs within budgets.

    Parameters
    ----------
    costs : array_like, shape (n,) or (d, n)
        Positive cost of each element, for each budget.
    budgets : array_like, shape () or (d,)
        Non-negative. Sums of floats may exceed one by a relative rounding of 1e-9.

    Raises
    ------
    InvalidProblemError
        If a cost is not positive, or a budget negative.
    """

    type: ClassVar[str] = "knapsack"

    costs: NDArray[Any]
    budgets: NDArray[Any]

    def __post_init__(self) -> None:
        put = object.__setattr__
        raw = np.asarray(self.costs)
        costs = floats("costs", raw[None] if raw.ndim == 1 else raw, (None, None))
        costs = frozen_array("costs", costs, np.float64, (None, None))
        none = np.argwhere(costs <= 0.0)
        if none.size:
            d, e = (int(axis) for axis in none[0])
            what = f"costs[{d}, {e}] = {costs[d, e]:g} is not positive"
            require(False, "costs", what)
        budgets = np.atleast_1d(np.asarray(self.budgets))
        put(self, "costs", costs)
        shape = (len(costs),)
        put(
            self,
            "budgets",
            frozen_array("budgets", budgets, np.float64, shape, minimum=0),
        )

    @property
    def n(self) -> int | None:
        """Number of elements."""
        return int(self.costs.shape[1])

    @property
    def limits(self) -> NDArray[np.float64]:
        """The budgets with the rounding that they may be exceeded by."""
        return self.budgets * (1.0 + NOISE)

    def violations(self, selected: Integers) -> list[str]:
        """Return which budgets are exceeded."""
        spent = self.costs[:, selected].sum(axis=1)
        return [
            f"cost {spent[d]:.15g} exceeds the budget {self.budgets[d]:.15g}"
            for d in np.flatnonzero(spent > self.limits).tolist()
        ]

    def most(self, n: int) -> int:
        """Return how many of the cheapest elements fit."""
        cheap = np.cumsum(np.sort(self.costs, axis=1), axis=1)
        return int((cheap <= self.limits[:, None]).sum(axis=1).min())


@dataclass(frozen=True, eq=False)
class PartitionMatroid(_Matroid):
    """At most so many elements of each group.

    Parameters
    ----------
    groups : array_like of int, shape (n,)
        Group of each element, from 0.
    limits : array_like of int, shape (g,)
        Most elements of each group.

    Raises
    ------
    InvalidProblemError
        If a group has no limit, or a limit is negative.
    """

    type: ClassVar[str] = "partition-matroid"

    groups: Integers
    limits: Integers

    def __post_init__(self) -> None:
        put = object.__setattr__
        limits = frozen_array("limits", self.limits, np.int64, (None,), minimum=0)
        groups = frozen_array("groups", self.groups, np.int64, (None,), minimum=0)
        largest = int(groups.max(initial=-1))
        require(largest < limits.size, "groups", f"group {largest} has no limit")
        put(self, "groups", groups)
        put(self, "limits", limits)

    @property
    def n(self) -> int | None:
        """Number of elements."""
        return int(self.groups.size)

    def violations(self, selected: Integers) -> list[str]:
        """Return which groups have too many."""
        counts = np.bincount(self.groups[selected], minlength=self.limits.size)
        return [
            f"{counts[g]} elements of group {g}, at most {self.limits[g]} are allowed"
            for g in np.flatnonzero(counts > self.limits).tolist()
        ]

    def most(self, n: int) -> int:
        """Return the rank."""
        counts = np.bincount(self.groups, minlength=self.limits.size)
        return int(np.minimum(counts, self.limits).sum())


@dataclass(frozen=True, eq=False)
class LaminarMatroid(_Matroid):
    """At most so many elements of each set of a family in which sets nest.

    Parameters
    ----------
    sets : sparse or array_like, shape (g, n)
        Row j is a set: the elements where it is not zero. Any two sets are disjoint,
        or one holds the other.
    limits : array_like of int, shape (g,)
        Most elements of each set.

    Raises
    ------
    InvalidProblemError
        Naming two sets that cross.
    """

    type: ClassVar[str] = "laminar-matroid"

    sets: Matrix
    limits: Integers

    def __post_init__(self) -> None:
        put = object.__setattr__
        sets = members("sets", self.sets)
        shape = (sets.shape[0],)
        limits = frozen_array("limits", self.limits, np.int64, shape, minimum=0)
        counts = sets.astype(np.int64)
        shared = sp.coo_array(counts @ counts.T)
        sizes = np.asarray(counts.sum(axis=1))
        i, j = shared.coords
        crossing = np.flatnonzero(shared.data < np.minimum(sizes[i], sizes[j]))
        if crossing.size:
            a, b = int(i[crossing[0]]), int(j[crossing[0]])
            require(False, "sets", f"set {a} and set {b} cross")
        put(self, "sets", sets)
        put(self, "limits", limits)

    @classmethod
    def of_sets(cls, sets: Iterable[ArrayLike], limits: ArrayLike, n: int) -> Self:
        """Return the matroid of lists of elements.

        Parameters
        ----------
        sets : iterable of array_like of int
            Elements of each set.
        limits : array_like of int
            Most elements of each.
        n : int
            Number of elements of the ground set.
        """
        rows = [frozen_array("sets", row, np.int64, (None,), minimum=0) for row in sets]
        member = np.zeros((len(rows), n), dtype=bool)
        for j, row in enumerate(rows):
            largest = int(row.max(initial=-1))
            require(largest < n, f"sets[{j}]", f"there are {n} elements, not {largest}")
            member[j, row] = True
        return cls(member, frozen_array("limits", limits, np.int64, (None,)))

    @property
    def n(self) -> int | None:
        """Number of elements."""
        return int(self.sets.shape[1])

    def violations(self, selected: Integers) -> list[str]:
        """Return which sets have too many."""
        chosen = np.zeros(self.sets.shape[1], dtype=np.int64)
        chosen[selected] = 1
        counts = self.sets.astype(np.int64) @ chosen
        return [
            f"{counts[j]} elements of set {j}, at most {self.limits[j]} are allowed"
            for j in np.flatnonzero(counts > self.limits).tolist()
        ]

    def most(self, n: int) -> int:
        """Return n: the rank is not computed."""
        return n


@dataclass(frozen=True, eq=False)
class GraphicMatroid(_Matroid):
    """Edges of a graph without a cycle.

    Parameters
    ----------
    edges : array_like of int, shape (n, 2)
        Ends of each edge, an element of the ground set; vertices from 0. A loop is
        never allowed.

    Raises
    ------
    InvalidProblemError
        If a vertex is negative.
    """

    type: ClassVar[str] = "graphic-matroid"

    edges: Integers

    def __post_init__(self) -> None:
        edges = frozen_array("edges", self.edges, np.int64, (None, 2), minimum=0)
        object.__setattr__(self, "edges", edges)

    @property
    def n(self) -> int | None:
        """Number of elements: edges."""
        return len(self.edges)

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return int(self.edges.max(initial=-1)) + 1

    def violations(self, selected: Integers) -> list[str]:
        """Return whether there is a cycle."""
        chosen = self.edges[selected]
        size = self.vertices
        ones = np.ones(len(chosen))
        graph = sp.coo_array((ones, (chosen[:, 0], chosen[:, 1])), shape=(size, size))
        trees = connected_components(graph, directed=False, return_labels=False)
        surplus = len(chosen) - (size - trees)
        return [f"the edges close {surplus} cycles"] if surplus > 0 else []

    def most(self, n: int) -> int:
        """Return what a spanning tree would have."""
        return min(n, max(0, self.vertices - 1))


@dataclass(frozen=True, eq=False)
class Independence(Constraint):
    """A family of one's own: a function says whether a set is allowed.

    Parameters
    ----------
    allows : callable
        ``allows(selected) -> bool`` of a sorted int64 array; hereditary.
    largest : int
        Upper bound of the size of an allowed set.
    is_matroid : bool
        Whether the family is a matroid.

    Raises
    ------
    InvalidProblemError
        If it cannot be called or refuses the empty set.
    """

    type: ClassVar[str] = "independence"

    allows: Callable[[Integers], bool]
    largest: int
    is_matroid: bool = False

    def __post_init__(self) -> None:
        require(callable(self.allows), "allows", "cannot be called")
        largest = int(frozen_array("largest", self.largest, np.int64, (), minimum=0))
        object.__setattr__(self, "largest", largest)
        empty = np.zeros(0, dtype=np.int64)
        require(bool(self.allows(empty)), "allows", "refuses the empty set")

    @property
    def n(self) -> int | None:
        """Number of elements: any."""
        return None

    @property
    def matroid(self) -> bool:
        """Whether it was said to be a matroid."""
        return self.is_matroid

    def violations(self, selected: Integers) -> list[str]:
        """Return whether the set is refused."""
        if self.allows(np.sort(selected)):
            return []
        return [f"{selected.size} elements are refused by the independence oracle"]

    def most(self, n: int) -> int:
        """Return the bound that was given."""
        return min(self.largest, n)
