"""File formats: one table, recognised by content first and by suffix second."""

from __future__ import annotations

import os

from combkit.instances.errors import (
    InvalidProblemError,
    InvalidSolutionError,
    UsageError,
    nearest,
)
from combkit.instances.formats.table import FORMATS, SOLUTION_FORMATS, Format
from combkit.instances.problem import Problem
from combkit.instances.solutions import Solution
from combkit.instances.source import Source, atomic_write

__all__ = [
    "FORMATS",
    "SOLUTION_FORMATS",
    "Format",
    "find_writer",
    "read",
    "read_solution",
    "stated_objective",
    "write",
    "write_solution",
]


def read(path: str | os.PathLike[str], format: str | None = None) -> Problem:
    """Read an instance file.

    Parameters
    ----------
    path : str or PathLike
        The file, plain or gzip-compressed.
    format : str, optional
        Name of a format; recognised by content, then suffix, without it.

    Returns
    -------
    Problem
        The problem, named after the file where the file gives no name.

    Raises
    ------
    InstanceFormatError
        If the file cannot be read as the format, with line and reason.
    UnsupportedFeatureError
        If it holds a problem that the suite does not solve.
    UsageError
        If ``format`` is unknown.
    """
    source = Source(path)
    chosen = (
        _recognise(source, FORMATS)
        if format is None
        else _named(format, FORMATS, "read")
    )
    if chosen is None:
        known = ", ".join(sorted({f.name for f in FORMATS if f.read}))
        raise source.error(None, f"not in a known format ({known})")
    if source.member is not None and not chosen.many:
        raise source.error(None, f"{chosen.name} files hold one problem, not a '#' one")
    try:
        problem: Problem = chosen.function("read")(source)
    except InvalidProblemError as error:
        raise source.error(None, str(error)) from None
    return problem


def write(
    problem: Problem, path: str | os.PathLike[str], format: str | None = None
) -> None:
    """Write an instance file, whole or not at all.

    Parameters
    ----------
    problem : Problem
        What to write.
    path : str or PathLike
        Target; its suffix names the format unless ``format`` does.
    format : str, optional
        Name of a format.

    Raises
    ------
    UsageError
        If no format of that suffix or name holds this kind.
    UnsupportedFeatureError
        If the format cannot express this problem.
    OSError
        If the target cannot be written.
    """
    chosen = find_writer(problem, path, format, FORMATS)
    atomic_write(path, chosen.function("write")(problem))


def read_solution(
    path: str | os.PathLike[str], problem: Problem, format: str | None = None
) -> Solution:
    """Read a solution file of a problem, without judging it.

    Raises
    ------
    InstanceFormatError
        If the file cannot be read as a solution of this kind.
    """
    source = Source(path)
    chosen = _solution_format(source, problem, format)
    try:
        solution: Solution = chosen.function("read")(source, problem)
    except InvalidSolutionError as error:
        raise source.error(None, str(error)) from None
    return solution


def stated_objective(
    path: str | os.PathLike[str], problem: Problem, format: str | None = None
) -> float | None:
    """Return the objective that a solution file claims, None where it does not.

    Raises
    ------
    InstanceFormatError
        If the file cannot be read as a solution of this kind.
    """
    source = Source(path)
    chosen = _solution_format(source, problem, format)
    if chosen.stated is None:
        return None
    stated: float | None = chosen.function("stated")(source)
    return stated


def write_solution(
    problem: Problem,
    solution: Solution,
    path: str | os.PathLike[str],
    format: str | None = None,
) -> None:
    """Write a solution in the field's own format or as JSON.

    Parameters
    ----------
    problem : Problem
        What it solves.
    solution : Solution
        The solution; its objective is written where the format has a place.
    path : str or PathLike
        Where to write, whole or not at all.
    format : str, optional
        Name of the format; by the suffix of ``path`` without.
    """
    chosen = find_writer(problem, path, format, SOLUTION_FORMATS)
    objective = problem.evaluate(solution)
    atomic_write(path, chosen.function("write")(problem, solution, objective))


def _solution_format(source: Source, problem: Problem, format: str | None) -> Format:
    fitting = tuple(f for f in SOLUTION_FORMATS if _fits(f, problem.kind))
    if format is not None:
        return _named(format, fitting, "read")
    chosen = _recognise(source, fitting)
    if chosen is None:
        known = ", ".join(f.name for f in fitting)
        raise source.error(None, f"not a solution format of {problem.kind} ({known})")
    return chosen


def _fits(entry: Format, kind: str) -> bool:
    return kind in entry.kinds or entry.kinds == ("*",)


def _named(name: str, table: tuple[Format, ...], role: str) -> Format:
    for entry in table:
        if entry.name == name:
            entry.function(role)
            return entry
    known = [f.name for f in table]
    raise UsageError(
        f"unknown format {name!r}{nearest(name, known)} (known: {', '.join(known)})"
    )


def _recognise(source: Source, table: tuple[Format, ...]) -> Format | None:
    """Return the format whose content fits; the suffix decides among several."""
    able = [f for f in table if f.read and f.sniff]
    for entry in able:
        if entry.binary and entry.function("sniff")(source.raw_head):
            return entry
    fitting = [f for f in able if not f.binary and f.function("sniff")(source.head)]
    by_suffix = [f for f in fitting if source.suffix in f.suffixes]
    return next(iter(by_suffix or fitting), None)


def find_writer(
    problem: Problem,
    path: str | os.PathLike[str],
    format: str | None,
    table: tuple[Format, ...],
) -> Format:
    """Return the row that would write a problem, or its solution, to a path.

    Parameters
    ----------
    problem : Problem
        The problem.
    path : str or PathLike
        Target; its suffix names the format unless ``format`` does.
    format : str or None
        Name of a format.
    table : tuple of Format
        ``FORMATS`` or ``SOLUTION_FORMATS``.

    Raises
    ------
    UsageError
        If no format of that suffix or name holds this kind.
    """
    fitting = tuple(f for f in table if f.write and _fits(f, problem.kind))
    if format is not None:
        return _named(format, fitting, "write")
    name = os.path.basename(path).lower().removesuffix(".gz")
    suffix = name.rpartition(".")[2] if "." in name else ""
    for entry in fitting:
        if suffix in entry.suffixes:
            return entry
    known = ", ".join(sorted({f".{s}" for f in fitting for s in f.suffixes}))
    raise UsageError(
        f"{os.fspath(path)}: no format of {problem.kind} has the suffix "
        f"{'.' + suffix if suffix else '(none)'!r} (known: {known})"
    )
