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

from combkit.comb.routing.fleet_reduction import Reduction, obstacle, one_way
from combkit.comb.routing.fleet_start import opening
from combkit.comb.routing.pyvrp_search import PyVRPSearch
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.run import Outcome, Run

__all__ = ["solve", "supports"]

Floats = NDArray[np.float64]
#: Profile of distances, and whom a vehicle type may serve.
_Profile = tuple[int, tuple[bool, ...]]

#: Places whose distances PyVRP can hold.
_MOST_PLACES = 8_000
#: Units that 1 is, where data are not integers.
_SCALE = 1_000.0
_UNLIMITED = int(np.iinfo(np.int64).max)


def supports(problem: RichVRP) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    reloads = bool(problem.reload.any())
    limited = bool((problem.max_clients < problem.n).any())
    reasons = {
        "vehicles have breaks": problem.break_type.size > 0,
        "the longest route costs more": problem.longest_cost > 0.0,
        "vehicles reload, and there are shipments": reloads and len(problem.shipments),
        "vehicles reload, and their clients are limited": reloads and limited,
        "clients have several windows": problem.window_client.size
        > np.unique(problem.window_client).size,
        "pickups come last, and not every client either gives or gets something": (
            problem.backhaul == "last" and not one_way(problem)
        ),
        "the clients of a route are limited, and there are shipments": limited
        and len(problem.shipments),
        "clients of shipments have release times": bool(
            (problem.release[problem.shipments] > 0).any()
        ),
        f"it has more than {_MOST_PLACES:,} places": problem.places > _MOST_PLACES,
    }
    found = (reason for reason, true in reasons.items() if true)
    return next(found, obstacle(problem))


def solve(problem: RichVRP, run: Run) -> Outcome:
    """Improve ``run.initial``, or else routes of nearest clients.

    PyVRP computes with integers: fractional data are scaled by a thousand, times
    rounded up and windows inwards, so that what it finds is feasible. What it has no
    word for is said in others: legs that must not be are longer than all routes, open
    routes end at a depot to which no way is far, and a limit on clients is one more
    dimension of loads. An iteration is PyVRP's.
    """
    start = opening(problem, run)
    if run.should_stop():
        return Outcome()
    _Search(Reduction(problem), run, start).run()
    return Outcome()


