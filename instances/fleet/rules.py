"""The rules of fleets: what is wrong with a problem or with routes, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet import locks, shipments
from combkit.instances.fleet.solution import FleetRoutes, Route, used
from combkit.instances.problem import require

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["require_servable", "route_violations", "unknown", "violations"]

Flags = NDArray[np.bool_]

#: Relative slack of limits on sums, for rounding noise only.
_NOISE = 1e-9


def require_servable(problem: RichVRP) -> None:
    """Raise if a client that must be served is more than any vehicle can do.

    Parameters
    ----------
    problem : RichVRP
        A problem of which all fields are there.

    Raises
    ------
    InvalidProblemError
        If there is such a client.
    """
    able = np.flatnonzero(problem.available > 0)
    shipments.require_servable(problem, problem.allowed[able], _NOISE)
    most = np.maximum(problem.delivery, problem.pickup)
    fits = (most[:, None] <= problem.capacity[able] * (1 + _NOISE)).all(axis=2)
    may = problem.allowed[able].T
    alone = problem.group < 0
    for who, reason in (
        (~may.any(axis=1), "no vehicle may serve it"),
        (~(may & fits).any(axis=1), "it is more than any vehicle carries"),
    ):
        for k in np.flatnonzero(who & problem.required & alone)[:1].tolist():
            require(False, "clients", f"client {k}: {reason}")
    for chain in locks.chains(problem.locked):
        if not problem.required[chain].any():
            continue
        both = ", ".join(map(str, chain))
        kinds = able[may[chain].all(axis=0)].tolist()
        require(len(kinds) > 0, "locked", f"no vehicle may serve clients {both}")
        load = np.maximum(
            *(x[chain].sum(0) for x in (problem.delivery, problem.pickup))
        )
        kinds = [k for k in kinds if not _too_much(problem, k, load)]
        heavy = f"clients {both} are more than any vehicle carries"
        require(len(kinds) > 0, "locked", heavy)
        spans = [locks.span(problem, k, chain) for k in kinds]
        late = f"clients {both} cannot all be served in their windows"
        require(any(a <= b for _, a, b in spans), "locked", late)


def unknown(problem: RichVRP, solution: FleetRoutes) -> list[str]:
    """Return vehicle types, clients and depots that do not exist.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    solution : FleetRoutes
        Any routes.
    """
    found = []
    for number, route in enumerate(solution.routes, 1):
        if not 0 <= route.vehicle_type < problem.n_types:
            what = f"unknown vehicle type {route.vehicle_type}"
            found.append(f"route {number}: {what}")
        for what, numbers, size in (
            ("client", route.visits, problem.n),
            ("depot", route.reloads[:, 1], problem.depots.size),
        ):
            for k in numbers[(numbers < 0) | (numbers >= size)][:1].tolist():
                found.append(f"route {number}: unknown {what} {k}")
    return found


def violations(problem: RichVRP, solution: FleetRoutes) -> list[str]:
    """Return what is wrong with routes, see ``RichVRP.check``."""
    if wrong := unknown(problem, solution):
        return wrong
    times = np.bincount(problem.served(solution), minlength=problem.n)
    found = [
        f"client {k} is visited {times[k]} times"
        for k in np.flatnonzero(times > 1).tolist()
    ]
    found += _missed(problem, times > 0)
    kinds = [route.vehicle_type for route in used(solution)]
    count = np.bincount(kinds, minlength=problem.n_types)
    found += [
        f"{count[k]} vehicles of type {k} where there are {problem.available[k]}"
        for k in np.flatnonzero(count > problem.available).tolist()
    ]
    for number, route in enumerate(solution.routes, 1):
        if route.visits.size:
            found += [
                f"route {number}: {what}" for what in route_violations(problem, route)
            ]
    return found


def _missed(problem: RichVRP, served: Flags) -> list[str]:
    """Return which clients and groups are left out, or served too often."""
    alone = problem.group < 0
    found = [
        f"client {k} is not served"
        for k in np.flatnonzero(problem.required & alone & ~served).tolist()
    ]
    for g in np.unique(problem.group[~alone]).tolist():
        members = problem.group == g
        count = int((served & members).sum())
        if count > 1:
            found.append(f"group {g} is served {count} times")
        if count == 0 and (problem.required & members).any():
            found.append(f"group {g} is not served")
    return found


def route_violations(problem: RichVRP, route: Route) -> list[str]:
    """Return what is wrong with a route, see ``RichVRP.route_violations``."""
    k, visits = route.vehicle_type, route.visits
    name, found = f"vehicle type {k}", []
    for client in visits[~problem.allowed[k, visits]].tolist():
        found.append(f"client {client} must not be served by {name}")
    depots = route.reloads[:, 1]
    for depot in depots[~problem.reload[k, depots]].tolist():
        found.append(f"{name} must not reload at depot {depot}")
    for limit, count, what in (
        (problem.max_clients[k], visits.size, "clients where {} may serve"),
        (problem.max_reloads[k], depots.size, "reloads where {} may make"),
    ):
        if count > limit:
            found.append(f"{count} {what.format(name)} {limit}")
    table = problem.timetable(route)
    found += _too_much(problem, k, table.most)
    if problem.backhaul == "last":
        for trip in route.trips:
            found += _out_of_order(problem, visits[trip])
    found += shipments.violations(problem, visits)
    found += locks.violations(problem, route)
    for limit, value, what in (
        (problem.max_distance[k], table.distance, "distance"),
        (problem.max_duration[k], table.duration, "duration"),
    ):
        if value > limit * (1.0 + _NOISE):
            found.append(
                f"{what} {value:.15g} exceeds the limit {limit:.15g} of {name}"
            )
    return found + table.late


def _too_much(problem: RichVRP, k: int, most: NDArray[np.float64]) -> list[str]:
    over: Any = most > problem.capacity[k] * (1.0 + _NOISE)
    found = []
    for axis in np.flatnonzero(over).tolist():
        load, room = most[axis], problem.capacity[k, axis]
        what = f" in dimension {axis}" if over.size > 1 else ""
        found.append(
            f"load {load:.15g} exceeds the capacity {room:.15g}{what} of "
            f"vehicle type {k}"
        )
    return found


def _out_of_order(problem: RichVRP, visits: NDArray[np.int64]) -> list[str]:
    delivers = np.asarray((problem.delivery[visits] > 0).any(axis=1))
    collects = np.asarray((problem.pickup[visits] > 0).any(axis=1))
    if collects.any() and not delivers.any():
        return ["picks up without having delivered"]
    first = int(collects.argmax()) if collects.any() else visits.size
    return [
        f"client {client} is delivered to after a pickup"
        for client in visits[first:][delivers[first:]][:1].tolist()
    ]
