"""Sets of random problems as the learning literature exchanges them.

``.npz`` files hold one array a field with the instances along the first axis:
``coords`` with ``tours`` (TSP), or ``coords``, ``demands``, ``capacities`` with
``sol_nodes`` and ``sol_via_depot`` (CVRP), and ``tour_lens``. Text files hold
an instance a line, in one of four forms:

- ``x y x y ... output t1 t2 ... t1``, the 1-based tour being optional;
- ``depot,x,y,customer,x,y,...,capacity,Q,demand,...,cost,c,node_flag,...``;
- ``['name', 'value', 'x', 'y', ...]``, the TSP with its best known value;
- ``['name', NAME, 'depot', x, y, 'customer', ..., 'cost', c, 'end']``.

Distances are unrounded everywhere. Solutions of the CVRP list the customers
with a flag each: 1 where the vehicle comes from the depot.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import (
    InstanceFormatError,
    InvalidProblemError,
    InvalidSolutionError,
)
from combkit.instances.problem import Problem
from combkit.instances.solutions import Routes, Solution, Tour
from combkit.instances.source import Source
from combkit.instances.tsp import TSP

__all__ = ["ArraySet", "load_array_set"]

Array = NDArray[Any]
#: One entry of a set: problem, reference value, reference solution.
Entry = tuple[Problem, float | None, Solution | None]

#: Unpacked size that an .npz file may have.
_MAX_UNPACKED = 2 << 30


@dataclass(frozen=True, slots=True)
class ArraySet:
    """Problems with the reference values and solutions of their file.

    Parameters
    ----------
    problems : tuple of Problem
        The problems.
    references : tuple of float or None
        The objective that the file states for each, None where it does not.
    solutions : tuple of Solution or None
        The solution that the file holds for each, None where it does not.
    """

    problems: tuple[Problem, ...]
    references: tuple[float | None, ...]
    solutions: tuple[Solution | None, ...]

    def __len__(self) -> int:
        return len(self.problems)


def load_array_set(path: str | os.PathLike[str]) -> ArraySet:
    """Load a set of problems from ``.npz`` or text.

    Parameters
    ----------
    path : str or PathLike
        The file; its content says which form it has.

    Returns
    -------
    ArraySet

    Raises
    ------
    InstanceFormatError
        If the file has none of the forms, naming line or array. Pickled
        arrays are refused.
    """
    source = Source(path)
    with source.path.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    entries = _from_npz(source) if zipped else _from_text(source)
    problems, references, solutions = zip(*entries, strict=True)
    return ArraySet(problems, references, solutions)


def _from_npz(source: Source) -> Iterator[Entry]:
    arrays = _load_npz(source)
    cvrp = "demands" in arrays
    needed = ("coords", "demands", "capacities") if cvrp else ("coords",)
    solved = ("sol_nodes", "sol_via_depot") if cvrp else ("tours",)
    for key in needed:
        if key not in arrays:
            raise source.error(None, f"the array {key!r} is missing")
    count = len(arrays["coords"]) if arrays["coords"].ndim else 0
    if count == 0:
        raise source.error(None, "the array 'coords' is empty")
    for key, array in arrays.items():
        if array.ndim == 0 or len(array) != count:
            raise source.error(
                None, f"the array {key!r} has shape {array.shape} for {count} instances"
            )
    has_solution = all(key in arrays for key in solved)
    for k in range(count):
        name = f"{source.name}-{k}"
        try:
            problem: Problem
            solution: Solution | None = None
            if cvrp:
                problem = CVRP(
                    arrays["coords"][k],
                    arrays["demands"][k],
                    float(arrays["capacities"][k]),
                    name=name,
                )
                if has_solution:
                    solution = _routes(
                        arrays["sol_nodes"][k], arrays["sol_via_depot"][k]
                    )
            else:
                problem = TSP(arrays["coords"][k], name=name)
                if has_solution:
                    solution = Tour(arrays["tours"][k])
            value = float(arrays["tour_lens"][k]) if "tour_lens" in arrays else None
        except (InvalidProblemError, InvalidSolutionError, TypeError) as error:
            raise source.error(None, f"instance {k}: {error}") from None
        yield problem, value, solution


def _load_npz(source: Source) -> dict[str, Array]:
    """Return the arrays of a file, none larger than what the file holds."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    _refuse_oversize(source, member, stream)
        with np.load(source.path, allow_pickle=False) as data:
            return {key: data[key] for key in data.files}
    except InstanceFormatError:
        raise
    # zipfile, zlib and NumPy's header parser fail on damage in many ways.
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise source.error(None, f"not a readable .npz file: {reason}") from None


