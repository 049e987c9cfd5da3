"""Job-shop text: the standard format, Taillard's specification, schedules.

Standard
    ``n m``, then one line a job of ``machine duration`` pairs, machines from
    0. Lines may differ in length (re-entrant and ragged shops) and may end
    with ``-1 -1``. Lines starting with ``#`` are comments; one that reads
    ``# instance NAME`` names the instance.
Taillard
    A line of column names, their numbers (``n m`` and what else the file
    tells), ``Times``, n rows of m durations, ``Machines``, n rows of m machines
    from 1; usually ten instances a file. ``read_taillard`` returns the first
    and says so in its name, ``read_taillard_all`` returns them all.
Schedule
    One line a job: the start of each of its operations. A comment line
    ``# makespan NUMBER`` states the objective.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.formats._tokens import (
    LONG_HEAD,
    data_lines,
    integers,
    number_lines,
    one_line,
    stated,
)
from combkit.instances.jobshop import JobShop
from combkit.instances.solutions import Schedule
from combkit.instances.source import Source

__all__ = [
    "read",
    "read_schedule",
    "read_taillard",
    "read_taillard_all",
    "sniff",
    "sniff_schedule",
    "sniff_taillard",
    "stated_makespan",
    "write",
    "write_schedule",
    "write_taillard",
]

_NAME = re.compile(r"instance\s+(\S.*)", re.IGNORECASE)
_HEADER = re.compile(r"job.*machine", re.IGNORECASE)
_TERMINATOR = [-1, -1]


# -- standard ---------------------------------------------------------------


def sniff(head: str) -> bool:
    """Whether a text is a standard job shop: ``n m``, then lines of pairs.

    A few damaged lines do not hide the format: the reader names them.
    """
    lines = number_lines(head)
    if not lines or len(lines[0]) != 2 or len(lines) < 2:
        return False
    (n, m), rows = lines[0], lines[1:]
    strong = sum(map(_visits_each_once, rows))
    weak = sum(_is_row_of_pairs(row, m) or _visits_each_once(row) for row in rows)
    if len(rows) - weak > max(1, len(rows) // 10):
        return False
    # Other formats have such a header and, by chance, such lines (edge lists,
    # set covering): their number must fit unless most can be nothing else.
    cut = len(head) > LONG_HEAD and len(rows) < n
    return 2 * strong > len(rows) or (weak > 0 and (cut or len(rows) == n))


def _is_row_of_pairs(row: list[float], m: float) -> bool:
    used = (row[:-2] if row[-2:] == _TERMINATOR else row)[::2]
    return len(row) % 2 == 0 and all(0 <= k < m and k == int(k) for k in used)


def _visits_each_once(row: list[float]) -> bool:
    used = row[::2]
    return len(row) % 2 == 0 and sorted(used) == list(range(len(used)))


def read(source: Source) -> JobShop:
    """Read a job shop in the standard format.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    lines = data_lines(source)
    line, text = next(lines, (None, ""))
    header = [] if line is None else integers(source, line, text)
    if line is None or len(header) != 2:
        raise source.error(line, "the first line must be 'jobs machines'")
    n, m = _shape(source, line, header)
    machines: list[list[int]] = []
    durations: list[list[int]] = []
    for line, text in lines:
        if len(machines) == n:
            raise source.error(line, f"a line after the last of {n} jobs")
        row = integers(source, line, text, minimum=-1)
        if row[-2:] == _TERMINATOR:
            del row[-2:]
        if not row or len(row) % 2:
            raise source.error(
                line, f"{len(row)} numbers where 'machine duration' pairs are needed"
            )
        machines.append(_machines(source, line, row[::2], 0, m))
        durations.append(_durations(source, line, row[1::2]))
    if len(machines) < n:
        raise source.error(line, f"{len(machines)} jobs where {n} are declared")
    name, comment = _describe(source)
    return JobShop(machines, durations, name=name or source.name, comment=comment)


def write(problem: JobShop) -> Iterator[str]:
    """Yield a job shop in the standard format."""
    if problem.name:
        yield f"# instance {one_line(problem.name)}\n"
    for line in problem.comment.splitlines():
        yield f"# {one_line(line)}\n"
    yield f"{problem.n_jobs} {problem.n_machines}\n"
    for used, times in zip(problem.machines, problem.durations, strict=True):
        yield _join(np.stack([used, times], axis=1).ravel())


def _describe(source: Source) -> tuple[str, str]:
    """Return the name and the text of the comment lines."""
    name, comment = "", []
    for line in source.lines:
        stripped = line.strip()
        if not stripped.startswith("#"):
            continue
        text = stripped.strip("#+ \t")
        if not name and (found := _NAME.fullmatch(text)):
            name = found[1]
        elif text:
            comment.append(text)
    return name, "\n".join(comment)


# -- Taillard's specification -----------------------------------------------


def sniff_taillard(head: str) -> bool:
    """Whether a text has Taillard's blocks ``Times`` and ``Machines``."""
    lines = [line.strip().lower() for line in head.split("\n") if line.strip()]
    return bool(lines) and (
        "times" in lines[:4]
        and not lines[0][0].isdigit()
        and _HEADER.search(lines[0]) is not None
    )


