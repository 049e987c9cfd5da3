"""Tours that choose whom to visit: orienteering and prize-collecting problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.distances import Distances, Located
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Sense, frozen_array, missing, require
from combkit.instances.solutions import Solution, Tour
from combkit.instances.subsets import MAX_TOTAL, numbers, total

__all__ = ["OP", "PCTSP", "SPCTSP", "Outing"]

Array = NDArray[Any]
Floats = NDArray[np.float64]

#: Relative slack of a limit on sums of floats, for rounding noise only.
_NOISE = 1e-9


class Outing(Located):
    """What these problems share: a closed tour from the depot through some nodes.

    The depot is node 0. A solution lists the visited nodes once each, the depot
    among them, in the order of the visit.
    """

    solution_type: ClassVar[type[Solution]] = Tour

    coords: Floats | None
    matrix: Array | None
    metric: str
    display: Floats | None
    prizes: Array

    def _settle(self) -> None:
        """Replace the fields of the nodes by their validated forms."""
        distances = Distances(
            self.coords, self.matrix, self.metric, symmetric=True, minimum=0
        )
        put = partial(object.__setattr__, self)
        put("_distances", distances)
        put("coords", distances.coords)
        put("matrix", distances.matrix)
        put("metric", distances.metric)
        if self.display is not None:
            shape = (distances.n, 2)
            put("display", frozen_array("display", self.display, np.float64, shape))

    def _values(self, name: str, values: ArrayLike) -> Array:
        """Return a non-negative value of each node."""
        array: Array = numbers(name, values, (self._distances.n,))
        require(
            float(array.sum(dtype=np.float64)) < MAX_TOTAL,
            name,
            "their sum is too large",
        )
        return array

    @property
    def n(self) -> int:
        """Number of nodes besides the depot."""
        return self._distances.n - 1

    @property
    def size(self) -> dict[str, int]:
        """Number of nodes besides the depot."""
        return {"n": self.n}

    def length(self, solution: Tour) -> float:
        """Return the length of the closed tour.

        Raises
        ------
        InvalidSolutionError
            If it visits a node that does not exist.
        """
        tour = solution.tour
        unknown = tour[(tour < 0) | (tour > self.n)]
        if unknown.size:
            raise InvalidSolutionError([f"unknown node {unknown[0]}"])
        return self._distances.total(tour, np.roll(tour, -1))

    def check(self, solution: Tour) -> list[str]:
        """Return every violation in plain words; nodes are numbered from 0."""
        tour = solution.tour
        known = (tour >= 0) & (tour <= self.n)
        violations = [
            f"unknown node {node} (nodes are 0..{self.n})"
            for node in tour[~known].tolist()
        ]
        counts = np.bincount(tour[known], minlength=self.n + 1)
        violations.extend(
            f"node {node} is visited {counts[node]} times"
            for node in np.flatnonzero(counts > 1).tolist()
        )
        if counts[0] == 0:
            violations.append("the depot, node 0, is not visited")
        if known.all():
            violations.extend(self._refused(solution, counts > 0))
        return violations

    def _refused(self, solution: Tour, visited: NDArray[np.bool_]) -> list[str]:
        """Return what is wrong with a tour of known nodes besides."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class OP(Outing):
    """Orienteering: collect as much as possible on a tour of limited length.

    Parameters
    ----------
    coords : array_like of float, shape (n + 1, 2) or (n + 1, 3), optional
        Coordinates, the depot first.
    prizes : array_like, shape (n + 1,)
        Non-negative prizes; the depot's is always collected.
    limit : float
        Largest length of the closed tour. One of a float length may be
        exceeded by a relative rounding of 1e-9.
    matrix : array_like, shape (n + 1, n + 1), optional
        Symmetric non-negative distances instead of coordinates.
    metric : str
        Distance of coordinates, see `combkit.instances.tsp.TSP`.
    display : array_like of float, shape (n + 1, 2), optional
        Positions for drawing, where they are not the coordinates.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value.

    Examples
    --------
    >>> problem = OP([[0, 0], [3, 4], [0, 5]], prizes=[0, 7, 8], limit=10)
    >>> problem.evaluate(Tour([0, 2]))
    8.0
    >>> problem.check(Tour([0, 1, 2]))
    ['length 13.1622776601684 exceeds the limit 10']
    """

    kind: ClassVar[str] = "op"

    coords: Floats | None = None
    prizes: Array = field(default_factory=missing("prizes"))
    limit: float = field(default_factory=missing("limit"))
    matrix: Array | None = field(default=None, kw_only=True)
    metric: str = field(default="euclidean", kw_only=True)
    display: Floats | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        self._settle()
        put = partial(object.__setattr__, self)
        put("prizes", self._values("prizes", self.prizes))
        put("limit", numbers("limit", self.limit, ()).item())

    @property
    def sense(self) -> Sense:
        """Prizes are maximised."""
        return "max"

    @property
    def longest(self) -> float:
        """The limit with the rounding that it may be exceeded by."""
        return self.limit * (1.0 if self.integral else 1.0 + _NOISE)

    def evaluate(self, solution: Tour) -> float:
        """Return the collected prizes, each once.

        Raises
        ------
        InvalidSolutionError
            If a node is unknown.
        """
        self.length(solution)
        return float(total(self.prizes[np.unique(solution.tour)]))

    def _refused(self, solution: Tour, visited: NDArray[np.bool_]) -> list[str]:
        length = self.length(solution)
        if length <= self.longest:
            return []
        return [f"length {length:.15g} exceeds the limit {self.limit:.15g}"]


