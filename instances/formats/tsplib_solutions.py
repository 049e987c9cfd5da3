"""Solution files of routing: TSPLIB tours, CVRPLIB routes and OPLib sequences.

A ``.tour`` lists the nodes 1..n of a tour up to -1. A ``.sol`` has a line
``Route #1: ...`` a route and ``Cost ...`` (any case, with or without a colon);
customers are numbered 1..n as they follow the depot in the instance. A tour
can be written as ``.sol`` too: one route that starts at the first city, which
is not listed. An OPLib solution lists the visited nodes 1..n after
``NODE_SEQUENCE_SECTION``, with its score as ``ROUTE_SCORE``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InvalidSolutionError, UnsupportedFeatureError
from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.formats.tsplib_text import integer, parse, short
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP
from combkit.instances.solutions import Routes, Tour
from combkit.instances.source import Source
from combkit.instances.tsp import ATSP, TSP

__all__ = [
    "read_sequence",
    "read_sol",
    "read_tour",
    "sniff_sequence",
    "sniff_sol",
    "sniff_tour",
    "stated_in_sequence",
    "stated_in_sol",
    "stated_in_tour",
    "write_sequence",
    "write_sol",
    "write_tour",
]

Integers = NDArray[np.int64]

# No pattern has two neighbouring runs of blanks: matching stays linear.
_TOUR = re.compile(r"^[ \t]*(TYPE[ \t]*:[ \t]*TOUR\b|TOUR_SECTION)", re.MULTILINE)
_SEQUENCE = re.compile(r"^[ \t]*NODE_SEQUENCE_SECTION", re.MULTILINE)
_ROUTE = re.compile(r"[ \t]*route[ \t]*(?:#[ \t]*)?\d+[ \t]*:?", re.IGNORECASE)
_ROUTE_LINE = re.compile(f"^{_ROUTE.pattern}", re.IGNORECASE | re.MULTILINE)
_LENGTH = re.compile(r"\blength\s*(?:[:=]\s*)?(\d+(?:\.\d+)?)", re.IGNORECASE)


def sniff_tour(head: str) -> bool:
    """Whether a text is a TSPLIB tour."""
    return bool(_TOUR.search(head))


def read_tour(source: Source, problem: TSP | ATSP) -> Tour:
    """Read a TSPLIB tour; what it visits is not judged.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    """
    section = parse(source).section("TOUR_SECTION")
    return Tour([node - 1 for _, node in section.integers_to_end()])


def write_tour(problem: TSP | ATSP, solution: Tour, objective: float) -> Iterator[str]:
    """Yield the lines of a TSPLIB tour."""
    yield f"NAME : {' '.join(problem.name.split())}\nTYPE : TOUR\n"
    yield f"COMMENT : Length {_number(objective)}\n"
    yield f"DIMENSION : {solution.tour.size}\nTOUR_SECTION\n"
    yield from (f"{node + 1}\n" for node in solution.tour.tolist())
    yield "-1\nEOF\n"


def stated_in_tour(source: Source) -> float | None:
    """Return the length that a comment claims as "Length ...", None without.

    Other numbers in comments are no claim: they may be years or old bounds.
    """
    for comment in parse(source).comments:
        if match := _LENGTH.search(comment):
            return float(match[1])
    return None


def sniff_sequence(head: str) -> bool:
    """Whether a text is an OPLib solution."""
    return bool(_SEQUENCE.search(head))


def read_sequence(source: Source, problem: OP) -> Tour:
    """Read an OPLib solution; what it visits is not judged.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    """
    section = parse(source).section("NODE_SEQUENCE_SECTION")
    return Tour([node - 1 for _, node in section.integers_to_end()])


def write_sequence(problem: OP, solution: Tour, objective: float) -> Iterator[str]:
    """Yield the lines of an OPLib solution; the depot is node 1."""
    yield f"NAME : {' '.join(problem.name.split())}\nTYPE : OP\n"
    yield f"DIMENSION : {problem.n + 1}\nCOST_LIMIT : {_number(problem.limit)}\n"
    yield f"ROUTE_NODES : {solution.tour.size}\n"
    yield f"ROUTE_SCORE : {_number(objective)}\n"
    yield f"ROUTE_COST : {_number(problem.length(solution))}\n"
    yield "NODE_SEQUENCE_SECTION\n"
    yield from (f"{node + 1}\n" for node in solution.tour.tolist())
    yield "-1\nDEPOT_SECTION\n1\n-1\nEOF\n"


def stated_in_sequence(source: Source) -> float | None:
    """Return the score that an OPLib solution claims, None without."""
    return parse(source).optional("ROUTE_SCORE")


def sniff_sol(head: str) -> bool:
    """Whether a text has a line ``Route #1: ...``."""
    return bool(_ROUTE_LINE.search(head))


