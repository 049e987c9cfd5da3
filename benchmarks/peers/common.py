"""What the scripts of the peers share: arguments, clock, JSON lines, files.

They run in the peers' own environments and are a yardstick for combkit: nothing
here imports it. NumPy is there in every environment.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TextIO

import numpy as np

#: Relative gap at which the MIP solvers stop unless told otherwise, combkit's own.
MIP_GAP = 1e-4


class Run:
    """A run: what it is given, its clock and what it says on standard output.

    The clock starts when the arguments have been read, so that reading the
    instance counts and importing the peer does not: as for combkit's own solvers.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._started = time.perf_counter()
        self._ended = False
        #: Where the lines go, wherever libraries that print are sent to.
        self.stream: TextIO = sys.stdout
        self.args = args
        self.instance: Path = args.instance
        self.solution: Path = args.solution
        self.seed: int = args.seed
        self.threads: int = args.threads
        self.gap: float | None = args.gap

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self._started

    @property
    def left(self) -> float:
        """Seconds until the time limit, a moment at least."""
        return max(1e-3, self.args.time_limit - self.elapsed)

    def say(self, **facts: Any) -> None:
        """Print a line with what is known and finite; nothing after the end.

        Some solvers still call back while they are taken apart.
        """
        self._print(round(self.elapsed, 6), facts)

    def _print(self, now: float, facts: dict[str, Any]) -> None:
        if self._ended:
            return
        known = {
            key: value
            for key, value in facts.items()
            if isinstance(value, str) or (value is not None and math.isfinite(value))
        }
        if known:
            line = json.dumps({"time": now, **known})
            print(line, file=self.stream, flush=True)

    def end(self, status: str | None = None, **facts: Any) -> None:
        """Print the last line: a claim, and how long it all took."""
        claim = {} if status is None else {"status": status}
        now = round(self.elapsed, 6)
        self._print(now, {**claim, **facts, "runtime": now})
        self._ended = True

    def unsupported(self, reason: str) -> NoReturn:
        """Say that the peer does not take this instance."""
        print(reason, file=self.stream, flush=True)
        self.say(status="unsupported")
        raise SystemExit(0)

    # -- solution files ----------------------------------------------------

    def write_tour(self, tour: Iterable[int]) -> None:
        """Write a ``.tour``; cities count from 0 here and from 1 there."""
        lines = [str(int(city) + 1) for city in tour]
        text = "\n".join(["TYPE : TOUR", "TOUR_SECTION", *lines, "-1", "EOF", ""])
        self.solution.write_text(text, encoding="utf-8")

    def write_routes(self, routes: Iterable[Iterable[int]]) -> None:
        """Write a ``.sol``; customers count from 1, the depot is 0.

        A tour is one route from the first city, which is not listed.
        """
        lines = [
            f"Route #{k}: {' '.join(map(str, route))}\n"
            for k, route in enumerate(routes, 1)
        ]
        self.solution.write_text("".join(lines), encoding="utf-8")

    def write_schedule(self, **rows: Sequence[int] | Sequence[Sequence[int]]) -> None:
        """Write a ``.json`` with ``starts`` and, where there is a choice, ``modes``.

        Both are lists of tasks or, in a shop, of the operations of each job.
        """
        self.solution.write_text(json.dumps(rows), encoding="utf-8")

    def write_values(
        self, objective: float, values: Iterable[tuple[str, float]]
    ) -> None:
        """Write a ``.sol`` of a MIP: its objective and its nonzeros."""
        lines = [f"=obj= {objective!r}\n"]
        lines += [f"{name} {value!r}\n" for name, value in values if value]
        self.solution.write_text("".join(lines), encoding="utf-8")


def start(
    package: str, adapter: int, description: str, **options: dict[str, Any]
) -> Run:
    """Return the run that the command line asks for.

    Parameters
    ----------
    package : str
        Distribution whose version ``--version`` prints.
    adapter : int
        Raised with each change of what a script does, so that earlier runs of a
        batch are not taken for those of the script as it is now.
    description : str
        What ``--help`` says.
    **options : dict
        Further options of the script, as for ``ArgumentParser.add_argument``.
    """
    parser = argparse.ArgumentParser(
        description=description.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shown = f"{package} {version(package)} (adapter {adapter})"
    parser.add_argument("instance", type=Path, help="instance file")
    parser.add_argument("solution", type=Path, help="solution file to write")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gap", type=_gap, default=None)
    parser.add_argument("--version", action="version", version=shown)
    for name, option in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **option)
    return Run(parser.parse_args())


