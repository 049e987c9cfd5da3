"""Formats of max-cut and quadratic assignment: rudy, QAPLIB."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from combkit.instances.formats._tokens import integers, numbers
from combkit.instances.quadratic import MaxCut, QuadraticAssignment
from combkit.instances.solutions import Assignment
from combkit.instances.source import Source

__all__ = [
    "read_qaplib",
    "read_rudy",
    "read_sln",
    "sniff_qaplib",
    "sniff_rudy",
    "sniff_sln",
    "stated_in_sln",
    "write_qaplib",
    "write_rudy",
    "write_sln",
]

# -- rudy: max-cut -------------------------------------------------------------


def sniff_rudy(head: str) -> bool:
    """Whether a text has a line ``N M`` and then lines ``U V W`` of edges."""
    lines = [line.split() for line in head.split("\n")[:-1] or [head]]
    lines = [words for words in lines if words]
    if len(lines) < 2 or len(lines[0]) not in (2, 3):
        return False
    try:
        n, m = int(lines[0][0]), int(lines[0][1])
        edges = [(int(u), int(v), float(w)) for u, v, w in lines[1:]]
    except ValueError:
        return False
    if m < len(edges) or n < 1:
        return False
    return all(1 <= u <= n and 1 <= v <= n and u != v for u, v, _ in edges)


def read_rudy(source: Source) -> MaxCut:
    """Read a graph with weights of edges, as the Gset.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    rows = [(i, line) for i, line in enumerate(source.lines, 1) if line.strip()]
    if not rows:
        raise source.error(None, "the line 'N M' is missing")
    first, text = rows[0]
    head = integers(source, first, " ".join(text.split()[:2]), minimum=0)
    if len(head) != 2 or head[0] == 0:
        raise source.error(first, "'N M' is needed, N above 0")
    n, m = head
    edges: list[tuple[int, int]] = []
    weights: list[int | float] = []
    for line, words in ((line, text.split()) for line, text in rows[1:]):
        if len(words) not in (2, 3):
            raise source.error(line, f"{len(words)} words where 'U V W' is needed")
        u, v = integers(source, line, " ".join(words[:2]), minimum=1, maximum=n)
        if u == v:
            raise source.error(line, f"vertex {u} is joined to itself")
        edges.append((u - 1, v - 1))
        weights += numbers(source, line, words[2], signed=True) if words[2:] else [1]
    if len(edges) != m:
        raise source.error(first, f"{m} edges are announced, {len(edges)} follow")
    return MaxCut(n, edges, np.array(weights), name=source.name)


def write_rudy(problem: MaxCut) -> Iterator[str]:
    """Yield a graph with weights of edges."""
    yield f"{problem.n} {len(problem.edges)}\n"
    weights = problem.weights.tolist()
    for (u, v), weight in zip((problem.edges + 1).tolist(), weights, strict=True):
        yield f"{u} {v} {weight!r}\n"


# -- QAPLIB: quadratic assignment ------------------------------------------------


def sniff_qaplib(head: str) -> bool:
    """Whether a text is a number and twice its square of integers, or begins so."""
    words = head.split()
    if not words or not words[0].isdecimal() or int(words[0]) < 1:
        return False
    first = head.lstrip().split("\n", 1)[0].split()
    if len(first) != 1:
        return False
    size = 1 + 2 * int(words[0]) ** 2
    if len(words) > size or (len(words) < size and len(head) < 60_000):
        return False
    try:
        [float(word) for word in words[:-1]]
    except ValueError:
        return False
    return True


def read_qaplib(source: Source) -> QuadraticAssignment:
    """Read the number of facilities, flows and distances.

    The objective is ``sum A[i, j] B[p(i), p(j)]`` of the first matrix A and the
    second one B, as in QAPLIB.

    Raises
    ------
    InstanceFormatError
        If there are too few or too many numbers, or something else.
    """
    values: list[int | float] = []
    for line, text in enumerate(source.lines, 1):
        values += numbers(source, line, text, signed=True)
    n = values[0] if values else 0
    if not isinstance(n, int) or n < 1:
        raise source.error(1, "the number of facilities is needed")
    if len(values) != 1 + 2 * n * n:
        what = f"{len(values) - 1} numbers where two matrices of {n} have {2 * n * n}"
        raise source.error(None, what)
    matrices = np.array(values[1:]).reshape(2, n, n)
    return QuadraticAssignment(matrices[0], matrices[1], name=source.name)


def write_qaplib(problem: QuadraticAssignment) -> Iterator[str]:
    """Yield the number of facilities, flows and distances."""
    yield f"{problem.n}\n"
    for matrix in (problem.flow, problem.distance):
        yield "\n"
        for row in matrix.tolist():
            yield " ".join(map(repr, row)) + "\n"


def sniff_sln(head: str) -> bool:
    """Whether a text is a size, a value and a permutation from 1."""
    try:
        words = [float(word) for word in head.replace(",", " ").split()]
    except ValueError:
        return False
    return len(words) > 2 and sorted(words[2:]) == list(range(1, int(words[0]) + 1))


def read_sln(source: Source, problem: QuadraticAssignment) -> Assignment:
    """Read a size, a value and the place of each facility, from 1.

    Raises
    ------
    InstanceFormatError
        If there are too few or too many numbers.
    """
    values = _sln(source)
    if len(values) != 2 + problem.n:
        what = f"{len(values) - 2} places for {problem.n} facilities"
        raise source.error(None, what)
    return Assignment(np.array(values[2:]) - 1)


def stated_in_sln(source: Source) -> float | None:
    """Return the value that the file claims."""
    return float(_sln(source)[1])


def _sln(source: Source) -> list[int | float]:
    values: list[int | float] = []
    for line, text in enumerate(source.lines, 1):
        values += numbers(source, line, text.replace(",", " "), signed=True)
    if len(values) < 2:
        raise source.error(None, "a size and a value are needed")
    return values


def write_sln(
    problem: QuadraticAssignment, solution: Assignment, objective: float
) -> str:
    """Return size, value and the place of each facility, from 1."""
    value = int(objective) if problem.integral else objective
    places = " ".join(map(str, (solution.assigned + 1).tolist()))
    return f"{problem.n} {value}\n{places}\n"
