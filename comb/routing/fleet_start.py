"""First routes of a fleet without compiled code: always go to the nearest client."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.starts import require_known
from combkit.instances.fleet.locks import chains
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.run import Run

__all__ = ["nearest_routes", "opening"]

#: Clients, nearest first, that are tried before a vehicle goes home.
_TRIED = 8


def opening(problem: RichVRP, run: Run) -> FleetRoutes:
    """Return ``run.initial``, or routes of nearest clients, reported if they are whole.

    If not even those are, return none: searches do better on their own.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    run : Run
        Its run.

    Raises
    ------
    InvalidSolutionError
        If ``run.initial`` knows vehicle types or clients that do not exist.
    """
    require_known(problem, run)
    if isinstance(run.initial, FleetRoutes):
        return run.initial
    first = nearest_routes(problem)
    if problem.check(first):
        return FleetRoutes([])
    run.report(first, "nearest")
    return first


def nearest_routes(problem: RichVRP) -> FleetRoutes:
    """Return routes, one vehicle after the other, types of large vehicles first.

    Clients that need not be served are left out, and others may be.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    """
    left = problem.required.copy()
    together = {chain[0]: chain for chain in chains(problem.locked)}
    together |= {pair[0]: pair for pair in problem.shipments.tolist()}
    opens = np.array([problem.windows(client)[0][0] for client in range(problem.n)])
    grouped = problem.group >= 0
    routes: list[Route] = []
    room = np.minimum(problem.capacity, 1e15).sum(axis=1)
    for kind in np.argsort(-room, kind="stable").tolist():
        for _ in range(int(problem.available[kind])):
            route = _one_route(problem, kind, left, together, opens)
            if not route.visits.size:
                break
            routes.append(route)
            left[route.visits] = False
            served = problem.group[route.visits[grouped[route.visits]]]
            left[np.isin(problem.group, served)] = False
    return FleetRoutes(routes)


def _one_route(
    problem: RichVRP,
    kind: int,
    left: NDArray[np.bool_],
    together: dict[int, list[int]],
    opens: NDArray[np.float64],
) -> Route:
    """Return the route of a vehicle that goes on while it may, and then reloads.

    Who is ``together`` with others comes with them: what is picked up is delivered at
    once. Windows open first at ``opens``.
    """
    open_ = left & problem.allowed[kind]
    open_[problem.shipments[:, 1]] = False
    open_[problem.locked[:, 1]] = False
    depots = np.flatnonzero(problem.reload[kind]).tolist()
    # Whom few types may serve come first.
    able = problem.allowed[problem.available > 0].sum(axis=0)
    route, profile, now = Route(kind, []), int(problem.profile[kind]), 0.0
    while open_.any():
        candidates = np.flatnonzero(open_)
        here = problem.path(route)[len(route.visits) + len(route.reloads)]
        for depot in (-1, *depots):
            place = problem.depots[depot] if depot >= 0 else here
            ways, times = problem.legs(profile, place, problem.clients[candidates])
            # Far is also who has to be waited for.
            far = ways + np.maximum(times, opens[candidates] - now)
            order = np.lexsort((far, able[candidates]))
            near = candidates[order[:_TRIED]].tolist()
            stops = [together.get(client, [client]) for client in near]
            longer = _longer(problem, route, depot, stops)
            if longer is not None:
                break
        if longer is None:
            break
        for client in longer.visits[route.visits.size :].tolist():
            open_[client] = False
            if problem.group[client] >= 0:
                open_[problem.group == problem.group[client]] = False
        route, now = longer, float(problem.timetable(longer).depart[-1])
    return route


def _longer(
    problem: RichVRP, route: Route, depot: int, stops: list[list[int]]
) -> Route | None:
    """Return a route with the first stops that may be its next ones, None if none may.

    Before them the vehicle reloads at a depot, if that is not -1.
    """
    reloads = route.reloads.tolist()
    if depot >= 0:
        reloads.append([route.visits.size, depot])
        if not route.visits.size:
            return None
    for visits in stops:
        longer = Route(route.vehicle_type, [*route.visits.tolist(), *visits], reloads)
        if not problem.route_violations(longer):
            return longer
    return None
