"""Vehicle routing with depots, vehicle types, windows, prizes, groups and more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.distances import Distances
from combkit.instances.errors import InvalidSolutionError, nearest
from combkit.instances.fleet import breaks, locks, reports, rules, shipments
from combkit.instances.fleet.fields import by_type, frozen, integers, loads, vector
from combkit.instances.fleet.solution import FleetRoutes, Route, used
from combkit.instances.fleet.timetable import Timetable, timetable
from combkit.instances.problem import Problem, frozen_array, missing, require
from combkit.instances.solutions import Solution

__all__ = ["BACKHAULS", "RichVRP"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Where pickups may be in a route.
BACKHAULS = ("mixed", "last")
_NEVER = float("inf")
#: Of a field that is filled in when it is not given.
_FILLED: Any = None


@dataclass(frozen=True, eq=False)
class RichVRP(Problem):
    """Vehicle routing with the features of practice.

    There are ``p`` places, ``n`` clients and ``d`` depots at some of them, and
    ``v`` types of vehicles; loads have ``q`` dimensions. A route leaves the first
    depot of its vehicle type, visits clients and ends at the type's last depot; on
    its way it may reload at others, and so has several trips. The objective is what
    the vehicles cost, and the prizes of the clients that are not served.

    Parameters
    ----------
    clients : array_like of int, shape (n,)
        Place of each client.
    depots : array_like of int, shape (d,)
        Place of each depot.
    available : array_like of int, shape (v,)
        How many vehicles of each type there are.
    coords : array_like of float, shape (p, 2), optional
        Coordinates of the places.
    distance : array_like of float, shape (f, p, p), optional
        Distances from place to place of each profile; measured from the
        coordinates without.
    duration : array_like of float, shape (f, p, p), optional
        Times from place to place; the distances without.
    metric : str
        Distance of coordinates, see `combkit.instances.tsp.TSP`.
    delivery : array_like of float, shape (n, q), optional
        What each client is brought from the depot.
    pickup : array_like of float, shape (n, q), optional
        What each client gives, to be brought to the depot.
    service : array_like of float, shape (n,) or (v, n), optional
        Service times, of all types of vehicles or of each one.
    setup : array_like of float, shape (n,) or (v, n), optional
        What a vehicle needs in addition before it serves a client, if it comes from
        another place.
    window_client : array_like of int, shape (w,), optional
        Client of each time window; without one, service may begin at any time,
        with several, in any of them.
    window_start, window_end : array_like of float, shape (w,), optional
        When the service of that client may begin.
    release : array_like of float, shape (n,), optional
        When the goods of each client are ready at the depot: its vehicle leaves
        then at the earliest, or begins to reload.
    required : array_like of bool, shape (n,), optional
        Whether each client must be served; all without.
    prize : array_like of float, shape (n,), optional
        What it costs not to serve a client.
    group : array_like of int, shape (n,), optional
        Group of each client, of which one is served at most; -1 for none. A group
        has to be served if any of its clients is required.
    shipments : array_like of int, shape (s, 2), optional
        Clients that give and get the goods of each shipment: of the same vehicle,
        in this order. Both have nothing else, are in no group and in no other
        shipment, and are served or not together.
    shipment_load : array_like of float, shape (s, q), optional
        What is carried from one to the other.
    locked : array_like of int, shape (l, 2), optional
        Pairs of clients of which the second comes right behind the first, on the same
        trip; both are in no group, and are served or not together.
    backhaul : {"mixed", "last"}
        Whether pickups may come at any time, or only when a trip has delivered
        something and delivers nothing more.
    depot_start, depot_end : array_like of float, shape (d,), optional
        When vehicles may leave a depot, 0 without, and when they must be back;
        reloading may begin in between.
    reload : array_like of bool, shape (v, d), optional
        At which depots vehicles of each type may leave what they picked up, and load
        what they deliver next; nowhere without. Shipments stay on board.
    max_reloads : array_like of int, shape (v,), optional
        How often.
    reload_time : array_like of float, shape (d,), optional
        How long that takes.
    capacity : array_like of float, shape (v, q), optional
        What a vehicle of each type can carry.
    start_depot : array_like of int, shape (v,), optional
        Where vehicles of each type start; the first depot without.
    end_depot : array_like of int, shape (v,), optional
        Where they end; where they start without, and -1 at the last client.
    fixed_cost : array_like of float, shape (v,), optional
        Cost of a vehicle in use.
    distance_cost : array_like of float, shape (v,), optional
        Cost of a unit of distance, 1 without.
    duration_cost : array_like of float, shape (v,), optional
        Cost of a unit of time from leaving to returning.
    shift_start, shift_end : array_like of float, shape (v,), optional
        When a vehicle may leave at the earliest, 0 without, and must be back.
    max_distance, max_duration : array_like of float, shape (v,), optional
        Limits on a route.
    max_clients : array_like of int, shape (v,), optional
        Limit on the clients of a route.
    break_type : array_like of int, shape (b,), optional
        Type of vehicle of each break. Whoever leaves takes all breaks of its type
        before it is back, in the order of their starts, at stops or between them.
    break_start, break_end : array_like of float, shape (b,), optional
        When each break may begin.
    break_time : array_like of float, shape (b,), optional
        How long it takes.
    profile : array_like of int, shape (v,), optional
        Which distances and durations hold for a type; the first ones without.
    allowed : array_like of bool, shape (v, n), optional
        Which clients a type may serve; all without.
    longest_cost : float
        Cost of a unit of time of the longest route, to let drivers work alike.

    Raises
    ------
    InvalidProblemError
        If a field has an impossible value, or a client can be served by nobody.

    Notes
    -----
    A vehicle is back as early as it can be, and leaves as late as lets it. With one
    window a client, no other timing takes less time.

    Examples
    --------
    >>> problem = RichVRP(
    ...     clients=[1, 2], depots=[0], available=[2], coords=[[0, 0], [3, 4], [0, 5]],
    ...     delivery=[[2], [3]], capacity=[[4]], fixed_cost=[10],
    ... )
    >>> problem.evaluate(FleetRoutes([Route(0, [0]), Route(0, [1])]))
    40.0
    >>> problem.check(FleetRoutes([Route(0, [0, 1])]))
    ['route 1: load 5 exceeds the capacity 4 of vehicle type 0']
    """

    kind: ClassVar[str] = "vrp"
    _measured: ClassVar[Distances | None]
    _shape: ClassVar[tuple[int, int]]
    _first_window: ClassVar[Integers]
    solution_type: ClassVar[type[Solution]] = FleetRoutes
    told_besides: ClassVar[tuple[str, ...]] = ("unserved",)

    clients: Integers = field(default_factory=missing("clients"))
    depots: Integers = field(default_factory=missing("depots"))
    available: Integers = field(default_factory=missing("available"))
    _: KW_ONLY
    coords: Floats | None = None
    distance: Floats | None = None
    duration: Floats | None = None
    metric: str = "euclidean"
    delivery: Floats = _FILLED
    pickup: Floats = _FILLED
    service: Floats = _FILLED
    setup: Floats = _FILLED
    window_client: Integers = _FILLED
    window_start: Floats = _FILLED
    window_end: Floats = _FILLED
    release: Floats = _FILLED
    required: Flags = _FILLED
    prize: Floats = _FILLED
    group: Integers = _FILLED
    shipments: Integers = _FILLED
    shipment_load: Floats = _FILLED
    locked: Integers = _FILLED
    backhaul: str = "mixed"
    depot_start: Floats = _FILLED
    depot_end: Floats = _FILLED
    reload: Flags = _FILLED
    max_reloads: Integers = _FILLED
    reload_time: Floats = _FILLED
    capacity: Floats = _FILLED
    start_depot: Integers = _FILLED
    end_depot: Integers = _FILLED
    fixed_cost: Floats = _FILLED
    distance_cost: Floats = _FILLED
    duration_cost: Floats = _FILLED
    shift_start: Floats = _FILLED
    shift_end: Floats = _FILLED
    max_distance: Floats = _FILLED
    max_duration: Floats = _FILLED
    max_clients: Integers = _FILLED
    break_type: Integers = _FILLED
    break_start: Floats = _FILLED
    break_end: Floats = _FILLED
    break_time: Floats = _FILLED
    profile: Integers = _FILLED
    allowed: Flags = _FILLED
    longest_cost: float = 0.0

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        self._put_places()
        n, v = self.n, self.n_types
        require(v > 0, "available", "there is no vehicle")
        q = self._put_loads()
        for name, size, low, default in (
            ("release", n, 0.0, 0.0),
            ("prize", n, 0.0, 0.0),
            ("depot_start", self.depots.size, -_NEVER, 0.0),
            ("depot_end", self.depots.size, -_NEVER, _NEVER),
            ("fixed_cost", v, 0.0, 0.0),
            ("distance_cost", v, 0.0, 1.0),
            ("duration_cost", v, 0.0, 0.0),
            ("shift_start", v, -_NEVER, 0.0),
            ("shift_end", v, -_NEVER, _NEVER),
            ("max_distance", v, 0.0, _NEVER),
            ("max_duration", v, 0.0, _NEVER),
            ("reload_time", self.depots.size, 0.0, 0.0),
        ):
            put(name, vector(name, getattr(self, name), size, low, default))
        for name in ("service", "setup"):
            put(name, by_type(name, getattr(self, name), (v, n)))
        cost = vector("longest_cost", [self.longest_cost], 1, 0.0, 0.0)
        put("longest_cost", float(cost[0]))
        put("capacity", loads("capacity", self.capacity, (v, q), _NEVER))
        last = self.depots.size - 1
        for name, size, low, high, filled in (
            ("start_depot", v, 0, last, 0),
            ("profile", v, 0, self.profiles - 1, 0),
            ("max_clients", v, 0, None, n),
            ("max_reloads", v, 0, None, n),
            ("group", n, -1, n - 1, -1),
        ):
            given = getattr(self, name)
            values = np.full(size, filled) if given is None else given
            put(name, integers(name, values, size, low, high))
        ends = self.start_depot if self.end_depot is None else self.end_depot
        put("end_depot", integers("end_depot", ends, v, -1, last))
        for name, shape, filled in (
            ("required", (n,), True),
            ("allowed", (v, n), True),
            ("reload", (v, last + 1), False),
        ):
            values = getattr(self, name)
            values = np.full(shape, filled) if values is None else values
            put(name, frozen_array(name, values, np.bool_, shape))
        require(
            self.backhaul in BACKHAULS,
            "backhaul",
            f"{self.backhaul!r} is unknown{nearest(self.backhaul, BACKHAULS)} "
            f"(known: {', '.join(BACKHAULS)})",
        )
        pairs, amounts = shipments.fill_in(self, q)
        put("shipments", pairs)
        put("shipment_load", amounts)
        put("locked", locks.fill_in(self))
        self._put_windows()
        self._require_ordered()
        for name, values in breaks.fill_in(self).items():
            put(name, values)
        rules.require_servable(self)

    # -- validation --------------------------------------------------------

    def _put_places(self) -> None:
        put = partial(object.__setattr__, self)
        measured = None
        if self.coords is not None:
            measured = Distances(self.coords, None, self.metric, minimum=0)
            put("coords", measured.coords)
        require(
            measured is not None or self.distance is not None,
            "coords",
            "neither coordinates nor distances are given",
        )
        for name in ("distance", "duration"):
            values = getattr(self, name)
            if values is not None:
                cube = frozen_array(
                    name, values, np.float64, (None, None, None), minimum=0
                )
                f, p, other = cube.shape
                require(p == other, name, f"{p} x {other} places: not square")
                require(f > 0, name, "there is no profile")
                put(name, cube)
        sizes = {
            name: getattr(self, name).shape
            for name in ("distance", "duration")
            if getattr(self, name) is not None
        }
        require(
            len(set(sizes.values())) < 2,
            "duration",
            f"shape {sizes.get('duration')} where distance has {sizes.get('distance')}",
        )
        shape = next(iter(sizes.values()), (1, 0, 0))
        places = measured.n if measured is not None else shape[1]
        if sizes:
            require(
                shape[1] == places,
                "distance",
                f"{shape[1]} places where there are {places} coordinates",
            )
        put("_measured", measured)
        put("_shape", (int(shape[0]), int(places)))
        for name in ("clients", "depots"):
            put(name, integers(name, getattr(self, name), None, 0, places - 1))
            require(getattr(self, name).size > 0, name, "there is none")
        put("available", integers("available", self.available, None, 0, None))

    def _put_loads(self) -> int:
        put = partial(object.__setattr__, self)
        given = [
            (name, np.asarray(getattr(self, name)))
            for name in ("delivery", "pickup", "shipment_load", "capacity")
            if getattr(self, name) is not None
        ]
        q = given[0][1].shape[-1] if given and given[0][1].ndim == 2 else 1
        for name in ("delivery", "pickup"):
            put(name, loads(name, getattr(self, name), (self.n, q), 0.0))
        return q

    def _put_windows(self) -> None:
        put = partial(object.__setattr__, self)
        client = [] if self.window_client is None else self.window_client
        client = integers("window_client", client, None, 0, self.n - 1)
        w = client.size
        start = vector("window_start", self.window_start, w, -_NEVER, -_NEVER)
        end = vector("window_end", self.window_end, w, -_NEVER, _NEVER)
        for k in np.flatnonzero(start > end)[:1].tolist():
            reason = f"window_end[{k}] = {end[k]:g} is before {start[k]:g}"
            require(False, "window_end", reason)
        order = np.lexsort((start, client))
        put("window_client", frozen(client[order]))
        put("window_start", frozen(start[order]))
        put("window_end", frozen(end[order]))
        put("_first_window", np.searchsorted(client[order], np.arange(self.n + 1)))

    def _require_ordered(self) -> None:
        for low, high in (("depot_start", "depot_end"), ("shift_start", "shift_end")):
            for k in np.flatnonzero(getattr(self, low) > getattr(self, high))[:1]:
                a, b = getattr(self, low)[k], getattr(self, high)[k]
                require(False, high, f"{high}[{k}] = {b:g} is before {a:g}")

    # -- sizes and distances ------------------------------------------------

    @property
    def n(self) -> int:
        """Number of clients."""
        return int(self.clients.size)

    @property
    def places(self) -> int:
        """Number of places."""
        return self._shape[1]

    @property
    def profiles(self) -> int:
        """Number of profiles of distances and durations."""
        return self._shape[0]

    @property
    def n_types(self) -> int:
        """Number of vehicle types."""
        return int(self.available.size)

    @cached_property
    def handed(self) -> Floats:
        """What a visit puts into the vehicle for a shipment; negative: takes out."""
        return shipments.handed(self)

    @cached_property
    def mates(self) -> Integers:
        """The other client of the shipment of each client, -1 without one."""
        return shipments.mates(self)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of clients, depots and vehicle types."""
        return {
            "clients": self.n,
            "depots": int(self.depots.size),
            "vehicle_types": self.n_types,
        }

    def legs(
        self, profile: int, i: Integers | int, j: Integers
    ) -> tuple[Floats, Floats]:
        """Return distances and durations from places ``i`` to places ``j``."""
        if self.distance is not None:
            length = self.distance[profile, i, j]
        else:
            assert self._measured is not None
            length = np.asarray(self._measured(i, j), np.float64)
        if self.duration is None:
            return length, length
        return length, self.duration[profile, i, j]

    def path(self, route: Route) -> Integers:
        """Return the places of a route: its depots and clients in order."""
        places = np.insert(
            self.clients[route.visits],
            route.reloads[:, 0],
            self.depots[route.reloads[:, 1]],
        )
        first, last = (
            ends[route.vehicle_type] for ends in (self.start_depot, self.end_depot)
        )
        home = self.depots[[last]] if last >= 0 else self.depots[:0]
        return np.concatenate([self.depots[[first]], places, home])

    def service_of(self, kind: int) -> Floats:
        """Return the service times of vehicles of a type."""
        return self.service if self.service.ndim == 1 else self.service[kind]

    def setup_of(self, kind: int) -> Floats:
        """Return the set-up times of vehicles of a type."""
        return self.setup if self.setup.ndim == 1 else self.setup[kind]

    def breaks(self, kind: int) -> Floats:
        """Return the breaks of a type in order: when each may begin, and how long."""
        rows = self.break_type == kind
        columns = (self.break_start, self.break_end, self.break_time)
        return np.column_stack([column[rows] for column in columns])

    def windows(self, client: int) -> tuple[Floats, Floats]:
        """Return starts and ends of the windows of a client, in order of time."""
        rows = slice(*self._first_window[client : client + 2])
        if rows.start == rows.stop:
            return np.array([-_NEVER]), np.array([_NEVER])
        return self.window_start[rows], self.window_end[rows]

    # -- solutions -----------------------------------------------------------

    def timetable(self, route: Route) -> Timetable:
        """Return when a route does what, see the notes of the class."""
        return timetable(self, route)

    def evaluate(self, solution: FleetRoutes) -> float:
        """Return the costs of vehicles and of clients that are not served.

        Raises
        ------
        InvalidSolutionError
            If there is no such vehicle type or client.
        """
        if wrong := rules.unknown(self, solution):
            raise InvalidSolutionError(wrong)
        missed = self.unserved(solution)
        groups = self.group[self.served(solution)]
        # Whoever is of a group that is served is not missed.
        missed = missed[~np.isin(self.group[missed], groups[groups >= 0])]
        total = float(self.prize[missed].sum())
        if self.longest_cost > 0.0:
            longest = max(
                (self.timetable(r).duration for r in used(solution)), default=0.0
            )
            total += self.longest_cost * longest
        return total + sum(map(self.route_cost, used(solution)))

    def route_cost(self, route: Route) -> float:
        """Return what the vehicle of a route of known clients costs."""
        if not route.visits.size:
            return 0.0
        k, table = route.vehicle_type, self.timetable(route)
        cost = float(self.fixed_cost[k] + self.distance_cost[k] * table.distance)
        if self.duration_cost[k] > 0.0:
            cost += float(self.duration_cost[k]) * table.duration
        return cost

    def check(self, solution: FleetRoutes) -> list[str]:
        """Return every violation in plain words; routes are numbered from 1."""
        return rules.violations(self, solution)

    def route_violations(self, route: Route) -> list[str]:
        """Return what is wrong with a route of known clients, in plain words."""
        return rules.route_violations(self, route)

    def served(self, solution: FleetRoutes) -> Integers:
        """Return the clients that are visited."""
        return np.concatenate(
            [np.zeros(0, np.int64), *(route.visits for route in solution.routes)]
        )

    def unserved(self, solution: FleetRoutes) -> Integers:
        """Return the clients that are not visited."""
        return np.setdiff1d(np.arange(self.n), self.served(solution))

    def stops(self, solution: FleetRoutes) -> list[dict[str, Any]]:
        """Return a row a visit, e.g. for ``pandas.DataFrame``.

        Parameters
        ----------
        solution : FleetRoutes
            Routes of known clients, feasible or not.

        Returns
        -------
        list of dict
            ``route`` and ``stop`` from 1, ``vehicle_type``, ``client``, ``distance``
            of the leg to it, ``arrival``, ``wait``, ``begin``, ``depart``, ``late``
            the ``load`` with which the vehicle goes on, its ``trip`` from 1, and when
            ``breaks`` began since the stop before.
        """
        return reports.stops(self, solution)

    def reasons(self, solution: FleetRoutes) -> dict[int, str]:
        """Return why each client that is not served is not, in plain words.

        What it would cost to serve it as the routes are, or what is in the way.

        Parameters
        ----------
        solution : FleetRoutes
            Routes of known clients.
        """
        return reports.reasons(self, solution)

    def geojson(self, solution: FleetRoutes) -> dict[str, Any]:
        """Return routes, clients and depots as a GeoJSON feature collection.

        Coordinates are as they are: longitude and latitude if they are those.

        Parameters
        ----------
        solution : FleetRoutes
            Routes of known clients.

        Raises
        ------
        UnsupportedFeatureError
            If the problem has no coordinates.
        """
        return reports.geojson(self, solution)

    def encode(self, solution: Any) -> dict[str, Any]:
        """Return routes with their depots, and who is not served."""
        routes = [
            {**entry, "depot": int(self.start_depot[entry["vehicle_type"]])}
            for entry in solution.to_dict()["routes"]
        ]
        return {"routes": routes, "unserved": self.unserved(solution).tolist()}

    def decode(self, data: Mapping[str, Any]) -> FleetRoutes:
        """Return the solution that ``encode`` wrote."""
        return FleetRoutes.from_dict(data)
