"""The vehicle routing problem with time windows, and its two conventions."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.cvrp import CVRP
from combkit.instances.distances import Distances
from combkit.instances.errors import UsageError, nearest
from combkit.instances.problem import as_vector, missing, require
from combkit.instances.solutions import Routes

__all__ = ["OBJECTIVES", "VRPTW"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: What may be minimised.
OBJECTIVES = ("distance", "vehicles-distance")
#: Slack of a due time, relative to the latest one: rounding noise only.
_NOISE = 1e-9


@dataclass(frozen=True, eq=False)
class VRPTW(CVRP):
    """Capacitated vehicle routing with time windows.

    A vehicle that comes to a customer early waits; driving takes as long as the
    way is. Everything else is as in `combkit.instances.cvrp.CVRP`.

    Parameters
    ----------
    ready, due : array_like of float, shape (n + 1,)
        When a service may begin. For the depot: when vehicles may leave at the
        earliest, and when they must be back.
    objective : {"distance", "vehicles-distance"}
        The total distance; or first the number of routes, then the distance.
        The latter is one number: ``vehicle_cost`` a route is added.
    decimals : int, optional
        Distances, and driving times with them, are truncated to so many
        decimals.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value, or a customer cannot be reached.

    Notes
    -----
    Two conventions are in use for the same files. With ``objective="distance"``
    and ``decimals=1``, the total distance counts, distances truncated to one
    decimal (DIMACS, CVRPLIB); with ``objective="vehicles-distance"`` and no
    truncation, fewer vehicles come first (Solomon; Gehring and Homberger).

    References
    ----------
    .. [1] M. M. Solomon, "Algorithms for the vehicle routing and scheduling
       problems with time window constraints", Operations Research 35(2), 1987.
       https://doi.org/10.1287/opre.35.2.254

    Examples
    --------
    >>> problem = VRPTW(
    ...     [[0, 0], [3, 4], [0, 5]], demands=[0, 2, 3], capacity=5,
    ...     ready=[0, 5, 5], due=[20, 5, 5],
    ... )
    >>> problem.check(Routes([[1, 2]]))
    ['route 1: comes to customer 2 at 8.16227766016838, after 5']
    """

    kind: ClassVar[str] = "vrptw"

    ready: Floats = field(default_factory=missing("ready"), kw_only=True)
    due: Floats = field(default_factory=missing("due"), kw_only=True)
    objective: str = field(default="distance", kw_only=True)
    decimals: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        put = partial(object.__setattr__, self)
        nodes = self.n + 1
        put("ready", as_vector("ready", self.ready, nodes, np.float64, minimum=0))
        put("due", as_vector("due", self.due, nodes, np.float64, minimum=0))
        require(
            self.objective in OBJECTIVES,
            "objective",
            f"{self.objective!r} is unknown{nearest(self.objective, OBJECTIVES)} "
            f"(known: {', '.join(OBJECTIVES)})",
        )
        if self.decimals is not None:
            require(
                isinstance(self.decimals, int) and 0 <= self.decimals <= 9,
                "decimals",
                f"{self.decimals!r} is not an integer from 0 to 9",
            )
            put("_distances", _Truncated(self._distances, self.decimals))
        crossed = np.flatnonzero(self.ready > self.due)
        if crossed.size:
            k = int(crossed[0])
            require(
                False,
                "due",
                f"due[{k}] = {self.due[k]:g} is before ready[{k}] = {self.ready[k]:g}",
            )
        self._require_reachable()

    def _require_reachable(self) -> None:
        """Raise unless every customer can be served by a vehicle of its own."""
        customers = np.arange(1, self.n + 1)
        begin = np.maximum(self.ready[1:], self.ready[0] + self.distance(0, customers))
        back = begin + self.service[1:] + self.distance(customers, 0)
        slack = self.slack
        late = begin > self.due[1:] + slack
        for bad, reason in (
            (late, "cannot be reached in time"),
            (back > self.due[0] + slack, "lets no vehicle be back in time"),
        ):
            if bad.any():
                k = int(np.flatnonzero(bad)[0]) + 1
                require(False, "due", f"customer {k} {reason}")

    @property
    def service(self) -> Floats:
        """Service times, zeros where there are none."""
        if self.service_time is None:
            return np.zeros(self.n + 1)
        return self.service_time

    @property
    def slack(self) -> float:
        """What a service may begin too late, for rounding noise."""
        return _NOISE * max(1.0, float(self.due.max()))

    @property
    def vehicle_cost(self) -> float:
        """What a route adds to the objective: a power of ten, or 0 for distance.

        It is above the distance of any routes, so fewer of them always count
        for more.
        """
        if self.objective == "distance":
            return 0.0
        if self.matrix is not None:
            most = 2.0 * self.n * float(self.matrix.max())
        else:
            # A leg is no longer than the way round by the depot.
            most = 2.0 * float(self.distance(0, np.arange(self.n + 1)).sum())
        return 10.0 ** (math.floor(math.log10(max(1.0, most))) + 1)

    @property
    def convention(self) -> str:
        """What is minimised and how distances are rounded, in words."""
        what = "total distance"
        if self.objective != "distance":
            what = f"vehicles ({self.vehicle_cost:.15g} each), then distance"
        if self.decimals is not None:
            return f"{what}; distances truncated to {self.decimals} decimals"
        return f"{what}; distances not truncated"

    def remarks(self, solution: Routes | None) -> dict[str, Any]:
        """Return what is minimised, and vehicles and distance of a solution."""
        told: dict[str, Any] = {"convention": self.convention}
        if solution is not None:
            used = sum(route.size > 0 for route in solution.routes)
            told["vehicles"] = used
            distance = self.evaluate(solution) - used * self.vehicle_cost
            told["distance"] = round(distance, 6)
        return told

    def under(self, objective: str) -> Self:
        """Return the problem with another objective, under its usual convention.

        Distances that were truncated are not with vehicles first.

        Raises
        ------
        UsageError
            If there is no such objective.
        """
        if objective not in OBJECTIVES:
            raise UsageError(
                f"objective: {objective!r} is unknown{nearest(objective, OBJECTIVES)} "
                f"(known: {', '.join(OBJECTIVES)})"
            )
        if objective == self.objective:
            return self
        decimals = self.decimals if objective == "distance" else None
        return dataclasses.replace(self, objective=objective, decimals=decimals)

    def adapted(self, params: dict[str, Any]) -> tuple[Self, dict[str, Any]]:
        """Return the problem ``under`` the option ``objective``, if it is given."""
        rest = dict(params)
        wanted = rest.pop("objective", self.objective)
        return self.under(wanted), rest

    def evaluate(self, solution: Routes) -> float:
        """Return the distance, and ``vehicle_cost`` for each route in use.

        Raises
        ------
        InvalidSolutionError
            If a route visits a node that does not exist.
        """
        distance = super().evaluate(solution)
        if self.decimals is not None:
            distance = round(distance, self.decimals)
        used = sum(route.size > 0 for route in solution.routes)
        return distance + self.vehicle_cost * used

    def check(self, solution: Routes) -> list[str]:
        """Return every violation in plain words; routes are numbered from 1."""
        violations = super().check(solution)
        for number, route in enumerate(solution.routes, 1):
            known = route[(route > 0) & (route <= self.n)]
            if late := self._late(known):
                violations.append(f"route {number}: {late}")
        return violations

    def _late(self, route: Integers) -> str:
        """Return where a route comes too late first, empty if nowhere."""
        if not route.size:
            return ""
        path = np.concatenate(([0], route, [0]))
        ways = self.distance(path[:-1], path[1:]).tolist()
        service = self.service
        time = float(self.ready[0])
        for node, way in zip(path[1:].tolist(), ways, strict=True):
            time += way
            if time > self.due[node] + self.slack:
                place = f"customer {node}" if node else "the depot"
                return f"comes to {place} at {time:.15g}, after {self.due[node]:.15g}"
            if node:
                time = max(time, float(self.ready[node])) + float(service[node])
        return ""


class _Truncated(Distances):
    """Distances of which all but a few decimals are cut off."""

    def __init__(self, exact: Distances, decimals: int) -> None:
        self.n, self.metric = exact.n, exact.metric
        self._exact, self._unit = exact, 10.0**decimals
        self.coords, self.matrix = exact.coords, None
        if exact.matrix is not None:
            everyone = np.arange(self.n)
            self.matrix = self(everyone[:, None], everyone)

    @property
    def integral(self) -> bool:
        """Whether every distance is an integer."""
        return self._exact.integral

    def __call__(self, i: ArrayLike, j: ArrayLike) -> Array:
        """Return the distances from nodes ``i`` to nodes ``j``, broadcast."""
        values = self._exact(i, j)
        if values.dtype == np.int64:
            return values
        # Products like 0.3 * 10 are whole numbers up to noise.
        return np.floor(np.round(values * self._unit, 9)) / self._unit
