"""Solutions of mips as ``name value`` lines: MIPLIB, SCIP, Gurobi and HiGHS.

All four list one variable a line and leave others at 0 or not. MIPLIB begins
with ``=obj= value``, SCIP with ``objective value: value`` and ends each line
with ``(obj:cost)``, Gurobi comments with ``#``; HiGHS lists the variables under
``# Columns n`` and more after them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.solutions import Values
from combkit.instances.source import Source

if TYPE_CHECKING:
    from combkit.instances.mip import MIP

__all__ = ["read", "sniff", "write"]

_FIRST = re.compile(
    r"\A\s*(?:=obj=|objective value\s*[:=]|solution status\s*:|Model status\s*$"
    r"|#\s*(?:Objective|Columns|Solution|MIP start))",
    re.IGNORECASE | re.MULTILINE,
)
_SKIPPED = re.compile(
    r"=obj=|=infeas=|objective value|solution status|#", re.IGNORECASE
)
_COLUMNS = re.compile(r"# Columns \d+\s*$")


def sniff(head: str) -> bool:
    """Whether a text looks like a list of named values."""
    if _FIRST.match(head):
        return True
    lines = [line for line in head.split("\n")[:-1] or [head] if line.strip()]
    return bool(lines) and all(_pair(line) is not None for line in lines[:20])


def read(source: Source, problem: MIP, missing: float = 0.0) -> Values:
    """Read a solution.

    Parameters
    ----------
    source : Source
        The file.
    problem : MIP
        The problem.
    missing : float
        What a variable gets that the file does not name.

    Raises
    ------
    InstanceFormatError
        With the line of a name that is unknown or listed twice, or of a value
        that is no finite number.
    """
    values = np.full(problem.n, missing)
    listed: set[int] = set()
    for number, line in _body(source):
        pair = _pair(line)
        if pair is None:
            raise source.error(number, f"not 'name value': {line.strip()[:60]!r}")
        name, value = pair
        column = problem.col_index.get(name)
        if column is None:
            raise source.error(number, f"unknown variable {name!r}")
        if column in listed:
            raise source.error(number, f"variable {name!r} is listed twice")
        if not math.isfinite(value):
            raise source.error(number, f"the value of {name!r} is not finite")
        listed.add(column)
        values[column] = value
    return Values(values, problem.col_names)


def write(problem: MIP, solution: Values, objective: float) -> Iterator[str]:
    """Return the MIPLIB form of a solution: its objective and its nonzeros.

    Raises
    ------
    UnsupportedFeatureError
        If a variable has a name that reads as something else.
    """
    yield f"=obj= {objective!r}\n"
    for j in np.flatnonzero(solution.values).tolist():
        name = problem.col_name(j)
        if not name or name != name.strip() or "\n" in name or _SKIPPED.match(name):
            raise UnsupportedFeatureError(f"a .sol file cannot hold the name {name!r}")
        yield f"{name} {float(solution.values[j])!r}\n"


def _body(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines that list variables."""
    lines = list(enumerate(source.lines, start=1))
    for k, (_, line) in enumerate(lines):
        if _COLUMNS.match(line):
            count = int(line.split()[2])
            yield from lines[k + 1 : k + 1 + count]
            return
    for number, line in lines:
        if line.strip() and not _SKIPPED.match(line.strip()):
            yield number, line


def _pair(line: str) -> tuple[str, float] | None:
    """Return the name and the value of a line, or None if it has not both."""
    parts = line.partition("(obj:")[0].rsplit(None, 1)
    if len(parts) != 2:
        return None
    try:
        return parts[0], float(parts[1])
    except ValueError:
        return None
