"""VROOM's JSON of jobs, shipments and vehicles, with matrices.

What can be is done: the sum of priorities of what is left out counts first, then how
much that is, then the costs of vehicles. So all tasks are optional, with prizes above
all costs. Clients are numbered as they come: jobs, then pickup and delivery of each
shipment. A vehicle without ``start`` or ``end`` begins or ends anywhere.

References
----------
VROOM, API documentation. https://github.com/VROOM-Project/vroom/blob/master/docs/API.md
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import (
    InvalidProblemError,
    UnsupportedFeatureError,
    nearest,
)
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.formats.json_format import load_object
from combkit.instances.source import Source

__all__ = ["read", "sniff"]

Floats = NDArray[np.float64]
Entry = Mapping[str, Any]
_Load = tuple[float, ...]

_HEAD = re.compile(r'"(?:vehicles|jobs|shipments|matrices)"\s*:\s*[\[{]')
_OURS = re.compile(r'"(?:format|kind)"\s*:')

#: Keys that are read, and those that change nothing here.
_TOP = ("vehicles", "jobs", "shipments", "matrices")
_STOP = (
    *("id", "location", "location_index", "setup", "service", "time_windows"),
    *("setup_per_type", "service_per_type"),
)
_JOB = (*_STOP, "delivery", "pickup", "skills", "priority")
_SHIPMENT = ("pickup", "delivery", "amount", "skills", "priority")
_VEHICLE = (
    *("id", "profile", "start", "start_index", "end", "end_index", "capacity"),
    *("costs", "skills", "time_window", "speed_factor", "max_tasks", "breaks", "type"),
)
_BREAK = ("id", "time_windows", "service")
_COSTS = ("fixed", "per_hour", "per_km")
_IGNORED = ("description",)
#: Room of who has no limit.
_UNLIMITED = 1e15
#: Seconds of an hour, and metres of a kilometre.
_HOUR, _KILOMETRE = 3600.0, 1000.0


class _Time(NamedTuple):
    """How long something takes, and for some types of vehicles."""

    usual: float
    by_type: Mapping[str, float]

    def of(self, kind: str) -> float:
        """Return how long it takes for a type."""
        return self.by_type.get(kind, self.usual)


class _Stop(NamedTuple):
    """What is done at one place."""

    place: int
    service: _Time
    setup: _Time
    windows: list[tuple[float, float]]


class _Tasks(NamedTuple):
    """All stops, jobs first; loads of jobs, and of shipments."""

    stops: list[_Stop]
    skills: list[frozenset[int]]
    priorities: list[float]
    jobs: list[tuple[_Load, _Load]]
    amounts: list[_Load]

    @property
    def loads(self) -> list[_Load]:
        """All loads, at least one."""
        return [(0.0,), *self.amounts, *(one for pair in self.jobs for one in pair)]


class _Ways(NamedTuple):
    """What distances and durations of a vehicle depend on."""

    profile: str
    speed: float
    per_hour: float
    per_km: float


class _Vehicle(NamedTuple):
    """What vehicles of one type have in common."""

    ends: tuple[int, int]
    room: _Load
    fixed: float
    shift: tuple[float, float]
    most: int
    ways: _Ways
    skills: frozenset[int]
    kind: str
    breaks: tuple[tuple[float, float, float], ...]


def sniff(head: str) -> bool:
    """Whether a text is a JSON object with a part that VROOM knows."""
    begins = head.lstrip().startswith("{")
    return begins and bool(_HEAD.search(head)) and not _OURS.search(head)


def read(source: Source) -> RichVRP:
    """Read an instance.

    Raises
    ------
    InstanceFormatError
        With the path of what is wrong.
    UnsupportedFeatureError
        If it has a feature that is not known here, which is named.
    """
    return _Reader(source).problem()


class _Reader:
    """Reads one file; every error names the path of an entry."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._data = self._object(load_object(source), "", _TOP)
        self._matrices = self._durations()
        places = {len(one) for pair in self._matrices.values() for one in pair}
        if len(places) != 1:
            raise self._error("matrices", f"sizes {sorted(places)} where one is due")
        self._places = places.pop()

    def problem(self) -> RichVRP:
        """Return the problem."""
        tasks = self._tasks()
        fleet: dict[_Vehicle, int] = {}
        for path, entry in self._entries("vehicles", _VEHICLE):
            vehicle = self._vehicle(entry, path)
            fleet[vehicle] = fleet.get(vehicle, 0) + 1
        if not fleet:
            raise self._error("vehicles", "there is none")
        ways = list(dict.fromkeys(vehicle.ways for vehicle in fleet))
        lengths, times = zip(*map(self._legs, ways), strict=True)
        places = (place for vehicle in fleet for place in vehicle.ends)
        depots = sorted({place for place in places if place >= 0})
        q = max(len(one) for one in (*tasks.loads, *(v.room for v in fleet)))
        windows = [(k, *x) for k, stop in enumerate(tasks.stops) for x in stop.windows]
        table = np.array(windows, np.float64).reshape(-1, 3)
        pauses = [(k, *row) for k, v in enumerate(fleet) for row in v.breaks]
        rests = np.array(pauses, np.float64).reshape(-1, 4)
        dear = sum(vehicle.fixed * count for vehicle, count in fleet.items())
        dear += 2.0 * len(tasks.stops) * max(float(one.max()) for one in lengths)
        above = 10.0 ** np.ceil(np.log10(max(dear, 1.0)))
        alone, m = len(tasks.jobs), len(tasks.stops)
        nothing = [[0.0] * q] * (m - alone)
        fields: dict[str, Any] = {
            "clients": [stop.place for stop in tasks.stops],
            "depots": depots,
            "available": list(fleet.values()),
            "distance": lengths,
            "duration": times,
            "delivery": [*(_padded(one, q) for one, _ in tasks.jobs), *nothing],
            "pickup": [*(_padded(one, q) for _, one in tasks.jobs), *nothing],
            "service": _by_type([stop.service for stop in tasks.stops], fleet),
            "setup": _by_type([stop.setup for stop in tasks.stops], fleet),
            "window_client": table[:, 0].astype(np.int64),
            "window_start": table[:, 1],
            "window_end": table[:, 2],
            "required": np.zeros(m, bool),
            "prize": above * _worth(tasks.priorities, m),
            "shipments": np.arange(alone, m).reshape(-1, 2),
            "shipment_load": [_padded(one, q) for one in tasks.amounts],
            "capacity": [
                _padded(v.room, q, 0.0 if v.room else _UNLIMITED) for v in fleet
            ],
            "start_depot": [depots.index(v.ends[0]) for v in fleet],
            "end_depot": [
                depots.index(v.ends[1]) if v.ends[1] >= 0 else -1 for v in fleet
            ],
            "fixed_cost": [v.fixed for v in fleet],
            "shift_start": [v.shift[0] for v in fleet],
            "shift_end": [v.shift[1] for v in fleet],
            "max_clients": [min(v.most, m) for v in fleet],
            "break_type": rests[:, 0].astype(np.int64),
            "break_start": rests[:, 1],
            "break_end": rests[:, 2],
            "break_time": rests[:, 3],
            "profile": [ways.index(v.ways) for v in fleet],
            "allowed": [[need <= v.skills for need in tasks.skills] for v in fleet],
        }
        try:
            return RichVRP(**fields, name=self._source.name)
        except InvalidProblemError as error:
            raise self._source.error(None, str(error)) from None

    def _tasks(self) -> _Tasks:
        """Return jobs and shipments."""
        tasks = _Tasks([], [], [], [], [])
        for path, job in self._entries("jobs", _JOB):
            tasks.stops.append(self._stop(job, path))
            tasks.skills.append(self._skills(job, path))
            loads = (self._loads(job, path, key) for key in ("delivery", "pickup"))
            tasks.jobs.append((next(loads), next(loads)))
            tasks.priorities.append(self._number(job, path, "priority", 0.0))
        for path, shipment in self._entries("shipments", _SHIPMENT):
            for side in ("pickup", "delivery"):
                where = f"{path}.{side}"
                entry = self._object(shipment.get(side), where, _STOP)
                tasks.stops.append(self._stop(entry, where))
                tasks.skills.append(self._skills(shipment, path))
            tasks.amounts.append(self._loads(shipment, path, "amount"))
            priority = self._number(shipment, path, "priority", 0.0)
            tasks.priorities.extend([priority, priority])
        if not tasks.stops:
            raise self._error("jobs", "there is nothing to do")
        self._require_clear(tasks.stops)
        return tasks

    def _require_clear(self, stops: list[_Stop]) -> None:
        """Raise if set-up times and windows do not say when service may begin.

        There a window is for the set-up, if there is any, and here for what follows:
        the same if all who are at a place have no set-up, or no window.
        """
        places = Counter(stop.place for stop in stops)
        for stop in stops:
            if not stop.windows:
                continue
            some = stop.setup.usual > 0.0 or stop.setup.by_type
            for wrong, why in (
                (stop.setup.by_type, "by type"),
                (some and places[stop.place] > 1, "where several are at a place"),
            ):
                if wrong:
                    what = f"a setup with time_windows {why} is not supported"
                    raise UnsupportedFeatureError(f"{self._source.path}: {what}")

    # -- entries -------------------------------------------------------------

    def _error(self, path: str, reason: str) -> Exception:
        return self._source.error(None, f"{path}: {reason}" if path else reason)

    def _object(self, entry: Any, path: str, known: tuple[str, ...]) -> Entry:
        """Return an entry if it is an object without unknown keys."""
        if not isinstance(entry, dict):
            raise self._error(path, f"{entry!r:.40} where an object is due")
        for key in entry:
            if key not in known and key not in _IGNORED:
                name = f"{path}.{key}" if path else key
                what = f"{self._source.path}: {name} is not supported"
                raise UnsupportedFeatureError(what + nearest(key, known))
        return entry

    def _entries(self, key: str, known: tuple[str, ...]) -> list[tuple[str, Entry]]:
        entries = self._data.get(key, [])
        if not isinstance(entries, list):
            raise self._error(key, "not a list")
        return [
            (f"{key}[{k}]", self._object(entry, f"{key}[{k}]", known))
            for k, entry in enumerate(entries)
        ]

    def _number(self, entry: Entry, path: str, key: str, default: float) -> float:
        return self._checked(entry.get(key, default), f"{path}.{key}")

    def _checked(self, value: Any, path: str) -> float:
        """Return an entry that must be a number, not below 0."""
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not value >= 0:
            raise self._error(path, f"{value!r:.40}")
        return float(value)

    def _loads(self, entry: Entry, path: str, key: str) -> _Load:
        values = entry.get(key, [])
        if not isinstance(values, list):
            raise self._error(f"{path}.{key}", "not a list")
        return tuple(self._checked(value, f"{path}.{key}") for value in values)

    def _skills(self, entry: Entry, path: str) -> frozenset[int]:
        values = entry.get("skills", [])
        if not isinstance(values, list) or not all(isinstance(x, int) for x in values):
            raise self._error(f"{path}.skills", "not a list of integers")
        return frozenset(values)

    def _span(self, span: Any, path: str) -> tuple[float, float]:
        if not isinstance(span, list) or len(span) != 2:
            raise self._error(path, f"{span!r:.40} where start and end are due")
        low, high = (self._checked(time, path) for time in span)
        if low > high:
            raise self._error(path, f"{high:g} is before {low:g}")
        return low, high

    def _place(self, entry: Entry, path: str, key: str) -> int:
        place = entry.get(key)
        if isinstance(place, bool) or not isinstance(place, int):
            raise self._error(path, f"no {key} into the matrices")
        if not 0 <= place < self._places:
            last = self._places - 1
            raise self._error(f"{path}.{key}", f"{place} where {last} is the last")
        return place

    def _stop(self, entry: Entry, path: str) -> _Stop:
        setup = self._time(entry, path, "setup")
        return _Stop(
            self._place(entry, path, "location_index"),
            self._time(entry, path, "service"),
            setup,
            [(a + setup.usual, b + setup.usual) for a, b in self._windows(entry, path)],
        )

    def _time(self, entry: Entry, path: str, key: str) -> _Time:
        """Return a time, and what it is for some types of vehicles."""
        by_type = entry.get(f"{key}_per_type", {})
        if not isinstance(by_type, dict):
            raise self._error(f"{path}.{key}_per_type", "not an object")
        return _Time(
            self._number(entry, path, key, 0.0),
            {
                kind: self._checked(value, f"{path}.{key}_per_type.{kind}")
                for kind, value in by_type.items()
            },
        )

    def _windows(self, entry: Entry, path: str) -> list[tuple[float, float]]:
        windows = entry.get("time_windows", [])
        if not isinstance(windows, list):
            raise self._error(f"{path}.time_windows", "not a list")
        return [
            self._span(span, f"{path}.time_windows[{k}]")
            for k, span in enumerate(windows)
        ]

    # -- vehicles ------------------------------------------------------------

    def _vehicle(self, entry: Entry, path: str) -> _Vehicle:
        fixed, per_hour, per_km = self._costs(entry, path)
        profile = entry.get("profile", "car")
        if profile not in self._matrices:
            raise self._error(f"{path}.profile", f"{profile!r:.40} has no matrix")
        speed = self._number(entry, path, "speed_factor", 1.0)
        if speed <= 0.0:
            raise self._error(f"{path}.speed_factor", "0")
        window = entry.get("time_window")
        shift = (0.0, np.inf)
        if window is not None:
            shift = self._span(window, f"{path}.time_window")
        return _Vehicle(
            ends=self._ends(entry, path),
            room=self._loads(entry, path, "capacity"),
            fixed=fixed,
            shift=shift,
            most=int(self._number(entry, path, "max_tasks", 2.0**31)),
            ways=_Ways(profile, speed, per_hour, per_km),
            skills=self._skills(entry, path),
            kind=str(entry.get("type", "")),
            breaks=self._breaks(entry, path),
        )

    def _breaks(
        self, vehicle: Entry, path: str
    ) -> tuple[tuple[float, float, float], ...]:
        """Return when each break may begin, and how long it takes."""
        entries, found = vehicle.get("breaks", []), []
        if not isinstance(entries, list):
            raise self._error(f"{path}.breaks", "not a list")
        for number, one in enumerate(entries):
            where = f"{path}.breaks[{number}]"
            entry = self._object(one, where, _BREAK)
            windows = self._windows(entry, where) or [(0.0, np.inf)]
            if len(windows) > 1:
                what = f"{self._source.path}: several {where}.time_windows"
                raise UnsupportedFeatureError(f"{what} are not supported")
            found.append((*windows[0], self._number(entry, where, "service", 0.0)))
        return tuple(found)

    def _ends(self, vehicle: Entry, path: str) -> tuple[int, int]:
        """Return places of start and end: behind all others is anywhere, -1 nowhere."""
        start, end = self._places, -1
        if "start" in vehicle or "start_index" in vehicle:
            start = self._place(vehicle, path, "start_index")
        if "end" in vehicle or "end_index" in vehicle:
            end = self._place(vehicle, path, "end_index")
        return start, end

    def _costs(self, vehicle: Entry, path: str) -> tuple[float, float, float]:
        path = f"{path}.costs"
        costs = self._object(vehicle.get("costs", {}), path, _COSTS)
        defaults = (0.0, _HOUR, 0.0)
        fixed, per_hour, per_km = (
            self._number(costs, path, key, default)
            for key, default in zip(_COSTS, defaults, strict=True)
        )
        return fixed, per_hour, per_km

    def _durations(self) -> dict[str, tuple[Floats, Floats]]:
        """Return durations and distances by profile."""
        matrices = self._data.get("matrices")
        if not matrices:
            raise self._error("matrices", "none, and no ways are looked up here")
        if not isinstance(matrices, dict):
            raise self._error("matrices", "not an object")
        found = {}
        for profile, entry in matrices.items():
            path = f"matrices.{profile}"
            tables = self._object(entry, path, ("durations", "distances"))
            if "durations" not in tables:
                raise self._error(path, "no durations")
            durations = self._matrix(tables["durations"], f"{path}.durations")
            distances = durations
            if "distances" in tables:
                distances = self._matrix(tables["distances"], f"{path}.distances")
            found[profile] = durations, distances
        return found

    def _matrix(self, rows: Any, path: str) -> Floats:
        try:
            matrix = np.array(rows, np.float64)
        except (TypeError, ValueError):
            raise self._error(path, "not a table of numbers") from None
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
            raise self._error(path, f"shape {matrix.shape}: not square")
        if not (np.isfinite(matrix).all() and (matrix >= 0.0).all()):
            raise self._error(path, "a number is negative or not finite")
        return matrix

    def _legs(self, ways: _Ways) -> tuple[Floats, Floats]:
        """Return costs and times from place to place, and from and to anywhere."""
        durations, distances = self._matrices[ways.profile]
        times, costs = np.zeros((2, self._places + 1, self._places + 1))
        times[:-1, :-1] = durations / ways.speed
        costs[:-1, :-1] = ways.per_hour / _HOUR * times[:-1, :-1]
        costs[:-1, :-1] += ways.per_km / _KILOMETRE * distances
        return costs, times


def _by_type(
    times: list[_Time], fleet: Iterable[_Vehicle]
) -> list[float] | list[list[float]]:
    """Return times of clients by type of vehicle, or once if all have the same."""
    rows = [[time.of(vehicle.kind) for time in times] for vehicle in fleet]
    return rows if any(row != rows[0] for row in rows) else rows[0]


def _padded(values: _Load, q: int, rest: float = 0.0) -> list[float]:
    return [*values, *[rest] * (q - len(values))]


def _worth(priorities: list[float], count: int) -> Floats:
    """Return prizes by which priorities count first, then how many there are."""
    return 1.0 + (count + 1.0) * np.array(priorities)
