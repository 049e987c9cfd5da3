"""When a vehicle does what, and what it carries: recomputed from the data alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.solution import Route

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["Timetable", "timetable"]

Floats = NDArray[np.float64]

#: Slack of a time, relative to the largest one.
_NOISE = 1e-9
_NEVER = math.inf


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
    wait : ndarray, shape (k,), float64
        How long it waits there.
    load : ndarray, shape (k + 1, q), float64
        With what it leaves the depot, and then each client.
    most : ndarray, shape (q,), float64
        The largest load of the route.
    breaks : list of tuple of int and float
        Before which visit each break is taken, behind the last one if k, and when
        it begins: on the way where that lets the vehicle go on sooner.
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
    wait: Floats
    load: Floats
    most: Floats
    breaks: list[tuple[int, float]]
    late: list[str]


class _Stop(NamedTuple):
    """A client, a reload or the end: how far it is, and when what is done there."""

    visit: int
    way: float
    setup: float
    starts: list[float]
    ends: list[float]
    work: float
    who: str


class _Break(NamedTuple):
    """A break of a driver: may begin in a window, and takes some time."""

    start: float
    end: float
    time: float


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
    places = problem.path(route)
    lengths, ways = problem.legs(problem.profile[k], places[:-1], places[1:])
    stops = _stops(problem, route, places, ways.tolist())
    breaks = [_Break(*row) for row in problem.breaks(k).tolist()]
    first, last = problem.start_depot[k], problem.end_depot[k]
    ready = problem.release[visits[route.trips[0]]].max()
    opens = float(max(problem.shift_start[k], problem.depot_start[first], ready))
    closes = problem.depot_end[last] if last >= 0 else np.inf
    closes = float(min(problem.shift_end[k], closes))
    finite = [abs(x) for x in (opens, closes) if np.isfinite(x)]
    clock = _Clock(stops, breaks, _NOISE * max(1.0, *finite))
    leave, shares = clock.best(opens)
    if shares is None:
        leave, shares = opens, clock.guess(opens)
    steps, pauses, late = clock.run(leave, shares)
    back = steps[-1][1]
    if back > closes + clock.slack:
        late.append(f"is back at {back:.15g}, after {closes:.15g}")
    # A reload and the end are no visit.
    served = [(s, step) for s, step in zip(stops, steps, strict=True) if s.visit >= 0]
    arrival, begin = np.array([step for _, step in served]).T
    work = np.array([stop.work for stop, _ in served])
    setup = np.array([stop.setup for stop, _ in served])
    load, most = _loads(problem, route)
    return Timetable(
        leave=leave,
        back=back,
        distance=float(lengths.sum()),
        duration=back - leave,
        arrival=arrival,
        begin=begin,
        depart=begin + work,
        wait=np.maximum(begin - arrival - setup, 0.0),
        load=load,
        most=most,
        breaks=pauses,
        late=late,
    )


def _stops(
    problem: RichVRP, route: Route, places: NDArray[np.int64], ways: list[float]
) -> list[_Stop]:
    """Return clients, reloads and the end of a route."""
    k, visits = route.vehicle_type, route.visits
    service, setup = problem.service_of(k), problem.setup_of(k)
    found: list[_Stop] = []
    trips, depots = route.trips, route.reloads[:, 1].tolist()
    for number, trip in enumerate(trips):
        if number:
            depot = depots[number - 1]
            ready = problem.release[visits[trip]].max()
            start = float(max(problem.depot_start[depot], ready))
            end, work = problem.depot_end[depot], float(problem.reload_time[depot])
            way, who = ways[len(found)], f"depot {depot}"
            found.append(_Stop(-1, way, 0.0, [start], [float(end)], work, who))
        for visit in range(trip.start, trip.stop):
            client, at = int(visits[visit]), len(found)
            starts, ends = (one.tolist() for one in problem.windows(client))
            # Who is there already has nothing to set up.
            extra = float(setup[client]) if places[at] != places[at + 1] else 0.0
            work, who = float(service[client]), f"client {client}"
            found.append(_Stop(visit, ways[at], extra, starts, ends, work, who))
    home = ways[-1] if len(ways) > len(found) else 0.0
    return [*found, _Stop(-1, home, 0.0, [-_NEVER], [_NEVER], 0.0, "the end")]


def _loads(problem: RichVRP, route: Route) -> tuple[Floats, Floats]:
    """Return the loads behind start and visits, and the largest one."""
    visits = route.visits
    handed = np.cumsum(problem.handed[visits], axis=0)
    load = np.zeros((visits.size + 1, problem.delivery.shape[1]))
    load[1:] = handed
    most = np.zeros(load.shape[1])
    for trip in route.trips:
        down, up = problem.delivery[visits[trip]], problem.pickup[visits[trip]]
        total = down.sum(axis=0)
        load[trip.start + 1 : trip.stop + 1] += total + np.cumsum(up - down, axis=0)
        kept = handed[trip.start - 1] if trip.start else 0.0
        most = np.maximum(most, total + kept)
        if not trip.start:
            load[0] = total
    return load, np.maximum(most, load.max(axis=0))


class _Clock:
    """Times of a route whose breaks, in their order, are taken on any of its legs.

    A break on the way makes the vehicle leave later, but only as far as it does not
    come on its way: who leaves at t for a place w away and takes a break of d that
    may begin from a to z is there at max(t + w, a) + d, if t is not after z.
    """

    def __init__(self, stops: list[_Stop], breaks: list[_Break], slack: float) -> None:
        self._stops, self._breaks, self.slack = stops, breaks, slack

    def best(self, opens: float) -> tuple[float, list[int] | None]:
        """Return when to leave at the latest to be at the end as early as can be.

        Also how many breaks are taken on each leg, None where it is not possible.
        """
        soonest = self._soonest(opens)
        count = len(self._breaks)
        if soonest[-1][count] == _NEVER:
            return opens, None
        # By breaks that were taken before: when to begin at the latest.
        latest = [-_NEVER] * count + [soonest[-1][count]]
        choices: list[list[int]] = []
        for i in range(len(self._stops) - 1, -1, -1):
            before = [-_NEVER] * (count + 1)
            choice = [0] * (count + 1)
            for taken in range(count + 1):
                for share in range(count + 1 - taken):
                    time = self._depart(i, latest[taken + share], taken, share)
                    if time > before[taken]:
                        before[taken], choice[taken] = time, share
            choices.append(choice)
            if i:
                latest = [
                    self._latest(i - 1, time, early)
                    for time, early in zip(before, soonest[i - 1], strict=True)
                ]
        leave = max(before[0], opens)
        shares, taken = [], 0
        for choice in reversed(choices):
            shares.append(choice[taken])
            taken += choice[taken]
        return leave, shares

    def _soonest(self, opens: float) -> list[list[float]]:
        """Return when each stop begins, by the breaks that were taken before."""
        count = len(self._breaks)
        depart = [opens] + [_NEVER] * count
        found = []
        for stop in self._stops:
            begins = [_NEVER] * (count + 1)
            for taken, time in enumerate(depart):
                for share in range(count + 1 - taken):
                    if share:
                        time = self._paused(stop, time, taken + share - 1)
                    if time == _NEVER:
                        break
                    begin = self._begin(stop, time + stop.way + stop.setup)
                    begins[taken + share] = min(begins[taken + share], begin)
            found.append(begins)
            depart = [begin + stop.work for begin in begins]
        return found

    def _paused(self, stop: _Stop, time: float, number: int) -> float:
        """Return when a vehicle as good as leaves for a stop, behind a break."""
        start, end, long = self._breaks[number]
        if time > end + self.slack:
            return _NEVER
        return max(time, start - stop.way) + long

    def _begin(self, stop: _Stop, time: float) -> float:
        """Return when a stop begins for who comes at a time, never if too late."""
        for low, high in zip(stop.starts, stop.ends, strict=True):
            if max(time, low) <= high + self.slack:
                return max(time, low)
        return _NEVER

    def _depart(self, i: int, latest: float, taken: int, share: int) -> float:
        """Return when to leave for a stop to begin there in time."""
        stop = self._stops[i]
        time = latest - stop.way - stop.setup
        for start, end, long in reversed(self._breaks[taken : taken + share]):
            time -= long
            if time < start - stop.way - self.slack:
                return -_NEVER
            time = min(time, end)
        return time

    def _latest(self, i: int, time: float, early: float) -> float:
        """Return the last moment to begin a stop, if it then ends in time."""
        stop, found = self._stops[i], -_NEVER
        # Rounding must not make what is possible impossible.
        noise = 3.0 * self.slack
        for low, high in zip(stop.starts, stop.ends, strict=True):
            if low <= time - stop.work + noise:
                found = min(high, time - stop.work)
        if early == _NEVER or found < early - noise:
            return -_NEVER
        return max(found, early)

    def guess(self, opens: float) -> list[int]:
        """Return shares of breaks for who is late: where they are not waited for."""
        time, taken, shares = opens, 0, []
        for stop in self._stops:
            share = 0
            while taken < len(self._breaks):
                start, _, long = self._breaks[taken]
                if time + stop.way < start and stop is not self._stops[-1]:
                    break
                time = max(time, start - stop.way) + long
                taken, share = taken + 1, share + 1
            shares.append(share)
            time += stop.way + stop.setup
            begin = self._begin(stop, time)
            time = (time if begin == _NEVER else begin) + stop.work
        return shares

    def run(
        self, leave: float, shares: list[int]
    ) -> tuple[list[tuple[float, float]], list[tuple[int, float]], list[str]]:
        """Return arrivals and begins, breaks, and the first stop that is too late."""
        time, taken, visit = leave, 0, 0
        steps: list[tuple[float, float]] = []
        pauses: list[tuple[int, float]] = []
        late: list[str] = []
        for stop, share in zip(self._stops, shares, strict=True):
            for start, end, long in self._breaks[taken : taken + share]:
                begin = max(time, start)
                pauses.append((visit, begin))
                if begin > end + self.slack:
                    late.append(f"begins a break at {begin:.15g}, after {end:.15g}")
                time = max(time, start - stop.way) + long
            taken += share
            arrival = time + stop.way
            begin = self._begin(stop, arrival + stop.setup)
            if begin == _NEVER:
                begin, end = max(arrival + stop.setup, stop.starts[0]), stop.ends[-1]
                late.append(f"comes to {stop.who} at {begin:.15g}, after {end:.15g}")
            steps.append((arrival, begin))
            time = begin + stop.work
            visit += stop.visit >= 0
        return steps, pauses, late[:1]