def read_sol(
    source: Source, problem: CVRP | MTSP | RichVRP | TSP | ATSP
) -> Routes | FleetRoutes | Tour:
    """Read CVRPLIB routes; whom they visit is not judged.

    Those of a fleet are in the order of the vehicles, type by type; clients are
    known by their places, and so are depots where a vehicle reloads.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    """
    routes = []
    for number, line in enumerate(source.lines, 1):
        match = _ROUTE.match(line)
        if match:
            routes.append(_customers(source, number, line[match.end() :]))
        elif line.strip() and not line.lstrip()[0].isalpha():
            raise source.error(number, f"{short(line.strip())} is not a route")
    if not routes:
        raise source.error(None, "there is no line 'Route #1: ...'")
    if isinstance(problem, RichVRP):
        return _of_fleet(source, problem, routes)
    if isinstance(problem, CVRP | MTSP):
        return Routes(routes)
    if len(routes) > 1:
        raise source.error(None, f"{len(routes)} routes where a tour is one")
    return Tour([0, *routes[0]])


def _of_fleet(source: Source, problem: RichVRP, routes: list[list[int]]) -> FleetRoutes:
    """Return routes by vehicle as routes by type."""
    types = np.repeat(np.arange(problem.n_types), problem.available)
    if len(routes) > types.size:
        what = f"{len(routes)} routes where there are {types.size} vehicles"
        raise source.error(None, what)
    client = {place: k for k, place in enumerate(problem.clients.tolist())}
    depot = {place: d for d, place in enumerate(problem.depots.tolist())}
    found = []
    for number, (kind, route) in enumerate(zip(types, routes, strict=False), 1):
        visits: list[int] = []
        reloads: list[tuple[int, int]] = []
        for place in route:
            if place in client:
                visits.append(client[place])
            elif place in depot:
                reloads.append((len(visits), depot[place]))
            else:
                raise source.error(None, f"route {number}: nobody is at {place}")
        if route:
            try:
                found.append(Route(int(kind), visits, reloads))
            except InvalidSolutionError as error:
                raise source.error(None, f"route {number}: {error}") from None
    return FleetRoutes(found)


def _by_vehicle(problem: RichVRP, solution: FleetRoutes) -> tuple[Integers, ...]:
    """Return the places of each vehicle, type by type; nothing for idle ones."""
    rows: list[Integers] = []
    for kind, count in enumerate(problem.available.tolist()):
        mine = [r for r in solution.routes if r.vehicle_type == kind and r.visits.size]
        inner = slice(1, -1 if problem.end_depot[kind] >= 0 else None)
        rows += [problem.path(route)[inner] for route in mine]
        if kind + 1 < problem.n_types:
            rows += [np.zeros(0, np.int64)] * (count - len(mine))
    return tuple(rows)


def write_sol(
    problem: CVRP | MTSP | RichVRP | TSP | ATSP,
    solution: Routes | FleetRoutes | Tour,
    objective: float,
) -> Iterator[str]:
    """Yield the lines of a CVRPLIB solution; empty routes are left out.

    Raises
    ------
    UnsupportedFeatureError
        If a tour does not visit the first city, which the format implies.
    """
    if isinstance(solution, Tour):
        start = np.flatnonzero(solution.tour == 0)
        if start.size == 0:
            raise UnsupportedFeatureError("a tour without city 0 has no .sol form")
        routes: tuple[Integers, ...] = (np.roll(solution.tour, -int(start[0]))[1:],)
    elif isinstance(problem, RichVRP) and isinstance(solution, FleetRoutes):
        routes = _by_vehicle(problem, solution)
    else:
        assert isinstance(solution, Routes)
        routes = tuple(route for route in solution.routes if route.size)
    for number, route in enumerate(routes, 1):
        yield f"Route #{number}: {' '.join(map(str, route.tolist()))}\n"
    yield f"Cost {_number(objective)}\n"


def stated_in_sol(source: Source) -> float | None:
    """Return the cost that a solution file claims, None without.

    Raises
    ------
    InstanceFormatError
        If the cost is not a finite number.
    """
    for number, line in enumerate(source.lines, 1):
        words = line.replace(":", " ").replace("=", " ").split()
        if len(words) == 2 and words[0].lower() == "cost":
            try:
                value = float(words[1])
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                raise source.error(number, f"cost {short(words[1])} is not a number")
            return value
    return None


def _customers(source: Source, line: int, text: str) -> list[int]:
    values = []
    for token in text.split():
        value = integer(token)
        if value is None:
            raise source.error(line, f"{short(token)} in a route is not an integer")
        values.append(value)
    return values


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