@dataclass(frozen=True, eq=False)
class PCTSP(Outing):
    """Prize-collecting TSP: collect a quota, pay for the way and for who is left out.

    The objective is the length of the closed tour plus the penalties of the
    nodes that it does not visit (Balas 1989).

    Parameters
    ----------
    coords : array_like of float, shape (n + 1, 2) or (n + 1, 3), optional
        Coordinates, the depot first.
    prizes, penalties : array_like, shape (n + 1,)
        Non-negative; the depot is always visited.
    quota : float
        Smallest sum of the prizes of visited nodes. One of floats may be missed
        by a relative rounding of 1e-9.
    matrix : array_like, shape (n + 1, n + 1), optional
        Symmetric non-negative distances instead of coordinates.
    metric : str
        Distance of coordinates, see `combkit.instances.tsp.TSP`.
    display : array_like of float, shape (n + 1, 2), optional
        Positions for drawing, where they are not the coordinates.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value.

    References
    ----------
    E. Balas, "The prize collecting traveling salesman problem", Networks 19(6),
    1989. https://doi.org/10.1002/net.3230190602

    Examples
    --------
    >>> problem = PCTSP(
    ...     [[0, 0], [3, 4], [0, 5]], prizes=[0, 7, 8], penalties=[0, 1, 2], quota=8
    ... )
    >>> problem.evaluate(Tour([0, 2]))
    11.0
    >>> problem.check(Tour([0, 1]))
    ['collected prizes 7 are below the quota 8']
    """

    kind: ClassVar[str] = "pctsp"

    coords: Floats | None = None
    prizes: Array = field(default_factory=missing("prizes"))
    penalties: Array = field(default_factory=missing("penalties"))
    quota: float = 1.0
    matrix: Array | None = field(default=None, kw_only=True)
    metric: str = field(default="euclidean", kw_only=True)
    display: Floats | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        self._settle()
        put = partial(object.__setattr__, self)
        put("prizes", self._values("prizes", self.prizes))
        put("penalties", self._values("penalties", self.penalties))
        put("quota", numbers("quota", self.quota, ()).item())

    @property
    def collected(self) -> Array:
        """Prizes that count towards the quota."""
        return self.prizes

    @property
    def needed(self) -> float:
        """The quota less the rounding that it may be missed by."""
        exact = self.collected.dtype == np.int64
        return self.quota * (1.0 if exact else 1.0 - _NOISE)

    def evaluate(self, solution: Tour) -> float:
        """Return the length plus the penalties of unvisited nodes.

        Raises
        ------
        InvalidSolutionError
            If a node is unknown.
        """
        length = self.length(solution)
        return length + total(np.delete(self.penalties, np.unique(solution.tour)))

    def _refused(self, solution: Tour, visited: NDArray[np.bool_]) -> list[str]:
        sum_ = total(self.collected[visited])
        if sum_ >= self.needed:
            return []
        return [f"collected prizes {sum_:.15g} are below the quota {self.quota:.15g}"]


@dataclass(frozen=True, eq=False)
class SPCTSP(PCTSP):
    """Stochastic prize-collecting TSP: a prize shows its size when it is collected.

    As `PCTSP`, but ``prizes`` are only expected. ``real_prizes`` are what visits
    yield, and what counts towards the quota. A policy may look at the real prize
    of a node only once it stands there; a tour that has visited every node may
    return whatever it has collected.

    Parameters
    ----------
    coords, penalties, quota, matrix, metric, display
        As of `PCTSP`.
    prizes : array_like, shape (n + 1,)
        Expected prizes.
    real_prizes : array_like, shape (n + 1,)
        Prizes that visits yield.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value.
    """

    kind: ClassVar[str] = "spctsp"

    real_prizes: Array = field(default_factory=missing("real_prizes"), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        values = self._values("real_prizes", self.real_prizes)
        object.__setattr__(self, "real_prizes", values)

    @property
    def collected(self) -> Array:
        """Prizes that count towards the quota: the real ones."""
        return self.real_prizes

    def _refused(self, solution: Tour, visited: NDArray[np.bool_]) -> list[str]:
        return [] if visited.all() else super()._refused(solution, visited)
