"""What routes of a fleet look like: tables, maps, and why somebody is not served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.fleet.solution import FleetRoutes, Route

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
        table = problem.timetable(route)
        depot = problem.depots[problem.start_depot[route.vehicle_type]]
        places = np.array([depot, *problem.clients[route.visits]])
        profile = int(problem.profile[route.vehicle_type])
        legs, _ = problem.legs(profile, places[:-1], places[1:])
        for k, client in enumerate(route.visits.tolist()):
            end = float(problem.windows(client)[1][-1])
            rows.append(
                {
                    "route": number,
                    "vehicle_type": route.vehicle_type,
                    "stop": k + 1,
                    "client": client,
                    "distance": float(legs[k]),
                    "arrival": float(table.arrival[k]),
                    "wait": float(max(table.begin[k] - table.arrival[k], 0.0)),
                    "begin": float(table.begin[k]),
                    "depart": float(table.depart[k]),
                    "late": float(max(table.begin[k] - end, 0.0)),
                    "load": table.load[k + 1].tolist(),
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
    used = np.bincount(
        [r.vehicle_type for r in solution.routes if r.visits.size],
        minlength=problem.n_types,
    )
    mate = int(problem.mates[client])
    gives = client in problem.shipments[:, 0]
    first, last = (client, mate) if gives else (mate, client)
    goods = [client] if mate < 0 else [first, last]
    for kind in np.flatnonzero(used < problem.available).tolist():
        yield Route(kind, goods), Route(kind, [])
    for route in solution.routes:
        kind, visits = route.vehicle_type, route.visits.tolist()
        for i in range(len(visits) + 1):
            if mate < 0:
                yield Route(kind, [*visits[:i], client, *visits[i:]]), route
                continue
            for j in range(i, len(visits) + 1):
                longer = [*visits[:i], first, *visits[i:j], last, *visits[j:]]
                yield Route(kind, longer), route


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
        path = [problem.depots[problem.start_depot[kind]]]
        path += problem.clients[route.visits].tolist()
        if problem.end_depot[kind] >= 0:
            path.append(problem.depots[problem.end_depot[kind]])
        line = {"type": "LineString", "coordinates": [xy[place] for place in path]}
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