def _refuse_oversize(source: Source, member: zipfile.ZipInfo, stream: Any) -> None:
    """Refuse an array that claims to be larger than its bytes."""
    version = np.lib.format.read_magic(stream)
    read_header: Callable[[Any], tuple[tuple[int, ...], bool, np.dtype[Any]]] = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise source.error(
            None, f"{member.filename} is pickled, not an array of numbers"
        )
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > min(member.file_size, _MAX_UNPACKED):
        raise source.error(
            None, f"{member.filename} claims {claimed} bytes and has {member.file_size}"
        )


def _from_text(source: Source) -> Iterator[Entry]:
    found = False
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        found = True
        name = f"{source.name}-{number - 1}"
        parse = _parser_of(line)
        try:
            yield parse(line, name)
        except (InvalidProblemError, InvalidSolutionError, ValueError) as error:
            raise source.error(number, str(error)) from None
    if not found:
        raise source.error(None, "there is no instance")


def _parser_of(line: str) -> Callable[[str, str], Entry]:
    head = line.lstrip()[:16].replace('"', "'")
    if head.startswith("['name'"):
        return _parse_named_cvrp
    if head.startswith("["):
        return _parse_named_tsp
    if head.startswith("depot"):
        return _parse_cvrp
    return _parse_tsp


def _parse_tsp(line: str, name: str) -> Entry:
    positions, output, tail = line.partition("output")
    problem = TSP(_points(positions.split()), name=name)
    if not output:
        return problem, None, None
    tour = [int(token) - 1 for token in tail.split()]
    if len(tour) > 1 and tour[0] == tour[-1]:
        tour.pop()
    return problem, None, Tour(tour)


def _parse_named_tsp(line: str, name: str) -> Entry:
    words = _words(line)
    if len(words) < 4:
        raise ValueError("['name', 'value', 'x', 'y', ...] is needed")
    return TSP(_points(words[2:]), name=words[0]), _finite(words[1]), None


def _parse_cvrp(line: str, name: str) -> Entry:
    return _cvrp(_fields(line.split(",")), name)


def _parse_named_cvrp(line: str, name: str) -> Entry:
    fields = _fields(_words(line))
    return _cvrp(fields, " ".join(fields.get("name", [name])))


def _cvrp(fields: dict[str, list[str]], name: str) -> Entry:
    for key in ("depot", "customer", "capacity", "demand"):
        if not fields.get(key):
            raise ValueError(f"the field {key!r} is missing")
    coords = _points(fields["depot"] + fields["customer"])
    demands = [_finite(token) for token in fields["demand"]]
    if len(demands) == len(coords) - 1:
        demands.insert(0, 0.0)
    problem = CVRP(coords, np.array(demands), _finite(fields["capacity"][0]), name=name)
    cost = fields.get("cost")
    solution = None
    if listed := fields.get("node_flag"):
        values = np.array([int(token) for token in listed])
        if values.size % 2:
            raise ValueError("node_flag: a flag for each node is needed")
        solution = _routes(*values.reshape(2, -1))
    return problem, _finite(cost[0]) if cost else None, solution


def _fields(words: list[str]) -> dict[str, list[str]]:
    """Split ``key, value, value, key, ...`` at the words that are keys."""
    keys = ("name", "depot", "customer", "capacity", "demand", "cost", "node_flag")
    fields: dict[str, list[str]] = {}
    current: list[str] = []
    for word in (w.strip() for w in words):
        if word in keys:
            if word in fields:
                raise ValueError(f"the field {word!r} is given twice")
            current = fields[word] = []
        elif word != "end":
            current.append(word)
    return fields


def _words(line: str) -> list[str]:
    """Return the items of a list as Python prints it, without quotes."""
    inside = line.strip().removeprefix("[").removesuffix("]")
    return [word.strip().strip("'\"") for word in inside.split(",")]


def _points(words: list[str]) -> Array:
    if len(words) % 2:
        raise ValueError(f"{len(words)} numbers are not pairs of coordinates")
    return np.array([_finite(word) for word in words]).reshape(-1, 2)


def _finite(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"{word} is not a finite number")
    return value


def _routes(nodes: Array, via_depot: Array) -> Routes:
    starts = np.flatnonzero(np.asarray(via_depot)[1:]) + 1
    return Routes(np.split(np.asarray(nodes), starts))
