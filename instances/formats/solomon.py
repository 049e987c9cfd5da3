"""Solomon's text, also of Gehring and Homberger: vehicle routing with time windows.

Name; ``VEHICLE`` with a line of headers and one of number and capacity;
``CUSTOMER`` with a line of headers and one a node: number, x, y, demand, ready
time, due date, service time. The depot comes first.

The same files are solved under two conventions, see
`combkit.instances.vrptw.VRPTW`. They are read as total distance with distances
truncated to one decimal; ``objective=vehicles-distance`` asks for the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.source import Source
from combkit.instances.vrptw import VRPTW

__all__ = ["read", "sniff", "write"]

_HEAD = re.compile(r"^[ \t]*VEHICLE[ \t]*$\s*^[ \t]*NUMBER[ \t]+CAPACITY", re.M | re.I)
_COLUMNS = ("CUST NO.", "XCOORD.", "YCOORD.", "DEMAND", "READY TIME", "DUE DATE")
_WIDTH = 7


def sniff(head: str) -> bool:
    """Whether a text has the VEHICLE part of Solomon's format."""
    return bool(_HEAD.search(head))


def read(source: Source) -> VRPTW:
    """Read an instance: total distance, truncated to one decimal.

    Raises
    ------
    InstanceFormatError
        With the line of what is wrong.
    """
    lines = [
        (number, line.split())
        for number, line in enumerate(source.lines, 1)
        if line.strip()
    ]
    words = [" ".join(cells).upper() for _, cells in lines]
    for word in ("VEHICLE", "CUSTOMER"):
        if word not in words:
            raise source.error(None, f"there is no line {word}")
    fleet, customers = words.index("VEHICLE"), words.index("CUSTOMER")
    name = " ".join(lines[0][1]) if fleet > 0 else source.name
    if len(lines) <= fleet + 2:
        raise source.error(lines[-1][0], "the file ends before number and capacity")
    number, cells = lines[fleet + 2]
    vehicles, capacity = _numbers(source, number, cells, 2)
    if not vehicles.is_integer():
        raise source.error(number, f"{vehicles:g} vehicles are not a whole number")
    rows: list[list[float]] = []
    for number, cells in lines[customers + 2 :]:
        row = _numbers(source, number, cells, _WIDTH)
        if row[0] != len(rows):
            raise source.error(number, f"node {row[0]:g} where {len(rows)} is next")
        rows.append(row)
    if len(rows) < 2:
        raise source.error(lines[-1][0], "there is no customer")
    table = np.array(rows)
    return VRPTW(
        table[:, 1:3],
        table[:, 3],
        capacity,
        ready=table[:, 4],
        due=table[:, 5],
        service_time=table[:, 6],
        vehicles=int(vehicles),
        decimals=1,
        name=name,
    )


def _numbers(source: Source, line: int, cells: list[str], count: int) -> list[float]:
    if len(cells) != count:
        raise source.error(line, f"{len(cells)} numbers where {count} are needed")
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        raise source.error(line, f"{' '.join(cells)[:40]!r}: not all numbers") from None


def write(problem: VRPTW) -> Iterator[str]:
    """Yield the lines of an instance, which says nothing of its convention.

    Raises
    ------
    UnsupportedFeatureError
        If the format cannot express the problem.
    """
    if problem.coords is None or problem.metric != "euclidean":
        raise UnsupportedFeatureError("Solomon's format has Euclidean points only")
    if problem.coords.shape[1] != 2:
        raise UnsupportedFeatureError("Solomon's format has points of the plane only")
    if problem.max_distance is not None:
        raise UnsupportedFeatureError("Solomon's format has no limit on the length")
    if problem.objective != "distance" or problem.decimals != 1:
        raise UnsupportedFeatureError(
            "Solomon's format is read as total distance, truncated to one decimal; "
            f"this problem minimises {problem.convention}"
        )
    yield f"{' '.join(problem.name.split()) or 'unnamed'}\n\n"
    vehicles = problem.n if problem.vehicles is None else problem.vehicles
    yield f"VEHICLE\nNUMBER     CAPACITY\n{vehicles:5d} {problem.capacity:12.15g}\n\n"
    yield "CUSTOMER\n" + "  ".join(_COLUMNS) + "  SERVICE TIME\n\n"
    table = np.column_stack(
        [
            np.arange(problem.n + 1),
            problem.coords,
            problem.demands,
            problem.ready,
            problem.due,
            problem.service,
        ]
    )
    for row in table.tolist():
        yield "  ".join(f"{repr(value).removesuffix('.0'):>8}" for value in row) + "\n"