class _Search(PyVRPSearch):
    """One run of PyVRP on a fleet."""

    def __init__(self, reduction: Reduction, run: Run, start: FleetRoutes) -> None:
        super().__init__(run)
        self._restore, problem = reduction.restore, reduction.problem
        self._problem, self._first = problem, reduction.apply(start)
        #: Clients that are no part of a shipment: those are PyVRP's clients.
        self._alone = np.flatnonzero(problem.mates < 0)
        #: Units of times and of costs that 1 is.
        self._scale = self._money = 1.0

    def start(self, data: Any) -> Any:
        """Return the routes that there are."""
        import pyvrp

        known, routes = self._activities(), []
        for route in self._first.routes:
            stops = [known[client] for client in route.visits.tolist()]
            for at, depot in reversed(route.reloads.tolist()):
                stops.insert(at, (pyvrp.ActivityType.DEPOT, self._reload(depot)))
            activities = [pyvrp.Activity(*stop) for stop in stops]
            routes.append(pyvrp.Route(data, activities, route.vehicle_type))
        return pyvrp.Solution(data, routes) if routes else None

    def _reload(self, depot: int) -> int:
        """Return the number of a depot as one where vehicles reload."""
        return self._problem.depots.size + 1 + depot

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

    def solution_of(self, found: Any) -> FleetRoutes | None:
        """Return the routes with their vehicle types."""
        if found.distance() >= self.forbidden:
            return None
        clients = {name: client for client, name in enumerate(self._activities())}
        routes = []
        for route in found.routes():
            visits: list[int] = []
            reloads: dict[int, int] = {}
            for stop in route.schedule():
                if not stop.is_depot():
                    visits.append(clients[stop.type, stop.idx])
                elif (depot := stop.idx - self._reload(0)) >= 0:
                    # Trips may be empty.
                    reloads[len(visits)] = depot
            kept = [(at, d) for at, d in reloads.items() if 0 < at < len(visits)]
            routes.append(Route(route.vehicle_type(), visits, kept))
        return self._restore(FleetRoutes(routes))

    def data(self) -> Any:
        """Return the problem in PyVRP's terms.

        Locations are the depots, the clients, and one that is near to all.
        """
        import pyvrp

        problem = self._problem
        profiles = _profiles(problem)
        pairs = [_legs(problem, profile) for profile, _ in profiles]
        times = (problem.service, problem.release, problem.window_start)
        scale = _scale_of(*(x for pair in pairs for x in pair), *times)
        price = _scale_of(problem.distance_cost, problem.duration_cost)
        goods, room = _loads(problem)
        load = _scale_of(*goods)
        self._scale, self._money = scale, scale * price
        matrices = [[_whole(one, scale) for one in pair] for pair in pairs]
        most = max(int(one.max()) for pair in matrices for one in pair)
        self.forbidden = 4.0 * (most + 1) * (problem.n + 1)
        for pair, (_, allowed) in zip(matrices, profiles, strict=True):
            barred = _barred(problem, allowed)
            for one in pair:
                one[barred] = int(self.forbidden)
        delivery, pickup, shipped = (_up(one, load) for one in goods)
        clients, groups = self._clients(delivery, pickup)
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0)] * len(matrices[0][0]),
            clients=clients,
            depots=self._depots(),
            vehicle_types=self._vehicle_types(_down(room, load), profiles, price),
            distance_matrices=[one for one, _ in matrices],
            duration_matrices=[other for _, other in matrices],
            groups=groups,
            shipments=self._shipments(shipped),
        )

    def _clients(self, delivery: Any, pickup: Any) -> tuple[list[Any], list[Any]]:
        """Return the clients without a shipment, and their groups."""
        import pyvrp

        problem, scale = self._problem, self._scale
        alone, required = self._alone.tolist(), problem.required
        rows = [
            np.flatnonzero(problem.group == g).tolist()
            for g in np.unique(problem.group[problem.group >= 0])
        ]
        number = {client: k for k, client in enumerate(alone)}
        member = {client: g for g, row in enumerate(rows) for client in row}
        clients = []
        for k in alone:
            opens, closes = self._window(k)
            clients.append(
                pyvrp.Client(
                    problem.depots.size + k,
                    delivery=delivery[k],
                    pickup=pickup[k],
                    service_duration=_up(problem.service[k], scale),
                    tw_early=opens,
                    tw_late=closes,
                    release_time=_up(problem.release[k], scale),
                    prize=_near(problem.prize[k], self._money),
                    required=bool(required[k]) and k not in member,
                    group=member.get(k),
                )
            )
        groups = [
            pyvrp.ClientGroup([number[k] for k in row], bool(required[row].any()))
            for row in rows
        ]
        return clients, groups

    def _shipments(self, amounts: Any) -> list[Any]:
        import pyvrp

        problem, found = self._problem, []
        service = _up(problem.service, self._scale)
        for pair, amount in zip(problem.shipments.tolist(), amounts, strict=True):
            given, taken = map(self._window, pair)
            found.append(
                pyvrp.Shipment(
                    problem.depots.size + pair[0],
                    problem.depots.size + pair[1],
                    pickup_tw_early=given[0],
                    pickup_tw_late=given[1],
                    pickup_service_duration=service[pair[0]],
                    delivery_tw_early=taken[0],
                    delivery_tw_late=taken[1],
                    delivery_service_duration=service[pair[1]],
                    amount=amount,
                    prize=_near(problem.prize[pair].sum(), self._money),
                    required=bool(problem.required[pair].any()),
                )
            )
        return found

    def _depots(self) -> list[Any]:
        """Return the depots, one that is near to all, and those for reloading."""
        import pyvrp

        problem = self._problem
        opens = _up(problem.depot_start, self._scale)
        closes = _down(problem.depot_end, self._scale)
        near = pyvrp.Depot(problem.depots.size + problem.n)
        spans = list(enumerate(zip(opens, closes, strict=True)))
        depots = [pyvrp.Depot(k, tw_early=a, tw_late=b) for k, (a, b) in spans]
        times = _up(problem.reload_time, self._scale)
        reloads = [
            pyvrp.Depot(k, tw_early=a, tw_late=b, service_duration=times[k])
            for k, (a, b) in spans
        ]
        return [*depots, near, *(reloads if problem.reload.any() else [])]

    def _vehicle_types(
        self, capacity: Any, profiles: list[_Profile], price: float
    ) -> list[Any]:
        import pyvrp

        problem, scale = self._problem, self._scale
        return [
            pyvrp.VehicleType(
                int(problem.available[k]),
                capacity=capacity[k],
                start_depot=int(problem.start_depot[k]),
                # An open route, -1, ends at the last depot.
                end_depot=int(problem.end_depot[k]) % (problem.depots.size + 1),
                fixed_cost=_near(problem.fixed_cost[k], self._money),
                tw_early=_up(problem.shift_start[k], scale),
                tw_late=_down(problem.shift_end[k], scale),
                shift_duration=_down(problem.max_duration[k], scale),
                max_distance=_down(problem.max_distance[k], scale),
                unit_distance_cost=_near(problem.distance_cost[k], price),
                unit_duration_cost=_near(problem.duration_cost[k], price),
                profile=profiles.index(_profile(problem, k)),
                reload_depots=[
                    self._reload(d) for d in np.flatnonzero(problem.reload[k]).tolist()
                ],
                max_reloads=int(problem.max_reloads[k]),
            )
            for k in range(problem.n_types)
        ]

    def _window(self, client: int) -> tuple[int, int]:
        """Return the one window of a client."""
        (opens,), (closes,) = self._problem.windows(client)
        return _up(max(opens, 0.0), self._scale), _down(closes, self._scale)


