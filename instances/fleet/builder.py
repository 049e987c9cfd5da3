"""Vehicle routing problems in the words of the field, built step by step."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from combkit.instances.errors import InvalidProblemError
from combkit.instances.fleet.problem import RichVRP

__all__ = ["RoutingProblem"]

_NEVER = float("inf")
_ALWAYS = (0.0, _NEVER)
Span = tuple[float, float]
#: When it may begin at the earliest and at the latest, and how long it takes.
Break = tuple[float, float, float]
Load = float | Sequence[float]


@dataclass(frozen=True, slots=True)
class _Depot:
    place: int
    window: Span
    reload_time: float


@dataclass(frozen=True, slots=True)
class _Client:
    place: int
    delivery: Load
    pickup: Load
    service: float
    setup: float
    windows: tuple[Span, ...]
    release: float
    prize: float
    required: bool
    group: str | None
    skills: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Shipment:
    pair: tuple[int, int]
    load: Load
    prize: float | None


@dataclass(frozen=True, slots=True)
class _VehicleType:
    count: int
    capacity: Load
    start: int
    end: int
    costs: tuple[float, float, float]
    shift: Span
    limits: tuple[float, float]
    max_clients: int | None
    profile: str
    skills: frozenset[str]
    reload_depots: tuple[int, ...]
    max_reloads: int | None
    breaks: tuple[Break, ...]
    pace: tuple[float, float]


class RoutingProblem:
    """A builder of vehicle routing problems.

    Depots, clients and vehicle types are added one after the other and known by the
    numbers that the methods return; what a problem needs no word for can be left out.

    Parameters
    ----------
    name : str
        Name of the problem.
    metric : str
        Distance of coordinates, see `combkit.instances.tsp.TSP`.

    Examples
    --------
    >>> model = RoutingProblem()
    >>> depot = model.add_depot(0, 0)
    >>> van = model.add_vehicle_type(2, capacity=10, fixed_cost=50, skills=["lift"])
    >>> near = model.add_client(3, 4, delivery=6, windows=[(0, 20), (40, 60)])
    >>> far = model.add_client(6, 8, delivery=4, skills=["lift"], prize=30)
    >>> problem = model.problem()
    >>> problem.size
    {'clients': 2, 'depots': 1, 'vehicle_types': 1}
    >>> problem.required.tolist()
    [True, False]
    """

    def __init__(self, *, name: str = "", metric: str = "euclidean") -> None:
        self.name, self.metric = name, metric
        self._points: list[tuple[float, float] | None] = []
        self._depots: list[_Depot] = []
        self._clients: list[_Client] = []
        self._shipments: list[_Shipment] = []
        self._types: list[_VehicleType] = []
        self._matrices: dict[str, tuple[ArrayLike, ArrayLike | None]] = {}
        self._locked: list[tuple[int, int]] = []
        self._last, self._longest = "mixed", 0.0

    def add_depot(
        self,
        x: float | None = None,
        y: float | None = None,
        *,
        window: Span = _ALWAYS,
        reload_time: float = 0.0,
    ) -> int:
        """Add a depot and return its number.

        Parameters
        ----------
        x, y : float, optional
            Where it is; not needed where all distances are given.
        window : tuple of float
            When vehicles may leave, and when they must be back.
        reload_time : float
            How long a vehicle takes that reloads here.
        """
        self._depots.append(_Depot(self._place(x, y), window, reload_time))
        return len(self._depots) - 1

    def add_client(
        self,
        x: float | None = None,
        y: float | None = None,
        *,
        delivery: Load = 0.0,
        pickup: Load = 0.0,
        service: float = 0.0,
        setup: float = 0.0,
        windows: Iterable[Span] = (),
        release: float = 0.0,
        prize: float | None = None,
        required: bool | None = None,
        group: str | None = None,
        skills: Iterable[str] = (),
    ) -> int:
        """Add a client and return its number.

        Parameters
        ----------
        x, y : float, optional
            Where it is; not needed where all distances are given.
        delivery, pickup : float or sequence of float
            What it is brought, and what it gives; by dimension where loads have
            several.
        service : float
            How long that takes.
        setup : float
            How long it takes in addition to begin, coming from another place.
        windows : iterable of tuple of float
            When service may begin; at any time without.
        release : float
            When its goods are ready at the depot.
        prize : float, optional
            What it costs not to serve it. With a prize it need not be served.
        required : bool, optional
            Whether it must be served, if a prize should not decide.
        group : str, optional
            Of a group one client is served at most.
        skills : iterable of str
            What a vehicle must have to serve it.
        """
        must = prize is None if required is None else required
        self._clients.append(
            _Client(
                place=self._place(x, y),
                delivery=delivery,
                pickup=pickup,
                service=service,
                setup=setup,
                windows=tuple(windows),
                release=release,
                prize=0.0 if prize is None else prize,
                required=must,
                group=group,
                skills=frozenset(skills),
            )
        )
        return len(self._clients) - 1

    def add_shipment(
        self, pickup: int, delivery: int, load: Load = 0.0, prize: float | None = None
    ) -> int:
        """Let one vehicle bring goods from a client to another one.

        Parameters
        ----------
        pickup, delivery : int
            Clients without deliveries, pickups and a group of their own, as
            ``add_client`` numbered them.
        load : float or sequence of float
            The goods.
        prize : float, optional
            What it costs not to do it. With a prize it need not be done.

        Returns
        -------
        int
            Number of the shipment.
        """
        for client in (pickup, delivery):
            if not 0 <= client < len(self._clients):
                raise InvalidProblemError("shipments", f"there is no client {client}")
        self._shipments.append(_Shipment((pickup, delivery), load, prize))
        return len(self._shipments) - 1

    def add_vehicle_type(
        self,
        count: int,
        *,
        capacity: Load = _NEVER,
        start: int = 0,
        end: int | None = None,
        open_route: bool = False,
        fixed_cost: float = 0.0,
        distance_cost: float = 1.0,
        duration_cost: float = 0.0,
        shift: Span = _ALWAYS,
        max_distance: float = _NEVER,
        max_duration: float = _NEVER,
        max_clients: int | None = None,
        profile: str = "",
        skills: Iterable[str] = (),
        reload_depots: Iterable[int] = (),
        max_reloads: int | None = None,
        breaks: Iterable[Break] = (),
        service_factor: float = 1.0,
        setup_factor: float = 1.0,
    ) -> int:
        """Add a type of vehicle and return its number.

        Parameters
        ----------
        count : int
            How many there are.
        capacity : float or sequence of float
            What each can carry.
        start, end : int
            Depots where they start and end; the same one without an end.
        open_route : bool
            Whether they end at their last client instead.
        fixed_cost, distance_cost, duration_cost : float
            Cost of a vehicle in use, of a unit of distance, and of time.
        shift : tuple of float
            When they may leave, and when they must be back.
        max_distance, max_duration : float
            Limits on a route.
        max_clients : int, optional
            Limit on the clients of a route.
        profile : str
            Whose distances and durations hold, see ``set_matrix``.
        skills : iterable of str
            What they have.
        reload_depots : iterable of int
            Depots where they may reload.
        max_reloads : int, optional
            How often.
        breaks : iterable of tuple of float
            When each break of the driver may begin at the earliest and at the latest,
            and how long it takes.
        service_factor, setup_factor : float
            How many times the usual time service and set-up take.
        """
        last = start if end is None else end
        self._types.append(
            _VehicleType(
                count=count,
                capacity=capacity,
                start=start,
                end=-1 if open_route else last,
                costs=(fixed_cost, distance_cost, duration_cost),
                shift=shift,
                limits=(max_distance, max_duration),
                max_clients=max_clients,
                profile=profile,
                skills=frozenset(skills),
                reload_depots=tuple(reload_depots),
                max_reloads=max_reloads,
                breaks=tuple(breaks),
                pace=(service_factor, setup_factor),
            )
        )
        return len(self._types) - 1

    def set_matrix(
        self, distance: ArrayLike, duration: ArrayLike | None = None, profile: str = ""
    ) -> None:
        """Give the distances between all depots and clients, as they were added.

        Parameters
        ----------
        distance : array_like of float, shape (p, p)
            Distances, symmetric or not.
        duration : array_like of float, shape (p, p), optional
            Times, the distances without.
        profile : str
            For which vehicles.
        """
        self._matrices[profile] = distance, duration

    def lock(self, *clients: int) -> None:
        """Let clients be visited one right behind the other, by the same vehicle.

        Parameters
        ----------
        *clients : int
            Two or more, in order.
        """
        self._locked += itertools.pairwise(clients)

    def balance(self, cost: float) -> None:
        """Let the longest route cost more, so that drivers work alike.

        Parameters
        ----------
        cost : float
            Of a unit of its time.
        """
        self._longest = cost

    def pickups_last(self) -> None:
        """Let vehicles pick up only when they have delivered everything."""
        self._last = "last"

    def problem(self) -> RichVRP:
        """Return the problem.

        Raises
        ------
        InvalidProblemError
            If it is not complete, or something is impossible; the field is named.
        """
        clients, types = self._clients, self._types
        names = dict.fromkeys(c.group for c in clients if c.group is not None)
        groups = {group: k for k, group in enumerate(names)}
        windows = [(k, *span) for k, c in enumerate(clients) for span in c.windows]
        table = np.array(windows, np.float64).reshape(-1, 3)
        spans = np.array([d.window for d in self._depots], np.float64).reshape(-1, 2)
        shifts = np.array([t.shift for t in types], np.float64).reshape(-1, 2)
        costs = np.array([t.costs for t in types], np.float64).reshape(-1, 3)
        limits = np.array([t.limits for t in types], np.float64).reshape(-1, 2)
        goods = [x for c in clients for x in (c.delivery, c.pickup)]
        amounts = [shipment.load for shipment in self._shipments]
        q = max(map(np.size, goods + amounts), default=1)
        pauses = [(k, *pause) for k, t in enumerate(types) for pause in t.breaks]
        rests = np.array(pauses, np.float64).reshape(-1, 4)
        required, prize = [c.required for c in clients], [c.prize for c in clients]
        for shipment in self._shipments:
            if shipment.prize is not None:
                pickup, delivery = shipment.pair
                required[pickup] = required[delivery] = False
                prize[pickup] += shipment.prize
        fields: dict[str, Any] = dict(
            clients=[c.place for c in clients],
            depots=[d.place for d in self._depots],
            available=[t.count for t in types],
            **self._places(),
            delivery=_loads("delivery", [c.delivery for c in clients], q),
            pickup=_loads("pickup", [c.pickup for c in clients], q),
            service=self._times("service", 0),
            setup=self._times("setup", 1),
            window_client=table[:, 0].astype(np.int64),
            window_start=table[:, 1],
            window_end=table[:, 2],
            release=[c.release for c in clients],
            required=required,
            prize=prize,
            group=[-1 if c.group is None else groups[c.group] for c in clients],
            shipments=[shipment.pair for shipment in self._shipments],
            shipment_load=_loads("shipment_load", amounts, q),
            locked=self._locked,
            backhaul=self._last,
            depot_start=spans[:, 0],
            depot_end=spans[:, 1],
            reload=self._reloads(),
            max_reloads=[
                len(clients) if t.max_reloads is None else t.max_reloads for t in types
            ],
            reload_time=[d.reload_time for d in self._depots],
            capacity=_loads("capacity", [t.capacity for t in types], q),
            start_depot=[t.start for t in types],
            end_depot=[t.end for t in types],
            fixed_cost=costs[:, 0],
            distance_cost=costs[:, 1],
            duration_cost=costs[:, 2],
            shift_start=shifts[:, 0],
            shift_end=shifts[:, 1],
            max_distance=limits[:, 0],
            max_duration=limits[:, 1],
            max_clients=[
                len(clients) if t.max_clients is None else t.max_clients for t in types
            ],
            break_type=rests[:, 0].astype(np.int64),
            break_start=rests[:, 1],
            break_end=rests[:, 2],
            break_time=rests[:, 3],
            profile=[self._profile(t.profile) for t in types],
            allowed=[[c.skills <= t.skills for c in clients] for t in types],
            longest_cost=self._longest,
            name=self.name,
        )
        return RichVRP(**fields)

    def _place(self, x: float | None, y: float | None) -> int:
        if (x is None) != (y is None):
            raise InvalidProblemError("coords", "one coordinate is missing")
        self._points.append(None if x is None or y is None else (x, y))
        return len(self._points) - 1

    def _times(self, name: str, which: int) -> np.ndarray[Any, Any]:
        """Return service or set-up times, by type where these differ."""
        usual = np.array([getattr(c, name) for c in self._clients], np.float64)
        paces = [t.pace[which] for t in self._types]
        if len(set(paces)) < 2:
            return usual * (paces[0] if paces else 1.0)
        return np.outer(paces, usual)

    def _reloads(self) -> np.ndarray[Any, Any]:
        """Return at which depots each type may reload."""
        table = np.zeros((len(self._types), len(self._depots)), bool)
        for k, one in enumerate(self._types):
            for depot in one.reload_depots:
                if not 0 <= depot < len(self._depots):
                    raise InvalidProblemError("reload", f"there is no depot {depot}")
                table[k, depot] = True
        return table

    def _profile(self, profile: str) -> int:
        known = list(self._matrices) or [""]
        if profile not in known:
            raise InvalidProblemError("profile", f"{profile!r} has no matrix")
        return known.index(profile)

    def _places(self) -> dict[str, Any]:
        """Return coordinates and matrices, as far as there are any."""
        fields: dict[str, Any] = {"metric": self.metric}
        if all(point is not None for point in self._points):
            fields["coords"] = np.array(self._points, np.float64).reshape(-1, 2)
        elif not self._matrices:
            raise InvalidProblemError("coords", "neither coordinates nor a matrix")
        if self._matrices:
            pairs = list(self._matrices.values())
            fields["distance"] = [one for one, _ in pairs]
            if any(other is not None for _, other in pairs):
                fields["duration"] = [
                    one if other is None else other for one, other in pairs
                ]
        return fields


def _loads(name: str, values: Sequence[Load], q: int) -> np.ndarray[Any, Any]:
    """Return loads as rows; one number stands for all dimensions only if it is 0."""
    rows = np.zeros((len(values), q))
    for k, value in enumerate(values):
        size = np.size(value)
        if size != q and not (size == 1 and (value in (0.0, _NEVER))):
            reason = f"{size} dimensions where others have {q}"
            raise InvalidProblemError(f"{name}[{k}]", reason)
        # More than any load is no limit.
        rows[k] = np.minimum(np.asarray(value, np.float64), 1e15)
    return rows
