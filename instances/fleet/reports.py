"""What routes of a fleet look like: tables, maps, and why somebody is not served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.fleet.locks import chains
from combkit.instances.fleet.solution import FleetRoutes, Route, used

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["geojson", "reasons", "stops"]

#: Places in routes that are tried for a client that is not served.
_TRIED = 5_000


def stops(problem: RichVRP, solution: FleetRoutes) -> list[dict[str, Any]]:
    """Return a row a visit, see ``RichVRP.stops``."""
    rows = []
    for number, route in enumerate(solution.routes, 1):
        if not route.visits.size:
            continue
        table, places = problem.timetable(route), problem.path(route)
        profile = int(problem.profile[route.vehicle_type])
        ways, _ = problem.legs(profile, places[:-1], places[1:])
        # From a depot where it reloads, for who comes behind it.
        legs = np.delete(ways, route.reloads[:, 0] + np.arange(len(route.reloads)))
        trip = np.searchsorted(route.reloads[:, 0], np.arange(len(legs)), "right")
        for k, client in enumerate(route.visits.tolist()):
            end = float(problem.windows(client)[1][-1])
            rows.append(
                {
                    "route": number,
                    "vehicle_type": route.vehicle_type,
                    "trip": int(trip[k]) + 1,
                    "stop": k + 1,
                    "client": client,
                    "distance": float(legs[k]),
                    "arrival": float(table.arrival[k]),
                    "wait": float(table.wait[k]),
                    "begin": float(table.begin[k]),
                    "depart": float(table.depart[k]),
                    "late": float(max(table.begin[k] - end, 0.0)),
                    "load": table.load[k + 1].tolist(),
                    "breaks": [time for visit, time in table.breaks if visit == k],
                }
            )
    return rows


def reasons(problem: RichVRP, solution: FleetRoutes) -> dict[int, str]:
    """Return why each client is not served, see ``RichVRP.reasons``."""
    groups = problem.group[problem.served(solution)]
    return {
        client: _reason(problem, solution, client, groups)
        for client in problem.unserved(solution).tolist()
    }


def _reason(problem: RichVRP, solution: FleetRoutes, client: int, groups: Any) -> str:
    group = int(problem.group[client])
    if group >= 0 and group in groups:
        return f"another client of group {group} is served"
    alone = [
        problem.route_violations(Route(kind, np.concatenate(_parts(problem, client))))
        for kind in np.flatnonzero(problem.available > 0).tolist()
    ]
    if all(alone):
        return f"no vehicle can serve it, even alone: {alone[0][0]}"
    prize, least, obstacle = float(problem.prize[client]), np.inf, ""
    if problem.mates[client] >= 0:
        prize += float(problem.prize[problem.mates[client]])
    # With it, nobody of its group is missed any more.
    saved = float(problem.prize[problem.group == group].sum()) if group >= 0 else prize
    for tried, (route, old) in enumerate(_places(problem, solution, client)):
        if tried == _TRIED:
            break
        if wrong := problem.route_violations(route):
            obstacle = obstacle or wrong[0]
            continue
        more = problem.route_cost(route) - problem.route_cost(old)
        least = min(least, more - (saved - prize))
    if np.isfinite(least):
        if least > prize:
            return f"it would cost {least:.6g}, its prize is {prize:.6g}"
        return f"it could be served for {least:.6g}"
    if not obstacle:
        return "no vehicle is free"
    return f"no route has a place for it: {obstacle}"


def _places(
    problem: RichVRP, solution: FleetRoutes, client: int
) -> Iterator[tuple[Route, Route]]:
    """Yield routes with a client in each place, and the routes as they are."""
    kinds = [route.vehicle_type for route in used(solution)]
    count = np.bincount(kinds, minlength=problem.n_types)
    parts = _parts(problem, client)
    for kind in np.flatnonzero(count < problem.available).tolist():
        yield Route(kind, np.concatenate(parts)), Route(kind, [])
    for route in used(solution):
        for j in range(route.visits.size + 1):
            for longer in _with(route, j, parts[-1]):
                if len(parts) < 2:
                    yield longer, route
                    continue
                for i in range(j + 1):
                    for both in _with(longer, i, parts[0]):
                        yield both, route


def _parts(problem: RichVRP, client: int) -> list[list[int]]:
    """Return who is served with a client: pickup and delivery, or who is locked."""
    mate = int(problem.mates[client])
    if mate < 0:
        return [next((c for c in chains(problem.locked) if client in c), [client])]
    gives = client in problem.shipments[:, 0]
    return [[client], [mate]] if gives else [[mate], [client]]


def _with(route: Route, at: int, clients: list[int]) -> Iterator[Route]:
    """Yield a route with clients before a visit: before and behind a reload there."""
    visits = np.insert(route.visits, at, clients)
    stops, size = route.reloads[:, 0], len(clients)
    for before in {tuple((stops > at).tolist()), tuple((stops >= at).tolist())}:
        moved = stops + size * np.array(before, np.int64)
        yield Route(
            route.vehicle_type, visits, np.column_stack([moved, route.reloads[:, 1]])
        )


def geojson(problem: RichVRP, solution: FleetRoutes) -> dict[str, Any]:
    """Return routes and places as GeoJSON, see ``RichVRP.geojson``."""
    if problem.coords is None:
        raise UnsupportedFeatureError(f"{problem.name or 'vrp'}: no coordinates")
    xy = problem.coords.tolist()
    features = []
    for number, route in enumerate(solution.routes, 1):
        if not route.visits.size:
            continue
        kind, table = route.vehicle_type, problem.timetable(route)
        path = [xy[place] for place in problem.path(route).tolist()]
        line = {"type": "LineString", "coordinates": path}
        about = {
            "route": number,
            "vehicle_type": kind,
            "clients": route.visits.tolist(),
            "distance": table.distance,
            "leave": table.leave,
            "back": table.back,
        }
        features.append(_feature(line, about))
    missed = set(problem.unserved(solution).tolist())
    for client, place in enumerate(problem.clients.tolist()):
        about = {"client": client, "served": client not in missed}
        features.append(_feature({"type": "Point", "coordinates": xy[place]}, about))
    for depot, place in enumerate(problem.depots.tolist()):
        point = {"type": "Point", "coordinates": xy[place]}
        features.append(_feature(point, {"depot": depot}))
    return {"type": "FeatureCollection", "features": features}


def _feature(geometry: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": about}
