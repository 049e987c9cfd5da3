"""Breaks of drivers: when each may begin, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.fields import frozen, integers, vector
from combkit.instances.problem import require

if TYPE_CHECKING:
    from combkit.instances.fleet.problem import RichVRP

__all__ = ["fill_in"]

_NEVER = float("inf")


def fill_in(problem: RichVRP) -> dict[str, NDArray[Any]]:
    """Return the fields of breaks by type and start, if they can be taken.

    Parameters
    ----------
    problem : RichVRP
        A problem whose shifts are there.

    Raises
    ------
    InvalidProblemError
        If a break is longer than its shift, or two cannot both be taken.
    """
    given = [] if problem.break_type is None else problem.break_type
    kind = integers("break_type", given, None, 0, problem.n_types - 1)
    start = vector("break_start", problem.break_start, kind.size, -_NEVER, -_NEVER)
    end = vector("break_end", problem.break_end, kind.size, -_NEVER, _NEVER)
    time = vector("break_time", problem.break_time, kind.size, 0.0, 0.0)
    for b, k in enumerate(kind.tolist()):
        after = f"break_end[{b}] = {end[b]:g} is before {start[b]:g}"
        require(bool(start[b] <= end[b]), "break_end", after)
        begin = max(start[b], problem.shift_start[k])
        close = float(problem.shift_end[k])
        require(
            bool(begin + time[b] <= close and problem.shift_start[k] <= end[b]),
            "break_time",
            f"break_time[{b}] = {time[b]:g} from {begin:g} is not within the shift of "
            f"vehicle type {k}, which ends at {close:g}",
        )
    order = np.lexsort((end, start, kind))
    for a, b in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        if kind[a] == kind[b]:
            require(
                bool(start[a] + time[a] <= end[b]),
                "break_end",
                f"break_end[{b}] = {end[b]:g} is before the end of another break of "
                f"vehicle type {kind[a]}, {start[a] + time[a]:g} at the earliest",
            )
    names = ("break_type", "break_start", "break_end", "break_time")
    columns = (kind, start, end, time)
    return {
        name: frozen(column[order]) for name, column in zip(names, columns, strict=True)
    }
