"""Chosen members of a set, one number a line, counted from 1.

The comment line ``# objective NUMBER`` states the objective. PACE's vertex
covers are read as well: lines ``c ...`` are comments and ``s vc N K`` is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

from combkit.instances.formats import _tokens
from combkit.instances.problem import Problem
from combkit.instances.solutions import Selection
from combkit.instances.source import Source

__all__ = ["read", "sniff", "stated", "write"]


def sniff(head: str) -> bool:
    """Whether a text holds integers only, apart from comments."""
    kept = [line for line in head.split("\n") if not _skipped(line)]
    lines = _tokens.number_lines("\n".join(kept))
    return lines is not None and all(v == int(v) for row in lines for v in row)


def read(source: Source, problem: Problem) -> Selection:
    """Read chosen members.

    Raises
    ------
    InstanceFormatError
        If there is something other than positive integers.
    """
    chosen: list[int] = []
    for line, text in _tokens.data_lines(source):
        if not _skipped(text):
            chosen += _tokens.integers(source, line, text, minimum=1)
    return Selection([member - 1 for member in chosen])


def stated(source: Source) -> float | None:
    """Return the objective of the line ``# objective NUMBER``, if there is one."""
    return _tokens.stated(source, "objective")


def write(problem: Problem, solution: Selection, objective: float) -> Iterator[str]:
    """Yield chosen members."""
    yield f"# objective {objective:.17g}\n"
    yield from (f"{member + 1}\n" for member in solution.selected.tolist())


def _skipped(text: str) -> bool:
    return text.split(" ", 1)[0] in ("c", "s")