def read_taillard(source: Source) -> JobShop:
    """Read the first job shop of a file in Taillard's specification.

    Its name tells how many the file holds, e.g. ``"tai015_15 (1 of 10)"``.

    Raises
    ------
    InstanceFormatError
        If a line of any instance is not what the format demands.
    """
    return read_taillard_all(source)[0]


def read_taillard_all(source: Source) -> list[JobShop]:
    """Read every job shop of a file in Taillard's specification.

    Raises
    ------
    InstanceFormatError
        If a line is not what the format demands.
    """
    blocks = []
    lines = data_lines(source)
    for line, text in lines:
        if _HEADER.search(text) is None:
            raise source.error(line, "a line with the names of the columns is missing")
        blocks.append(_taillard_block(source, lines, text))
    if not blocks:
        raise source.error(None, "there is no instance")
    many = len(blocks) > 1
    return [
        JobShop(
            machines,
            durations,
            name=f"{source.name} ({k} of {len(blocks)})" if many else source.name,
            comment=comment,
        )
        for k, (machines, durations, comment) in enumerate(blocks, start=1)
    ]


def write_taillard(problem: JobShop) -> Iterator[str]:
    """Yield a job shop in Taillard's specification.

    Raises
    ------
    UnsupportedFeatureError
        If the jobs do not all have one operation a machine: the format has no
        place for other shops.
    """
    m = problem.n_machines
    for j, used in enumerate(problem.machines):
        if used.size != m:
            raise UnsupportedFeatureError(
                f"Taillard's specification needs {m} operations of each job, "
                f"one a machine; job {j} has {used.size}"
            )
    yield "Nb of jobs, Nb of Machines\n"
    yield f"{problem.n_jobs} {m}\nTimes\n"
    yield from map(_join, problem.durations)
    yield "Machines\n"
    yield from (_join(used + 1) for used in problem.machines)


def _taillard_block(
    source: Source, lines: Iterator[tuple[int, str]], columns: str
) -> tuple[list[list[int]], list[list[int]], str]:
    """Read an instance after the line with the names of its columns."""
    line, text = next(lines, (None, ""))
    if line is None:
        raise source.error(None, "the file ends after the names of the columns")
    header = integers(source, line, text)
    if len(header) < 2:
        raise source.error(line, "the numbers of jobs and machines are needed")
    n, m = _shape(source, line, header)
    durations = [
        _durations(source, line, row)
        for line, row in _matrix(source, lines, "Times", n, m)
    ]
    machines = [
        [k - 1 for k in _machines(source, line, row, 1, m)]
        for line, row in _matrix(source, lines, "Machines", n, m)
    ]
    titles = [title.strip() for title in columns.split(",")]
    told = list(zip(titles, header, strict=False))[2:]
    return machines, durations, "\n".join(f"{key}: {value}" for key, value in told)


def _matrix(
    source: Source, lines: Iterator[tuple[int, str]], title: str, n: int, m: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield line number and numbers of the n rows below a title."""
    line, text = next(lines, (None, ""))
    if text.rstrip(": ").lower() != title.lower():
        raise source.error(line, f"the line {title!r} is missing")
    for k in range(n):
        line, text = next(lines, (None, ""))
        if line is None:
            raise source.error(None, f"{k} rows below {title!r} where {n} are declared")
        row = integers(source, line, text)
        if len(row) != m:
            raise source.error(line, f"{len(row)} numbers where {m} are declared")
        yield line, row


# -- shared -----------------------------------------------------------------


def _shape(source: Source, line: int, header: list[int]) -> tuple[int, int]:
    n, m = header[:2]
    if n < 1 or m < 1:
        raise source.error(line, f"{n} jobs and {m} machines are not a job shop")
    return n, m


def _machines(
    source: Source, line: int, row: list[int], first: int, m: int
) -> list[int]:
    last = m - 1 + first
    if not (first <= min(row) and max(row) <= last):
        bad = next(k for k in row if not first <= k <= last)
        raise source.error(line, f"machine {bad} is not one of {first} to {last}")
    return row


def _durations(source: Source, line: int, row: list[int]) -> list[int]:
    if min(row) < 0:
        raise source.error(line, f"duration {min(row)} is negative")
    return row


def _join(values: Any) -> str:
    return " ".join(map(str, values.tolist())) + "\n"


# -- schedules --------------------------------------------------------------


def sniff_schedule(head: str) -> bool:
    """Whether a text holds lines of integers and comments only."""
    lines = number_lines(head)
    return bool(lines) and all(v.is_integer() for row in lines or () for v in row)


def read_schedule(source: Source, problem: JobShop) -> Schedule:
    """Read a schedule: start times, one line a job; ``check`` judges it."""
    limit = 2**62
    return Schedule(
        [
            integers(source, line, text, minimum=-limit, maximum=limit)
            for line, text in data_lines(source)
        ]
    )


def stated_makespan(source: Source) -> float | None:
    """Return the makespan of the line ``# makespan NUMBER``, if there is one."""
    return stated(source, "makespan")


def write_schedule(
    problem: JobShop, solution: Schedule, objective: float
) -> Iterator[str]:
    """Yield a schedule: start times, one line a job."""
    yield f"# makespan {objective:.0f}\n"
    yield from map(_join, solution.starts)
