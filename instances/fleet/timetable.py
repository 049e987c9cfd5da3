"""When a vehicle does what, and what it carries: recomputed from the data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.solution import Route

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["Timetable", "timetable"]

Floats = NDArray[np.float64]

#: Slack of a time, relative to the largest one.
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a route does at its clients, in the order of its visits.

    Parameters
    ----------
    leave, back : float
        When the vehicle leaves, and when it is at its end.
    distance, duration : float
        Of the whole route.
    arrival, begin, depart : ndarray, shape (k,), float64
        When it comes to each client, begins to serve and goes on.
    load : ndarray, shape (k + 1, q), float64
        What it carries on each leg, the first one from the depot.
    late : list of str
        What is too late, in plain words.
    """

    leave: float
    back: float
    distance: float
    duration: float
    arrival: Floats
    begin: Floats
    depart: Floats
    load: Floats
    late: list[str]


def timetable(problem: RichVRP, route: Route) -> Timetable:
    """Return the timetable of a route with at least one visit.

    The vehicle is back as early as it can be, and leaves as late as lets it.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    route : Route
        A route of known clients.
    """
    k, visits = route.vehicle_type, route.visits
    first = problem.start_depot[k]
    last = problem.end_depot[k]
    places = [problem.depots[first], *problem.clients[visits]]
    if last >= 0:
        places.append(problem.depots[last])
    stops = np.array(places)
    lengths, ways = problem.legs(problem.profile[k], stops[:-1], stops[1:])
    to = ways[: visits.size].tolist()
    home = float(ways[-1]) if last >= 0 else 0.0
    service = problem.service[visits].tolist()
    windows = [problem.windows(client) for client in visits.tolist()]
    opens = float(
        max(
            problem.shift_start[k],
            problem.depot_start[first],
            problem.release[visits].max(),
        )
    )
    closes = problem.depot_end[last] if last >= 0 else np.inf
    closes = float(min(problem.shift_end[k], closes))
    finite = [abs(x) for x in (opens, closes) if np.isfinite(x)]
    slack = _NOISE * max(1.0, *finite)

    def run(leave: float) -> tuple[list[float], list[float], float]:
        time, arrivals, begins = leave, [], []
        for way, (starts, ends), work in zip(to, windows, service, strict=True):
            time += way
            arrivals.append(time)
            begins.append(_begin(time, starts, ends, slack))
            time = begins[-1] + work
        return arrivals, begins, time + home

    _, begins, back = run(opens)
    latest = back - home
    late = [
        f"comes to client {client} at {begin:.15g}, after {ends[-1]:.15g}"
        for client, begin, (_, ends) in zip(
            visits.tolist(), begins, windows, strict=True
        )
        if begin > ends[-1] + slack
    ][:1]
    for way, (starts, ends), work, soonest in zip(
        reversed(to),
        reversed(windows),
        reversed(service),
        reversed(begins),
        strict=True,
    ):
        # The last moment that is in a window and lets the rest be as early.
        latest = max(soonest, _latest(latest - work, starts, ends)) - way
    leave = max(opens, latest) if not late else opens
    arrivals, begins, _ = run(leave)
    if back > closes + slack:
        late.append(f"is back at {back:.15g}, after {closes:.15g}")
    delivery, pickup = problem.delivery[visits], problem.pickup[visits]
    change = pickup - delivery + problem.handed[visits]
    load = delivery.sum(axis=0) + np.concatenate(
        [np.zeros((1, change.shape[1])), np.cumsum(change, axis=0)]
    )
    begin = np.array(begins)
    return Timetable(
        leave=float(leave),
        back=float(back),
        distance=float(lengths.sum()),
        duration=float(back - leave),
        arrival=np.array(arrivals),
        begin=begin,
        depart=begin + problem.service[visits],
        load=load,
        late=late,
    )


def _begin(time: float, starts: Floats, ends: Floats, slack: float) -> float:
    """Return when service begins of who comes at a time; later than all: then."""
    for low, high in zip(starts.tolist(), ends.tolist(), strict=True):
        if time <= high + slack:
            return max(time, float(low))
    return time


def _latest(time: float, starts: Floats, ends: Floats) -> float:
    """Return the last moment of the windows that is not after a time."""
    found = -np.inf
    for low, high in zip(starts.tolist(), ends.tolist(), strict=True):
        if low <= time:
            found = min(high, time)
    return found