def _gap(text: str) -> float | None:
    """Return a gap; a batch without one passes nothing."""
    return float(text) if text.strip() else None


# -- what libraries print ------------------------------------------------------

_LINE_BUFFERED = 1


def listen(run: Run, found: Callable[[bytes], None]) -> threading.Thread:
    """Have each line that a C or C++ library prints passed on, as it comes.

    What the run says still goes to where standard output went.
    """
    run.stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    reading, writing = os.pipe()
    os.dup2(writing, 1)
    os.close(writing)
    libc = ctypes.CDLL(None)
    stdout = ctypes.c_void_p.in_dll(libc, "stdout")
    libc.setvbuf(stdout, None, _LINE_BUFFERED, 0)

    def read() -> None:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                sys.stderr.buffer.write(line)
                found(line)

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def hang_up(listener: threading.Thread) -> None:
    """Close what the library prints to, and wait until it has been read."""
    ctypes.CDLL(None).fflush(None)
    os.dup2(2, 1)
    listener.join()


# -- routing files -------------------------------------------------------------


@dataclass(frozen=True)
class Routing:
    """A TSPLIB or CVRPLIB file; the depot is node 0."""

    kind: str
    n: int
    rule: str
    matrix: np.ndarray  # (n, n) int32
    coordinates: np.ndarray | None  # (n, 2 or 3) float64
    demands: np.ndarray | None  # (n,) int64
    capacity: int | None
    vehicles: int | None
    max_distance: float | None
    service: float

    def length(self, tour: Sequence[int]) -> int:
        """Return the length of a closed tour."""
        order = np.asarray(tour)
        return int(self.matrix[order, np.roll(order, -1)].sum(dtype=np.int64))


def read_routing(run: Run) -> Routing:
    """Read the instance of a run: what these peers take of the format.

    What they do not take ends the run as unsupported.
    """
    header: dict[str, str] = {}
    sections: dict[str, list[str]] = {}
    words: list[str] | None = None
    for line in run.instance.read_text(encoding="utf-8", errors="replace").split("\n"):
        line = line.strip()
        if not line:
            continue
        if line == "EOF":
            break
        key, colon, value = line.partition(":")
        key = key.strip().upper()
        if key.endswith("_SECTION") or (colon and key.replace("_", "").isalpha()):
            words = sections.setdefault(key, []) if not colon or not value else None
            if words is None:
                header[key] = value.strip().strip('"').strip()
        elif words is not None:
            words += line.split()
    if "FIXED_EDGES_SECTION" in sections:
        run.unsupported("fixed edges are not supported")
    if "SERVICE_TIME_SECTION" in sections:
        run.unsupported("service times that differ are not supported")
    n = int(header["DIMENSION"])
    rule = header.get("EDGE_WEIGHT_TYPE", "EUC_2D").upper()
    coordinates = _coordinates(sections, n)
    if rule == "EXPLICIT":
        numbers = np.array(sections["EDGE_WEIGHT_SECTION"], dtype=np.float64)
        matrix = _explicit(run, header["EDGE_WEIGHT_FORMAT"].upper(), n, numbers)
    else:
        matrix = _measured(run, rule, n, coordinates)
    demands = sections.get("DEMAND_SECTION")
    depots = [int(word) for word in sections.get("DEPOT_SECTION", []) if word != "-1"]
    if len(depots) > 1 or (depots and depots[0] != 1):
        run.unsupported("the depot is not the first node")
    limit = header.get("DISTANCE")
    return Routing(
        kind=header["TYPE"].split()[0].lower(),
        n=n,
        rule=rule,
        matrix=matrix,
        coordinates=coordinates,
        demands=None if demands is None else np.array(demands[1::2], dtype=np.int64),
        capacity=int(header["CAPACITY"]) if "CAPACITY" in header else None,
        vehicles=int(header["VEHICLES"]) if "VEHICLES" in header else None,
        max_distance=None if limit is None else float(limit),
        service=float(header.get("SERVICE_TIME", 0)),
    )


