"""The capacitated vehicle routing problem, with an optional length limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.distances import Distances, Located
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import as_vector, frozen_array, missing, require
from combkit.instances.solutions import Routes, Solution
from combkit.instances.visits import count_visits

__all__ = ["CVRP"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Relative slack of a limit on sums of floats, for rounding noise only.
_NOISE = 1e-9


@dataclass(frozen=True, eq=False)
class CVRP(Located):
    """Capacitated vehicle routing with one depot and equal vehicles.

    Routes start and end at node 0, the depot; every customer 1..n is on one
    route. The objective is the total distance; service times count towards
    the length limit of a route but not towards the objective.

    Parameters
    ----------
    coords : array_like of float, shape (n + 1, 2) or (n + 1, 3), optional
        Coordinates, the depot first.
    demands : array_like, shape (n + 1,)
        Non-negative demands, 0 at the depot; int64 where all are integral.
    capacity : int or float
        What a vehicle carries.
    matrix : array_like, shape (n + 1, n + 1), optional
        Non-negative distances instead of coordinates, symmetric or not; the
        diagonal is ignored.
    metric : str
        Distance of coordinates, see `combkit.instances.tsp.TSP`.
    max_distance : float, optional
        Limit on the distance plus the service times of a route.
    service_time : float or array_like, shape (n + 1,), optional
        Service times, 0 at the depot; one number for all customers.
    vehicles : int, optional
        Largest number of routes; no limit without.
    display : array_like of float, shape (n + 1, 2), optional
        Positions for drawing, where they are not the coordinates.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value.

    Examples
    --------
    >>> problem = CVRP([[0, 0], [3, 4], [0, 5]], demands=[0, 2, 3], capacity=4)
    >>> problem.evaluate(Routes([[1], [2]]))
    20.0
    >>> problem.check(Routes([[1, 2]]))
    ['route 1: load 5 exceeds the capacity 4']
    """

    kind: ClassVar[str] = "cvrp"
    solution_type: ClassVar[type[Solution]] = Routes
    #: Whether routes end at their last customer and do not return to the depot.
    open_ended: ClassVar[bool] = False

    coords: Floats | None = None
    demands: Array = field(default_factory=missing("demands"))
    capacity: float = field(default_factory=missing("capacity"))
    matrix: Array | None = field(default=None, kw_only=True)
    metric: str = field(default="euclidean", kw_only=True)
    max_distance: float | None = field(default=None, kw_only=True)
    service_time: Floats | None = field(default=None, kw_only=True)
    vehicles: int | None = field(default=None, kw_only=True)
    display: Floats | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        distances = Distances(self.coords, self.matrix, self.metric, minimum=0)
        nodes = distances.n
        put = partial(object.__setattr__, self)
        put("_distances", distances)
        put("coords", distances.coords)
        put("matrix", distances.matrix)
        put("metric", distances.metric)
        require(nodes >= 2, "demands", "there is no customer")
        put("capacity", _number("capacity", self.capacity))
        require(self.capacity > 0, "capacity", f"{self.capacity} is not positive")
        put("demands", self._valid_demands(nodes))
        if self.max_distance is not None:
            limit = float(_number("max_distance", self.max_distance))
            require(limit > 0, "max_distance", f"{limit:g} is not positive")
            put("max_distance", limit)
        if self.service_time is not None:
            put("service_time", _service_times(self.service_time, nodes))
        if self.vehicles is not None:
            count = _number("vehicles", self.vehicles)
            require(
                isinstance(count, int) and count > 0,
                "vehicles",
                f"{count} is not a positive integer",
            )
            put("vehicles", count)
        if self.display is not None:
            shape = (nodes, 2)
            put("display", frozen_array("display", self.display, np.float64, shape))

    def _valid_demands(self, nodes: int) -> Array:
        values: Array = frozen_array(
            "demands", self.demands, np.float64, (nodes,), minimum=0
        )
        require(values[0] == 0, "demands", f"demands[0] = {values[0]:g} at the depot")
        largest = int(values.argmax())
        require(
            values[largest] <= self.capacity,
            "demands",
            f"demands[{largest}] = {values[largest]:g} exceeds the capacity "
            f"{self.capacity}",
        )
        require(
            float(values.max()) * nodes < 2.0**53,
            "demands",
            f"demands[{largest}] = {values[largest]:g} is too large",
        )
        if (values == np.floor(values)).all():
            values = values.astype(np.int64)
            values.flags.writeable = False
        return values

    @property
    def n(self) -> int:
        """Number of customers."""
        return self._distances.n - 1

    @property
    def size(self) -> dict[str, int]:
        """Number of customers."""
        return {"n": self.n}

    def evaluate(self, solution: Routes) -> float:
        """Return the total distance of all routes.

        Raises
        ------
        InvalidSolutionError
            If a route visits a node that does not exist.
        """
        for number, route in enumerate(solution.routes, 1):
            unknown = route[(route < 0) | (route > self.n)]
            if unknown.size:
                raise InvalidSolutionError(
                    [f"route {number}: unknown customer {unknown[0]}"]
                )
        starts, ends, _ = self._legs(solution.routes)
        return self._distances.total(starts, ends)

    def check(self, solution: Routes) -> list[str]:
        """Return every violation in plain words; routes are numbered from 1."""
        visits = np.concatenate([*solution.routes, np.zeros(0, dtype=np.int64)])
        violations = count_visits(visits, 1, self.n, "customer")
        # What remains is judged without the nodes that do not exist.
        routes = [r[(r > 0) & (r <= self.n)] for r in solution.routes]
        used = sum(route.size > 0 for route in solution.routes)
        if self.vehicles is not None and used > self.vehicles:
            violations.append(f"{used} routes where {self.vehicles} are allowed")
        for number, route in enumerate(routes, 1):
            load = self.demands[route].sum()
            if load > self.capacity * (1.0 + self._noise(self.demands)):
                violations.append(
                    f"route {number}: load {load:.15g} exceeds the capacity "
                    f"{self.capacity:.15g}"
                )
        if self.max_distance is not None:
            violations.extend(self._too_long(routes, self.max_distance))
        return violations

    def _too_long(self, routes: list[Integers], limit: float) -> list[str]:
        starts, ends, number = self._legs(routes)
        lengths = np.bincount(
            number, weights=self.distance(starts, ends), minlength=len(routes)
        )
        if self.service_time is not None:
            lengths += np.array([self.service_time[r].sum() for r in routes])
        return [
            f"route {k + 1}: length {lengths[k]:.15g} with service exceeds the "
            f"limit {limit:.15g}"
            for k in np.flatnonzero(lengths > limit * (1.0 + _NOISE)).tolist()
        ]

    @staticmethod
    def _noise(values: Array) -> float:
        return 0.0 if values.dtype == np.int64 else _NOISE

    def _legs(
        self, routes: tuple[Integers, ...] | list[Integers]
    ) -> tuple[Integers, Integers, Integers]:
        """Return start, end and 0-based route of every leg, depot legs included."""
        depot = np.zeros(1, dtype=np.int64)
        starts, ends, number = [depot[:0]], [depot[:0]], [depot[:0]]
        for k, route in enumerate(routes):
            if route.size:
                stops = [depot, route] if self.open_ended else [depot, route, depot]
                path = np.concatenate(stops)
                starts.append(path[:-1])
                ends.append(path[1:])
                number.append(np.full(path.size - 1, k, dtype=np.int64))
        return np.concatenate(starts), np.concatenate(ends), np.concatenate(number)


def _number(name: str, value: Any) -> int | float:
    """Return a finite scalar, an int where it is integral."""
    number = float(frozen_array(name, value, np.float64, ()))
    require(abs(number) < 2.0**53, name, f"{number:g} is too large")
    return int(number) if number.is_integer() else number


def _service_times(values: ArrayLike, nodes: int) -> Floats:
    if np.ndim(values) == 0:
        values = np.where(np.arange(nodes) > 0, values, 0)
    times = as_vector("service_time", values, nodes, np.float64, minimum=0)
    require(
        times[0] == 0, "service_time", f"service_time[0] = {times[0]:g} at the depot"
    )
    return times
