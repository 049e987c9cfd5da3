"""Fleets without locks, set-up and times by type: what they are in other words.

Locked clients become one, whose window and service are those of all of them [1]_;
what vehicles need to set up, or to serve if they are slower than others, is on their
ways. So searches need no word for any of it.

References
----------
.. [1] T. Vidal, T. G. Crainic, M. Gendreau and C. Prins, "A unified solution
   framework for multi-attribute vehicle routing problems", European Journal of
   Operational Research 234(3), 2014. https://doi.org/10.1016/j.ejor.2013.09.045
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.locks import chains, span
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route, used

__all__ = ["Reduction", "obstacle", "one_way"]

Array = NDArray[np.float64]


class _Pace(NamedTuple):
    """What times of a vehicle type depend on."""

    profile: int
    service: tuple[float, ...]
    setup: tuple[float, ...]


def obstacle(problem: RichVRP) -> str | None:
    """Return why locks cannot be put in other words, None if they can.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    """
    locked = chains(problem.locked)
    members = np.unique(problem.locked)
    windows = np.bincount(problem.window_client, minlength=problem.n)[members]
    gets = np.asarray((problem.delivery > 0).any(axis=1))
    gives = np.asarray((problem.pickup > 0).any(axis=1))
    limited = bool((problem.max_clients < problem.n).any())
    reasons = {
        "locked clients have several windows": bool((windows > 1).any()),
        "locked clients have windows, and times depend on the vehicle": bool(
            windows.any() and len(_paces(problem)) > 1
        ),
        "clients of shipments are locked": bool((problem.mates[members] >= 0).any()),
        "locked clients give and get something, and pickups come last": any(
            problem.backhaul == "last" and gets[chain].any() and gives[chain].any()
            for chain in locked
        ),
        "a vehicle carries most between locked clients": any(
            _peaks_inside(problem, chain) for chain in locked
        ),
        "clients of a route are limited, and some are locked": bool(locked and limited),
    }
    return next((reason for reason, true in reasons.items() if true), None)


def one_way(problem: RichVRP) -> bool:
    """Whether every client either gives something or gets something.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    """
    gives, gets = ((x > 0).any(axis=1) for x in (problem.pickup, problem.delivery))
    return bool((gives != gets).all())


class Reduction:
    """A problem in other words, and how to get there and back.

    Parameters
    ----------
    problem : RichVRP
        A problem without an ``obstacle``.

    Attributes
    ----------
    problem : RichVRP
        The same problem without locks, set-up, and times by type.
    """

    def __init__(self, problem: RichVRP) -> None:
        self._whole = problem
        heads = {chain[0]: chain for chain in chains(problem.locked)}
        behind = set(problem.locked[:, 1].tolist())
        #: The clients of each client of the problem in other words.
        self._units = [heads.get(k, [k]) for k in range(problem.n) if k not in behind]
        plain = not heads and not problem.setup.any() and problem.service.ndim == 1
        self.problem = problem if plain else self._reduced()

    def restore(self, routes: FleetRoutes) -> FleetRoutes:
        """Return routes of the problem as it was."""
        if self.problem is self._whole:
            return routes
        found = []
        for route in routes.routes:
            parts = [self._units[unit] for unit in route.visits.tolist()]
            before = np.cumsum([0, *map(len, parts)])
            reloads = route.reloads.copy()
            reloads[:, 0] = before[reloads[:, 0]]
            visits = [client for part in parts for client in part]
            found.append(Route(route.vehicle_type, visits, reloads))
        return FleetRoutes(found)

    def apply(self, routes: FleetRoutes) -> FleetRoutes:
        """Return routes in other words, without clients that break a lock."""
        if self.problem is self._whole:
            return routes
        unit = {chain[0]: number for number, chain in enumerate(self._units)}
        found = []
        for route in used(routes):
            visits, places = [], []
            row = route.visits.tolist()
            for at, client in enumerate(row):
                number = unit.get(client)
                if number is None:
                    continue
                chain = self._units[number]
                if row[at : at + len(chain)] == chain:
                    visits.append(number)
                    places.append(at)
            before = np.searchsorted(places, route.reloads[:, 0])
            kept = np.diff(before, prepend=0) * (before < len(visits)) > 0
            reloads = np.column_stack([before, route.reloads[:, 1]])[kept]
            found.append(Route(route.vehicle_type, visits, reloads))
        return FleetRoutes(found)

    # -- the problem in other words ------------------------------------------

    def _reduced(self) -> RichVRP:
        """Return the problem with places of depots, of an open end, and of clients."""
        problem, units = self._whole, self._units
        paces, d = _paces(problem), problem.depots.size
        first = np.array([unit[0] for unit in units])
        new = np.full(problem.n, -1)
        new[first] = np.arange(first.size)
        types = [
            next(k for k in range(problem.n_types) if _pace(problem, k) == pace)
            for pace in paces
        ]
        rows = np.array([[span(problem, k, unit) for unit in units] for k in types])
        long, early, late = rows.min(axis=0).T
        # Nobody serves who cannot be served one behind the other.
        possible = early <= late
        early, late = np.where(possible, [early, late], [[-np.inf], [np.inf]])
        # Who has several windows is in no lock, and keeps them.
        kept = np.isin(problem.window_client, problem.locked, invert=True)
        joined = np.flatnonzero([len(unit) > 1 for unit in units])
        ways = [
            self._legs(pace, row[:, 0] - long)
            for pace, row in zip(paces, rows, strict=True)
        ]
        # Where service takes longer for some, that is on the way to an open end, too.
        open_ = int(len(paces) > 1 and bool((problem.end_depot < 0).any()))
        ends = np.where(problem.end_depot < 0, d if open_ else -1, problem.end_depot)

        def of(values: Array) -> Array:
            return np.array([values[unit].sum(axis=0) for unit in units])

        def windows(old: Array, segments: Array) -> Array:
            return np.concatenate([old[kept], segments[joined]])

        fields: dict[str, Any] = {
            "clients": np.arange(d + 1, d + 1 + first.size),
            "depots": np.arange(d + open_),
            "coords": None,
            "distance": [length for length, _ in ways],
            "duration": [time for _, time in ways],
            "delivery": of(problem.delivery),
            "pickup": of(problem.pickup),
            "service": long,
            "setup": None,
            "window_client": np.append(new[problem.window_client[kept]], joined),
            "window_start": windows(problem.window_start, early),
            "window_end": windows(problem.window_end, late),
            "release": [problem.release[unit].max() for unit in units],
            "required": [problem.required[unit].any() for unit in units],
            "prize": of(problem.prize),
            "group": problem.group[first],
            "shipments": new[problem.shipments],
            "locked": None,
            "depot_start": np.pad(problem.depot_start, (0, open_)),
            "depot_end": np.pad(problem.depot_end, (0, open_), constant_values=np.inf),
            "reload": np.pad(problem.reload, ((0, 0), (0, open_))),
            "reload_time": np.pad(problem.reload_time, (0, open_)),
            "end_depot": ends,
            "profile": [paces.index(_pace(problem, k)) for k in range(problem.n_types)],
            "allowed": possible
            & np.array([problem.allowed[:, u].all(axis=1) for u in units]).T,
        }
        return dataclasses.replace(problem, **fields)

    def _legs(self, pace: _Pace, slower: Array) -> tuple[Array, Array]:
        """Return distances and durations, an open end being near to all."""
        problem, d = self._whole, self._whole.depots.size
        first, last = (np.array([unit[at] for unit in self._units]) for at in (0, -1))
        out = np.concatenate([problem.depots, problem.clients[last]])[:, None]
        into = np.concatenate([problem.depots, problem.clients[first]])
        there = np.delete(np.arange(into.size + 1), d)
        length, time = np.zeros((2, into.size + 1, into.size + 1))
        length[np.ix_(there, there)], ways = problem.legs(pace.profile, out, into)
        setup = np.concatenate([np.zeros(d), np.array(pace.setup)[first]])
        time[np.ix_(there, there)] = ways + setup * (out != into)
        time[d + 1 :] += slower[:, None]
        for number, unit in enumerate(self._units):
            here = problem.clients[unit]
            inner, _ = problem.legs(pace.profile, here[:-1], here[1:])
            length[there, d + 1 + number] += inner.sum()
        np.fill_diagonal(length, 0.0)
        np.fill_diagonal(time, 0.0)
        return length, time


def _peaks_inside(problem: RichVRP, chain: list[int]) -> bool:
    """Whether more is on board between clients than before or behind all of them."""
    down, up = problem.delivery[chain], problem.pickup[chain]
    inside = down.sum(axis=0) + np.cumsum(up - down, axis=0)
    ends = np.maximum(down.sum(axis=0), up.sum(axis=0))
    return bool((inside > ends).any())


def _pace(problem: RichVRP, k: int) -> _Pace:
    return _Pace(
        int(problem.profile[k]),
        tuple(problem.service_of(k).tolist()),
        tuple(problem.setup_of(k).tolist()),
    )


def _paces(problem: RichVRP) -> list[_Pace]:
    return list(dict.fromkeys(_pace(problem, k) for k in range(problem.n_types)))