def _coordinates(sections: dict[str, list[str]], n: int) -> np.ndarray | None:
    words = sections.get("NODE_COORD_SECTION")
    if not words:
        return None
    return np.array(words, dtype=np.float64).reshape(n, -1)[:, 1:]


def _explicit(run: Run, form: str, n: int, numbers: np.ndarray) -> np.ndarray:
    """Return the matrix of a file that lists it, row by row or in triangles."""
    values = numbers.astype(np.int32)
    if (values != numbers).any():
        run.unsupported("the distances are not integers")
    if form == "FULL_MATRIX":
        return values.reshape(n, n)
    # A column of the lower triangle is a row of the upper one.
    rows = {
        **dict.fromkeys(("UPPER_ROW", "LOWER_COL"), np.triu_indices(n, 1)),
        **dict.fromkeys(("UPPER_DIAG_ROW", "LOWER_DIAG_COL"), np.triu_indices(n)),
        **dict.fromkeys(("LOWER_ROW", "UPPER_COL"), np.tril_indices(n, -1)),
        **dict.fromkeys(("LOWER_DIAG_ROW", "UPPER_DIAG_COL"), np.tril_indices(n)),
    }.get(form)
    if rows is None:
        run.unsupported(f"EDGE_WEIGHT_FORMAT {form} is not supported")
    matrix = np.zeros((n, n), dtype=np.int32)
    matrix[rows] = values
    return matrix + matrix.T - np.diag(np.diag(matrix))


def _measured(
    run: Run, rule: str, n: int, coordinates: np.ndarray | None
) -> np.ndarray:
    """Return the matrix by a rule of TSPLIB 95, a block of rows at a time."""
    if coordinates is None or rule not in _RULES:
        run.unsupported(f"EDGE_WEIGHT_TYPE {rule} is not supported")
    points = _radians(coordinates) if rule == "GEO" else coordinates
    matrix = np.empty((n, n), dtype=np.int32)
    step = max(1, 4_000_000 // n)
    for first in range(0, n, step):
        rows = slice(first, first + step)
        matrix[rows] = _RULES[rule](points[rows, None, :], points[None, :, :])
    np.fill_diagonal(matrix, 0)
    return matrix


def _euclidean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(((a - b) ** 2).sum(axis=2))


def _nearest(values: np.ndarray) -> np.ndarray:
    return np.floor(values + 0.5)


def _pseudo_euclidean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    exact = np.sqrt(((a - b) ** 2).sum(axis=2) / 10.0)
    whole = _nearest(exact)
    return np.where(whole < exact, whole + 1, whole)


def _radians(coordinates: np.ndarray) -> np.ndarray:
    """Return latitude and longitude, which are degrees with minutes as decimals."""
    degrees = np.trunc(coordinates)
    # 3.141592 is TSPLIB's pi.
    return 3.141592 * (degrees + 5.0 * (coordinates - degrees) / 3.0) / 180.0


def _geographical(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    q1 = np.cos(a[..., 1] - b[..., 1])
    q2 = np.cos(a[..., 0] - b[..., 0])
    q3 = np.cos(a[..., 0] + b[..., 0])
    inner = 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)
    return np.trunc(6378.388 * np.arccos(np.clip(inner, -1.0, 1.0)) + 1.0)


_RULES = {
    "EUC_2D": lambda a, b: _nearest(_euclidean(a, b)),
    "EUC_3D": lambda a, b: _nearest(_euclidean(a, b)),
    "CEIL_2D": lambda a, b: np.ceil(_euclidean(a, b)),
    "MAN_2D": lambda a, b: _nearest(np.abs(a - b).sum(axis=2)),
    "MAX_2D": lambda a, b: _nearest(np.abs(a - b)).max(axis=2),
    "ATT": _pseudo_euclidean,
    "GEO": _geographical,
}
