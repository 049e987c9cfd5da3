"""The travelling salesman problem, symmetric and asymmetric."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.distances import EXPLICIT, Distances, Located
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import frozen_array, require
from combkit.instances.solutions import Solution, Tour
from combkit.instances.visits import count_visits

__all__ = ["ATSP", "TSP"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Salesman(Located):
    """What both problems share: the length of a tour and its check."""

    solution_type: ClassVar[type[Solution]] = Tour
    _directed: ClassVar[bool]

    fixed_edges: Integers | None
    ends: Integers | None
    display: Floats | None

    def _settle(self, distances: Distances) -> None:
        """Replace the fields by their validated forms."""
        n = distances.n
        put = partial(object.__setattr__, self)
        put("_distances", distances)
        put("matrix", distances.matrix)
        if self.display is not None:
            put("display", frozen_array("display", self.display, np.float64, (n, 2)))
        edges: ArrayLike | None = self.fixed_edges
        if self.ends is not None:
            put("ends", frozen_array("ends", self.ends, np.int64, (2,), minimum=0))
            first, last = self.ends.tolist()
            require(max(first, last) < n, "ends", f"cities are 0..{n - 1}")
            require(first != last, "ends", f"a path does not end at {first} as well")
            own = [] if self.fixed_edges is None else list(self.fixed_edges)
            edges = [*own, [last, first]]
        if edges is not None:
            put("fixed_edges", _valid_edges(edges, n, self._directed))

    @property
    def n(self) -> int:
        """Number of cities."""
        return self._distances.n

    @property
    def size(self) -> dict[str, int]:
        """Number of cities."""
        return {"n": self.n}

    @cached_property
    def unpaid(self) -> float:
        """Length of the way back from the end of an open path; 0 for a tour."""
        if self.ends is None:
            return 0.0
        return self._distances.total(self.ends[1:], self.ends[:1])

    def path(self, solution: Tour) -> Integers:
        """Return the cities of a feasible tour from the first end to the second.

        Without ends, from city 0.

        Parameters
        ----------
        solution : Tour
            The tour.
        """
        first = 0 if self.ends is None else int(self.ends[0])
        order = np.roll(solution.tour, -int(np.argmax(solution.tour == first)))
        if self.ends is not None and self.n > 2 and order[1] == self.ends[1]:
            order = np.roll(order[::-1], 1)
        return order

    def evaluate(self, solution: Tour) -> float:
        """Return the length of the closed tour, or of the path between the ends.

        Raises
        ------
        InvalidSolutionError
            If it visits a city that does not exist.
        """
        tour = solution.tour
        unknown = tour[(tour < 0) | (tour >= self.n)]
        if unknown.size:
            raise InvalidSolutionError([f"unknown city {unknown[0]}"])
        return self._distances.total(tour, np.roll(tour, -1)) - self.unpaid

    def check(self, solution: Tour) -> list[str]:
        """Return every violation in plain words; cities are numbered from 0."""
        tour = solution.tour
        violations = count_visits(tour, 0, self.n - 1, "city")
        if self.fixed_edges is not None:
            used = set(zip(tour.tolist(), np.roll(tour, -1).tolist(), strict=True))
            if not self._directed:
                used |= {(j, i) for i, j in used}
            violations.extend(
                f"fixed edge {i}-{j} is not in the tour"
                for i, j in self.fixed_edges.tolist()
                if (i, j) not in used
            )
        return violations


@dataclass(frozen=True, eq=False)
class TSP(_Salesman):
    """Symmetric travelling salesman problem.

    Parameters
    ----------
    coords : array_like of float, shape (n, 2) or (n, 3), optional
        Coordinates of the cities.
    matrix : array_like, shape (n, n), optional
        Symmetric distances instead of coordinates; the diagonal is ignored.
    metric : str
        Distance of coordinates: "euclidean" (unrounded) or a TSPLIB 95 type
        (EUC_2D, EUC_3D, CEIL_2D, ATT, GEO, MAN_2D, MAN_3D, MAX_2D, MAX_3D,
        XRAY1, XRAY2), rounded exactly as TSPLIB demands. "EXPLICIT" with a
        matrix.
    fixed_edges : array_like of int, shape (k, 2), optional
        Edges between 0-based cities that a tour must use, in any direction.
    ends : array_like of int, shape (2,), optional
        Cities that an open path starts and ends at, which is then looked for: a
        tour on which they follow each other, a fixed edge that costs nothing.
    display : array_like of float, shape (n, 2), optional
        Positions for drawing, where they are not the coordinates.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value.

    Examples
    --------
    >>> problem = TSP([[0, 0], [0, 3], [4, 3], [4, 0]])
    >>> problem.evaluate(Tour([0, 1, 2, 3]))
    14.0
    >>> problem.check(Tour([0, 1, 1, 3]))
    ['city 1 is visited 2 times', 'city 2 is not visited']

    A path from city 0 to city 2:

    >>> open_ended = TSP(problem.coords, ends=[0, 2])
    >>> open_ended.evaluate(Tour([0, 1, 3, 2]))
    12.0
    """

    kind: ClassVar[str] = "tsp"
    _directed: ClassVar[bool] = False

    coords: Floats | None = None
    matrix: Array | None = field(default=None, kw_only=True)
    metric: str = field(default="euclidean", kw_only=True)
    fixed_edges: Integers | None = field(default=None, kw_only=True)
    ends: Integers | None = field(default=None, kw_only=True)
    display: Floats | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        distances = Distances(self.coords, self.matrix, self.metric, symmetric=True)
        object.__setattr__(self, "coords", distances.coords)
        object.__setattr__(self, "metric", distances.metric)
        self._settle(distances)


@dataclass(frozen=True, eq=False)
class ATSP(_Salesman):
    """Asymmetric travelling salesman problem.

    Parameters
    ----------
    matrix : array_like, shape (n, n)
        ``matrix[i, j]`` is the distance from city i to city j; the diagonal
        is ignored. Zero and negative distances are allowed.
    fixed_edges : array_like of int, shape (k, 2), optional
        Arcs between 0-based cities that a tour must use, from the first city
        to the second.
    ends : array_like of int, shape (2,), optional
        Cities that an open path starts and ends at, which is then looked for: a
        tour on which the first follows the second, at no cost.
    display : array_like of float, shape (n, 2), optional
        Positions for drawing.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value.

    Examples
    --------
    >>> ATSP([[0, 1, 9], [9, 0, 1], [1, 9, 0]]).evaluate(Tour([0, 1, 2]))
    3.0
    """

    kind: ClassVar[str] = "atsp"
    _directed: ClassVar[bool] = True

    matrix: Array
    fixed_edges: Integers | None = field(default=None, kw_only=True)
    ends: Integers | None = field(default=None, kw_only=True)
    display: Floats | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        require(self.matrix is not None, "matrix", "is missing")
        self._settle(Distances(matrix=self.matrix))

    @property
    def coords(self) -> None:
        """None: an asymmetric problem is given by its matrix."""
        return

    @property
    def metric(self) -> str:
        """Always "EXPLICIT"."""
        return EXPLICIT


def _valid_edges(values: ArrayLike, n: int, directed: bool) -> Integers | None:
    """Return fixed edges, sorted and unique, that some tour can use."""
    name = "fixed_edges"
    raw = np.asarray(values)
    if raw.size == 0:
        return None
    pairs = frozen_array(name, raw, np.int64, (None, 2), minimum=0)
    top = int(pairs.max())
    require(top < n, name, f"city {top} where cities are 0..{n - 1}")
    if not directed:
        pairs = np.sort(pairs, axis=1)
    pairs = np.unique(pairs, axis=0)
    ends = [pairs[:, 0], pairs[:, 1]] if directed else [pairs.ravel()]
    for side in ends:
        counts = np.bincount(side, minlength=n)
        city = int(counts.argmax())
        require(
            counts[city] <= (1 if directed else 2),
            name,
            f"no tour uses all {counts[city]} fixed edges of city {city}",
        )
    _refuse_subtours(name, pairs, n)
    pairs.flags.writeable = False
    return pairs


def _refuse_subtours(name: str, pairs: Integers, n: int) -> None:
    """Refuse edges that close a cycle through fewer than all cities."""
    leader = list(range(n))
    members = [1] * n

    def find(city: int) -> int:
        while leader[city] != city:
            leader[city] = leader[leader[city]]
            city = leader[city]
        return city

    for i, j in pairs.tolist():
        a, b = find(i), find(j)
        if a == b:
            require(
                members[a] == n, name, f"edge {i}-{j} closes a cycle of fixed edges"
            )
            continue
        if members[a] < members[b]:
            a, b = b, a
        leader[b] = a
        members[a] += members[b]