def _profile(problem: RichVRP, k: int) -> _Profile:
    """Return what the legs of a vehicle type depend on: profile, and whom it serves."""
    return int(problem.profile[k]), tuple(problem.allowed[k].tolist())


def _profiles(problem: RichVRP) -> list[_Profile]:
    return list(dict.fromkeys(_profile(problem, k) for k in range(problem.n_types)))


def _legs(problem: RichVRP, profile: int) -> tuple[Floats, Floats]:
    """Return distances and durations between locations."""
    places = np.concatenate([problem.depots, problem.clients])
    size = places.size + 1
    found = np.zeros((2, size, size))
    found[:, :-1, :-1] = problem.legs(profile, places[:, None], places)
    return found[0], found[1]


def _barred(problem: RichVRP, allowed: tuple[bool, ...]) -> Any:
    """Return which legs must not be, as they are pairs of locations."""
    d, n = problem.depots.size, problem.n
    barred = np.zeros((d + n + 1, d + n + 1), bool)
    others = d + np.flatnonzero(~np.array(allowed))
    barred[others], barred[:, others] = True, True
    if problem.backhaul == "last":
        gives = d + np.flatnonzero((problem.pickup > 0).any(axis=1))
        gets = d + np.flatnonzero((problem.delivery > 0).any(axis=1))
        barred[np.ix_(gives, gets)] = True
        barred[:d, gives] = True
    np.fill_diagonal(barred, False)
    return barred


def _loads(problem: RichVRP) -> tuple[tuple[Floats, Floats, Floats], Floats]:
    """Return deliveries, pickups and shipments, and what each type carries.

    Where the clients of a route are limited they are a load, too.
    """
    goods = problem.delivery, problem.pickup, problem.shipment_load
    if (problem.max_clients >= problem.n).all():
        return goods, problem.capacity
    delivery, pickup, shipped = (
        np.column_stack([one, np.full(len(one), count)])
        for one, count in zip(goods, (1.0, 0.0, 0.0), strict=True)
    )
    room = np.column_stack([problem.capacity, problem.max_clients])
    return (delivery, pickup, shipped), room


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
