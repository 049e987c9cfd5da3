"""Cordeau's text of several depots, Taillard's of vehicle types, Li and Lim's of pairs.

Cordeau: ``type m n t`` (2: several depots; 0, 4 and 6: one depot or time windows, or
both), ``t`` lines of largest duration and load (0: no limit), ``n`` customers and ``t``
depots: number, x, y, service time, demand, three fields about days, which are skipped,
and the window. There are ``m`` vehicles at each depot.

Vehicle types: comments that begin with ``//``; customers, types, range, service time
and two values that are known; number, capacity, fixed cost and cost per distance of
each type; the depot; x, y and demand of each customer. Distances are not rounded.

Li and Lim: vehicles, capacity and speed, which is not used; the depot and the clients:
number, x, y, demand, window, service time, and the clients of the same goods where
they are picked up and where they are delivered, one of them 0. What counts first is
how many vehicles there are: one costs as much as the next power of ten above the
distance of a trip to each client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from combkit.instances.errors import InvalidProblemError, UnsupportedFeatureError
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.source import Source

__all__ = [
    "read_cordeau",
    "read_li_lim",
    "read_types",
    "sniff_cordeau",
    "sniff_li_lim",
    "sniff_types",
]

#: Types of Cordeau's files; those that are read.
_CORDEAU = {
    0: "VRP",
    1: "periodic VRP",
    2: "MDVRP",
    3: "site-dependent VRP",
    4: "VRPTW",
    5: "periodic VRPTW",
    6: "MDVRPTW",
    7: "site-dependent VRPTW",
}
_READ = (0, 2, 4, 6)
_TIMED = (4, 6)
#: A range that is none.
_FAR = 999_999.0

_NUMBER = r"-?\d+(?:\.\d+)?"
_CORDEAU_HEAD = re.compile(
    rf"\s*[0-7][ \t]+\d+[ \t]+\d+[ \t]+\d+[ \t]*\n"
    rf"(?:[ \t]*{_NUMBER}[ \t]+{_NUMBER}[ \t]*\n)+[ \t]*1(?:[ \t]+{_NUMBER}){{6,}}"
)
_LI_LIM_HEAD = re.compile(
    rf"\s*\d+[ \t]+\d+[ \t]+{_NUMBER}[ \t]*\n"
    rf"[ \t]*0(?:[ \t]+{_NUMBER}){{8}}[ \t]*(?:\n|$)"
)
_TYPES_HEAD = re.compile(r"\s*//[^\n]*\n(?:[^\n]*\n){0,8}?[^\n]*per type:", re.I)


def sniff_cordeau(head: str) -> bool:
    """Whether a text begins as one of Cordeau's."""
    return bool(_CORDEAU_HEAD.match(head))


def sniff_li_lim(head: str) -> bool:
    """Whether a text begins as one of Li and Lim's."""
    return bool(_LI_LIM_HEAD.match(head))


def sniff_types(head: str) -> bool:
    """Whether a text has the comments of a file of vehicle types."""
    return bool(_TYPES_HEAD.match(head))


