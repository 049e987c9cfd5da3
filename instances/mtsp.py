"""Several salesmen who share the cities, the longest tour as short as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.distances import Distances, Located
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import frozen_array, missing, require
from combkit.instances.solutions import Routes, Solution
from combkit.instances.subsets import numbers
from combkit.instances.visits import count_visits

__all__ = ["MTSP"]

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MTSP(Located):
    """Min-max multiple travelling salesman problem.

    Every city 1..n is on the tour of one salesman; tours start and end at node 0,
    the depot. The objective is the length of the longest tour. A salesman may
    stay at the depot.

    Parameters
    ----------
    coords : array_like of float, shape (n + 1, 2) or (n + 1, 3), optional
        Coordinates, the depot first.
    salesmen : int
        Largest number of tours.
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
    >>> problem = MTSP([[0, 0], [3, 4], [0, 5]], salesmen=2)
    >>> problem.evaluate(Routes([[1], [2]]))
    10.0
    >>> problem.check(Routes([[1], [1]]))
    ['city 1 is visited 2 times', 'city 2 is not visited']
    """

    kind: ClassVar[str] = "mtsp"
    solution_type: ClassVar[type[Solution]] = Routes

    coords: Floats | None = None
    salesmen: int = field(default_factory=missing("salesmen"))
    matrix: Array | None = field(default=None, kw_only=True)
    metric: str = field(default="euclidean", kw_only=True)
    display: Floats | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        distances = Distances(
            self.coords, self.matrix, self.metric, symmetric=True, minimum=0
        )
        put = partial(object.__setattr__, self)
        put("_distances", distances)
        put("coords", distances.coords)
        put("matrix", distances.matrix)
        put("metric", distances.metric)
        require(distances.n >= 2, "coords", "there is no city")
        count = numbers("salesmen", self.salesmen, ()).item()
        require(
            isinstance(count, int) and count > 0,
            "salesmen",
            f"{count} is not a positive integer",
        )
        put("salesmen", count)
        if self.display is not None:
            shape = (distances.n, 2)
            put("display", frozen_array("display", self.display, np.float64, shape))

    @property
    def n(self) -> int:
        """Number of cities."""
        return self._distances.n - 1

    @property
    def size(self) -> dict[str, int]:
        """Number of cities."""
        return {"n": self.n}

    def evaluate(self, solution: Routes) -> float:
        """Return the length of the longest tour.

        Raises
        ------
        InvalidSolutionError
            If a tour visits a city that does not exist.
        """
        longest = 0.0
        for number, route in enumerate(solution.routes, 1):
            unknown = route[(route < 0) | (route > self.n)]
            if unknown.size:
                raise InvalidSolutionError(
                    [f"tour {number}: unknown city {unknown[0]}"]
                )
            tour = np.concatenate([[0], route])
            longest = max(longest, self._distances.total(tour, np.roll(tour, -1)))
        return longest

    def check(self, solution: Routes) -> list[str]:
        """Return every violation in plain words; tours are numbered from 1."""
        visits = np.concatenate([*solution.routes, np.zeros(0, dtype=np.int64)])
        violations = count_visits(visits, 1, self.n, "city")
        used = sum(route.size > 0 for route in solution.routes)
        if used > self.salesmen:
            violations.append(f"{used} tours of {self.salesmen} salesmen")
        return violations
