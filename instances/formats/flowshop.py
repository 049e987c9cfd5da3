"""Flow-shop and open-shop text.

Taillard
    A line of titles, ``jobs machines seed upper lower``, ``processing times``,
    then one line a machine with the durations of all jobs.
VRF
    ``jobs machines``, then one line a job of ``machine duration`` pairs, every
    machine in turn: a standard job shop as well, so that ``--format vrf`` must
    say what is meant.
Open
    ``jobs machines``, then one line a job with its duration on each machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.formats._tokens import (
    LONG_HEAD,
    data_lines,
    integers,
    number_lines,
)
from combkit.instances.shops import FlowShop, OpenShop
from combkit.instances.source import Source

__all__ = [
    "read_open",
    "read_taillard",
    "read_vrf",
    "sniff_open",
    "sniff_taillard",
    "write_open",
    "write_taillard",
    "write_vrf",
]

_TITLE = re.compile(r"jobs.*machines", re.IGNORECASE)
_TIMES = re.compile(r"processing times", re.IGNORECASE)


def sniff_taillard(head: str) -> bool:
    """Whether a text has the titles of Taillard's flow shops."""
    lines = [line for line in head.split("\n") if line.strip()]
    return (
        len(lines) > 2
        and _TITLE.search(lines[0]) is not None
        and _TIMES.match(lines[2].strip()) is not None
    )


def read_taillard(source: Source) -> FlowShop:
    """Read a flow shop in Taillard's format.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    next(lines, None)
    line, text = next(lines, (None, ""))
    header = [] if line is None else integers(source, line, text)
    n, m = _shape(source, line, header[:2])
    line, text = next(lines, (None, ""))
    if _TIMES.match(text) is None:
        raise source.error(line, "the line 'processing times' is missing")
    rows = _rows(source, lines, m, n)
    comment = " ".join(map(str, header[2:]))
    return FlowShop(
        np.array(rows).T,
        name=source.name,
        comment=f"seed, upper and lower bound: {comment}" if comment else "",
    )


def write_taillard(problem: FlowShop) -> Iterator[str]:
    """Yield a flow shop in Taillard's format.

    Raises
    ------
    UnsupportedFeatureError
        If its objective is not the makespan.
    """
    _only_makespan(problem)
    n, m = problem.durations.shape
    yield f"number of jobs, number of machines :\n{n} {m}\nprocessing times :\n"
    yield from _lines(problem.durations.T)


def read_vrf(source: Source) -> FlowShop:
    """Read a flow shop given as the pairs of a job shop.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    line, text = next(lines, (None, ""))
    header = [] if line is None else integers(source, line, text)
    n, m = _shape(source, line, header)
    rows = []
    for row in _rows(source, lines, n, 2 * m):
        if row[::2] != list(range(m)):
            raise source.error(None, f"a job does not visit machines 0 to {m - 1}")
        rows.append(row[1::2])
    return FlowShop(rows, name=source.name)


def write_vrf(problem: FlowShop) -> Iterator[str]:
    """Yield a flow shop as the pairs of a job shop.

    Raises
    ------
    UnsupportedFeatureError
        If its objective is not the makespan.
    """
    _only_makespan(problem)
    n, m = problem.durations.shape
    yield f"{n} {m}\n"
    machines = np.broadcast_to(np.arange(m), (n, m))
    yield from _lines(np.stack([machines, problem.durations], axis=2).reshape(n, -1))


def _only_makespan(problem: FlowShop) -> None:
    if problem.objective != "makespan":
        raise UnsupportedFeatureError(
            f"the format has no objective {problem.objective}; combkit JSON has"
        )


def sniff_open(head: str) -> bool:
    """Whether a text is a matrix below its numbers of rows and columns."""
    lines = number_lines(head)
    if not lines or len(lines[0]) != 2 or len(lines) < 2:
        return False
    n, m = lines[0]
    cut = len(head) > LONG_HEAD and len(lines) - 1 < n
    # With two columns it could be many things, an edge list for one.
    square = m > 2 or n == m
    return (
        square
        and (cut or len(lines) - 1 == n)
        and all(len(row) == m for row in lines[1:])
    )


def read_open(source: Source) -> OpenShop:
    """Read an open shop.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    line, text = next(lines, (None, ""))
    header = [] if line is None else integers(source, line, text)
    n, m = _shape(source, line, header)
    return OpenShop(_rows(source, lines, n, m), name=source.name)


def write_open(problem: OpenShop) -> Iterator[str]:
    """Yield an open shop."""
    n, m = problem.durations.shape
    yield f"{n} {m}\n"
    yield from _lines(problem.durations)


def _shape(source: Source, line: int | None, header: list[int]) -> tuple[int, int]:
    if len(header) != 2:
        raise source.error(line, "the numbers of jobs and machines are needed")
    if min(header) < 1:
        raise source.error(line, f"{header[0]} jobs and {header[1]} machines")
    return header[0], header[1]


def _rows(
    source: Source, lines: Iterator[tuple[int, str]], n: int, m: int
) -> list[list[int]]:
    """Return n rows of m non-negative numbers, and nothing behind them."""
    rows: list[list[int]] = []
    line: int | None = None
    for line, text in lines:
        if len(rows) == n:
            raise source.error(line, f"a line after the last of {n}")
        row = integers(source, line, text, minimum=0)
        if len(row) != m:
            raise source.error(line, f"{len(row)} numbers where {m} are needed")
        rows.append(row)
    if len(rows) < n:
        raise source.error(line, f"{len(rows)} lines where {n} are needed")
    return rows


def _lines(table: np.ndarray) -> Iterator[str]:
    return (" ".join(map(str, row)) + "\n" for row in table.tolist())
