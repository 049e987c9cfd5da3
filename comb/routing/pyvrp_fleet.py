"""PyVRP's iterated local search for fleets: the kind ``vrp``.

References
----------
.. [1] N. A. Wouda, L. Lan and W. Kool, "PyVRP: a high-performance VRP solver
   package", INFORMS J. Computing 36(4), 2024.
   https://doi.org/10.1287/ijoc.2023.0055
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.fleet_start import opening
from combkit.comb.routing.pyvrp_search import PyVRPSearch
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.run import Outcome, Run

__all__ = ["solve", "supports"]

Floats = NDArray[np.float64]

#: Places whose distances PyVRP can hold.
_MOST_PLACES = 8_000
#: Units that 1 is, where data are not integers.
_SCALE = 1_000.0
_UNLIMITED = int(np.iinfo(np.int64).max)


def supports(problem: RichVRP) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    reasons = {
        "clients have several windows": problem.window_client.size
        > np.unique(problem.window_client).size,
        "routes end at their last client": bool((problem.end_depot < 0).any()),
        "pickups come last": problem.backhaul == "last",
        "the clients of a route are limited": bool(
            (problem.max_clients < problem.n).any()
        ),
        "not every vehicle may serve every client": not problem.allowed.all(),
        "clients of shipments have release times": bool(
            (problem.release[problem.shipments] > 0).any()
        ),
        f"it has more than {_MOST_PLACES:,} places": problem.places > _MOST_PLACES,
    }
    return next((reason for reason, true in reasons.items() if true), None)


def solve(problem: RichVRP, run: Run) -> Outcome:
    """Improve ``run.initial``, or else routes of nearest clients.

    PyVRP computes with integers: fractional data are scaled by a thousand, times
    rounded up and windows inwards, so that what it finds is feasible. An iteration
    is PyVRP's.
    """
    start = opening(problem, run)
    if run.should_stop():
        return Outcome()
    _Search(problem, run, start).run()
    return Outcome()


class _Search(PyVRPSearch):
    """One run of PyVRP on a fleet."""

    def __init__(self, problem: RichVRP, run: Run, start: FleetRoutes) -> None:
        super().__init__(run)
        self._problem, self._first = problem, start
        #: Clients that are no part of a shipment: those are PyVRP's clients.
        self._alone = np.flatnonzero(problem.mates < 0)

    def start(self, data: Any) -> Any:
        """Return the routes that there are."""
        import pyvrp

        known = self._activities()
        routes = [
            pyvrp.Route(
                data,
                [pyvrp.Activity(*known[client]) for client in route.visits.tolist()],
                route.vehicle_type,
            )
            for route in self._first.routes
        ]
        return pyvrp.Solution(data, routes) if routes else None

    def _activities(self) -> list[tuple[Any, int]]:
        """Return what PyVRP calls each client: a type of activity and a number."""
        from pyvrp import ActivityType

        known = [(ActivityType.CLIENT, 0)] * self._problem.n
        for number, client in enumerate(self._alone.tolist()):
            known[client] = ActivityType.CLIENT, number
        for number, (given, taken) in enumerate(self._problem.shipments.tolist()):
            known[given] = ActivityType.PICKUP, number
            known[taken] = ActivityType.DELIVERY, number
        return known

    def solution_of(self, found: Any) -> FleetRoutes:
        """Return the routes with their vehicle types."""
        clients = {name: client for client, name in enumerate(self._activities())}
        return FleetRoutes(
            [
                Route(
                    route.vehicle_type(),
                    [
                        clients[stop.type, stop.idx]
                        for stop in route.schedule()
                        if not stop.is_depot()
                    ],
                )
                for route in found.routes()
            ]
        )

    def data(self) -> Any:
        """Return the problem in PyVRP's terms."""
        import pyvrp

        problem = self._problem
        everyone = np.arange(problem.places)
        pairs = [
            problem.legs(f, everyone[:, None], everyone)
            for f in range(problem.profiles)
        ]
        times = (problem.service, problem.release, problem.window_start)
        scale = _scale_of(*(x for pair in pairs for x in pair), *times)
        price = _scale_of(problem.distance_cost, problem.duration_cost)
        money = scale * price
        load = _scale_of(problem.delivery, problem.pickup, problem.shipment_load)
        groups = [
            np.flatnonzero(problem.group == g).tolist()
            for g in np.unique(problem.group[problem.group >= 0])
        ]
        number = {client: k for k, client in enumerate(self._alone.tolist())}
        member = {k: g for g, row in enumerate(groups) for k in row}
        required = problem.required
        opens, closes = (
            np.array([problem.windows(k)[side][0] for k in range(problem.n)])
            for side in (0, 1)
        )
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0)] * problem.places,
            clients=[
                pyvrp.Client(
                    int(problem.clients[k]),
                    delivery=_up(problem.delivery[k], load),
                    pickup=_up(problem.pickup[k], load),
                    service_duration=_up(problem.service[k], scale),
                    tw_early=_up(max(opens[k], 0.0), scale),
                    tw_late=_down(closes[k], scale),
                    release_time=_up(problem.release[k], scale),
                    prize=_near(problem.prize[k], money),
                    required=bool(required[k]) and k not in member,
                    group=member.get(k),
                )
                for k in self._alone.tolist()
            ],
            depots=[
                pyvrp.Depot(
                    int(problem.depots[k]),
                    tw_early=_up(problem.depot_start[k], scale),
                    tw_late=_down(problem.depot_end[k], scale),
                )
                for k in range(problem.depots.size)
            ],
            vehicle_types=[
                pyvrp.VehicleType(
                    int(problem.available[k]),
                    capacity=_down(problem.capacity[k], load),
                    start_depot=int(problem.start_depot[k]),
                    end_depot=int(problem.end_depot[k]),
                    fixed_cost=_near(problem.fixed_cost[k], money),
                    tw_early=_up(problem.shift_start[k], scale),
                    tw_late=_down(problem.shift_end[k], scale),
                    shift_duration=_down(problem.max_duration[k], scale),
                    max_distance=_down(problem.max_distance[k], scale),
                    unit_distance_cost=_near(problem.distance_cost[k], price),
                    unit_duration_cost=_near(problem.duration_cost[k], price),
                    profile=int(problem.profile[k]),
                )
                for k in range(problem.n_types)
            ],
            distance_matrices=[_whole(one, scale) for one, _ in pairs],
            duration_matrices=[_whole(other, scale) for _, other in pairs],
            groups=[
                pyvrp.ClientGroup([number[k] for k in row], bool(required[row].any()))
                for row in groups
            ],
            shipments=[
                pyvrp.Shipment(
                    int(problem.clients[pair[0]]),
                    int(problem.clients[pair[1]]),
                    pickup_tw_early=_up(max(opens[pair[0]], 0.0), scale),
                    pickup_tw_late=_down(closes[pair[0]], scale),
                    pickup_service_duration=_up(problem.service[pair[0]], scale),
                    delivery_tw_early=_up(max(opens[pair[1]], 0.0), scale),
                    delivery_tw_late=_down(closes[pair[1]], scale),
                    delivery_service_duration=_up(problem.service[pair[1]], scale),
                    amount=_up(amount, load),
                    prize=_near(problem.prize[pair].sum(), money),
                    required=bool(required[pair].any()),
                )
                for pair, amount in zip(
                    problem.shipments.tolist(), problem.shipment_load, strict=True
                )
            ],
        )


def _scale_of(*arrays: Floats) -> float:
    """Return 1 where all finite numbers are integers, else ``_SCALE``."""
    finite = [np.where(np.isfinite(one), one, 0.0) for one in arrays]
    return 1.0 if all((one == np.floor(one)).all() for one in finite) else _SCALE


def _whole(values: Floats, scale: float) -> Any:
    """Return a matrix in integers, rounded up."""
    return np.ascontiguousarray(np.ceil(values * scale - 1e-6), np.int64)


def _up(value: Any, scale: float) -> Any:
    """Return a number, or a list of them, rounded up."""
    rounded = np.ceil(np.asarray(value) * scale - 1e-6).astype(np.int64)
    return rounded.tolist()


def _down(value: Any, scale: float) -> Any:
    """Return a number, or a list of them, rounded down; no limit where infinite."""
    scaled = np.floor(np.asarray(value) * scale + 1e-6)
    open_ = ~np.isfinite(scaled) | (scaled > 2.0**62)
    whole = np.where(open_, 0.0, scaled).astype(np.int64)
    return np.where(open_, _UNLIMITED, whole).tolist()


def _near(value: Any, scale: float) -> int:
    """Return the nearest integer."""
    return int(np.rint(value * scale))