class _Rows:
    """The lines that hold numbers, one after the other."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines = iter(
            (number, line.split())
            for number, line in enumerate(source.lines, 1)
            if line.strip() and not line.lstrip().startswith("//")
        )
        self.line = 0
        self._next = next(self._lines, None)

    def more(self) -> bool:
        """Whether there is another line."""
        return self._next is not None

    def take(self, what: str, least: int) -> list[float]:
        """Return the numbers of the next line, of which there must be some."""
        if self._next is None:
            raise self._source.error(self.line, f"the file ends before {what}")
        self.line, words = self._next
        self._next = next(self._lines, None)
        if len(words) < least:
            reason = f"{len(words)} numbers where {what} needs {least}"
            raise self._source.error(self.line, reason)
        try:
            values = [float(word) for word in words]
        except ValueError:
            raise self._source.error(self.line, f"{what}: not all numbers") from None
        if not np.isfinite(values).all():
            raise self._source.error(self.line, f"{what}: not all finite")
        return values

    def several(self, what: str, count: int, least: int) -> Iterator[list[float]]:
        """Yield the numbers of so many lines."""
        for k in range(1, count + 1):
            yield self.take(f"{what} {k}", least)

    def count(self, value: float, what: str, least: int = 1) -> int:
        """Return a number of the current line that must be a whole one."""
        if not value.is_integer() or value < least:
            raise self._source.error(self.line, f"{what}: {value:g}")
        return int(value)


def read_cordeau(source: Source) -> RichVRP:
    """Read one of Cordeau's files.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    UnsupportedFeatureError
        If it is a periodic or site-dependent problem.
    """
    rows = _Rows(source)
    head = rows.take("the first line", 4)
    kind = rows.count(head[0], "type", 0)
    if kind not in _CORDEAU:
        raise source.error(rows.line, f"type {kind} where 0 to 7 are known")
    if kind not in _READ:
        what = f"{source.path}:{rows.line}: a {_CORDEAU[kind]} is not supported"
        raise UnsupportedFeatureError(what)
    m, n, t = (
        rows.count(value, what)
        for value, what in zip(head[1:4], ("m", "n", "t"), strict=True)
    )
    limits = np.array([row[:2] for row in rows.several("depot limits", t, 2)])
    table = list(rows.several("customer", n, 7 + 2 * (kind in _TIMED)))
    depots = list(rows.several("depot", t, 5 + 2 * (kind in _TIMED)))
    # Without a limit it is far above what can be.
    open_ = np.where(limits > 0, limits, 1e15)
    fields: dict[str, Any] = {
        "coords": np.array([row[1:3] for row in (*depots, *table)]),
        "clients": np.arange(t, t + n),
        "depots": np.arange(t),
        "available": np.full(t, m),
        "start_depot": np.arange(t),
        "service": [row[3] for row in table],
        "delivery": [[row[4]] for row in table],
        "capacity": open_[:, 1:],
        "max_duration": np.where(limits[:, 0] > 0, limits[:, 0], np.inf),
    }
    if kind in _TIMED:
        fields |= {
            "window_client": np.arange(n),
            "window_start": [row[-2] for row in table],
            "window_end": [row[-1] for row in table],
            "depot_start": [row[-2] for row in depots],
            "depot_end": [row[-1] for row in depots],
        }
    return _problem(source, fields)


def read_types(source: Source) -> RichVRP:
    """Read a file of vehicle types.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    """
    rows = _Rows(source)
    head = rows.take("the first line", 4)
    n, v = rows.count(head[0], "customers"), rows.count(head[1], "types")
    reach, service = head[2], head[3]
    types = np.array([row[:4] for row in rows.several("vehicle type", v, 4)])
    depot = rows.take("the depot", 2)[:2]
    table = np.array([row[:3] for row in rows.several("customer", n, 3)])
    available = types[:, 0]
    if (available != np.floor(available)).any():
        raise source.error(None, "a number of vehicles is not a whole one")
    if (np.abs(available) >= 2**53).any():
        raise source.error(None, f"{np.abs(available).max():g} vehicles are too many")
    return _problem(
        source,
        {
            "coords": np.vstack([depot, table[:, :2]]),
            "clients": np.arange(1, n + 1),
            "depots": [0],
            "available": available.astype(np.int64),
            "delivery": table[:, 2:],
            "capacity": types[:, 1:2],
            "fixed_cost": types[:, 2],
            "distance_cost": types[:, 3],
            "service": np.full(n, service),
            "max_distance": np.full(v, reach if reach < _FAR else np.inf),
        },
    )


def read_li_lim(source: Source) -> RichVRP:
    """Read one of Li and Lim's files of pickups and deliveries.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    """
    rows = _Rows(source)
    head = rows.take("the first line", 2)
    vehicles, capacity = rows.count(head[0], "vehicles"), head[1]
    depot = rows.take("the depot", 7)
    if depot[0] != 0.0:
        raise source.error(rows.line, f"number {depot[0]:g} where the depot is 0")
    table: list[list[float]] = []
    lines: list[int] = []
    while rows.more():
        row = rows.take("a client", 9)
        if row[0] != len(table) + 1:
            what = f"client {row[0]:g} where {len(table) + 1} is due"
            raise source.error(rows.line, what)
        table.append(row)
        lines.append(rows.line)
    pairs, amounts = [], []
    for row, line in zip(table, lines, strict=True):
        ends = sorted(row[7:9])
        if ends[0] != 0 or not 0 < ends[1] <= len(table) or ends[1] % 1.0:
            what = f"pickup {row[7]:g} and delivery {row[8]:g}"
            raise source.error(line, what)
    for row, line in zip(table, lines, strict=True):
        first, last = row[7:9]
        other = table[int(first + last) - 1]
        if other[7] + other[8] != row[0] or row[3] != -other[3]:
            what = f"clients {row[0]:g} and {other[0]:g} are not of the same goods"
            raise source.error(line, what)
        if last > 0:
            pairs.append((int(row[0]) - 1, int(last) - 1))
            amounts.append([row[3]])
    values = np.array([depot[:7], *(row[:7] for row in table)])
    trips = 2.0 * np.hypot(*(values[1:, 1:3] - values[0, 1:3]).T).sum()
    return _problem(
        source,
        {
            "coords": values[:, 1:3],
            "clients": np.arange(1, len(values)),
            "depots": [0],
            "available": [vehicles],
            "capacity": [[capacity]],
            "fixed_cost": [10.0 ** np.ceil(np.log10(max(trips, 1.0)))],
            "shipments": pairs,
            "shipment_load": amounts,
            "service": values[1:, 6],
            "window_client": np.arange(len(table)),
            "window_start": values[1:, 4],
            "window_end": values[1:, 5],
            "depot_start": [depot[4]],
            "depot_end": [depot[5]],
        },
    )


def _problem(source: Source, fields: dict[str, Any]) -> RichVRP:
    try:
        return RichVRP(**fields, name=source.name)
    except InvalidProblemError as error:
        raise source.error(None, str(error)) from None
