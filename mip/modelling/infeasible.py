"""Why a model has no solution: conflicts, and the least change that gives it one.

A conflict is a set of bounds and row sides that exclude each other, none of them
needlessly: an irreducible infeasible subset. It is what is left after everything
without which the rest is still infeasible has been taken out, in groups first.

References
----------
J. W. Chinneck, Feasibility and Infeasibility in Optimization, Springer (2008).
doi:10.1007/978-0-387-74932-7
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.errors import SolverError, UsageError
from combkit.instances.mip import MIP, TOLERANCE
from combkit.instances.run import Run, execute
from combkit.instances.stop import MaxRuntime
from combkit.mip.highs_model import build, run_native
from combkit.mip.modelling.answer import Point

if TYPE_CHECKING:
    from combkit.mip.modelling.model import Model

__all__ = ["Conflict", "Part", "Relaxation", "explain", "relax"]

Floats = NDArray[np.float64]

_STATUS = highspy.HighsModelStatus


class Part(NamedTuple):
    """A side of a row or a bound of a variable.

    Parameters
    ----------
    what : str
        "row" or "variable".
    name : str
        Its name.
    side : str
        ">=" or "<=".
    bound : float
        The bound.
    """

    what: str
    name: str
    side: str
    bound: float

    def __str__(self) -> str:
        return f"{self.what} {self.name} {self.side} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Bounds and rows that exclude each other.

    Parameters
    ----------
    parts : tuple of Part
        What excludes each other; empty if a row without variables suffices.
    integral : bool
        Whether the variables' being integral is a part of it.
    minimal : bool
        Whether every part was proven to be needed.
    """

    parts: tuple[Part, ...]
    integral: bool
    minimal: bool

    def __str__(self) -> str:
        lines = [str(part) for part in self.parts]
        if self.integral:
            lines.append("variables are integral")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """The least change of bounds that gives a model a solution.

    Parameters
    ----------
    total : float
        Weighted sum of all changes.
    changes : dict
        Part and by how much it is violated, where it is.
    point : Point
        A solution of the changed model.
    optimal : bool
        Whether ``total`` was proven to be the least.
    """

    total: float
    changes: dict[Part, float]
    point: Point
    optimal: bool

    def __str__(self) -> str:
        return "\n".join(f"{part} by {size:g}" for part, size in self.changes.items())


class _Sides:
    """All finite sides of the rows and bounds of a problem, numbered."""

    def __init__(self, problem: MIP) -> None:
        self.problem = problem
        ends = (
            problem.row_lower,
            problem.row_upper,
            problem.lower,
            problem.upper,
        )
        places = [np.flatnonzero(np.isfinite(end)) for end in ends]
        self.group = np.repeat(np.arange(4), [p.size for p in places])
        self.place = np.concatenate(places)
        self.bound = np.concatenate([e[p] for e, p in zip(ends, places, strict=True)])

    def part(self, k: int) -> Part:
        """Return a side in words."""
        group, place = int(self.group[k]), int(self.place[k])
        row = group < 2
        name = (self.problem.row_name if row else self.problem.col_name)(place)
        side = "<=" if group % 2 else ">="
        return Part("row" if row else "variable", name, side, float(self.bound[k]))


class _Checker:
    """A HiGHS model that says whether some of the sides are infeasible together."""

    def __init__(self, sides: _Sides, deadline: float) -> None:
        self._sides = sides
        self._deadline = deadline
        problem = sides.problem
        self._highs = build(problem)
        zeros, every = np.zeros(problem.n), np.arange(problem.n, dtype=np.int32)
        self._highs.changeColsCost(problem.n, every, zeros)
        self._ends = [
            problem.row_lower.copy(),
            problem.row_upper.copy(),
            problem.lower.copy(),
            problem.upper.copy(),
        ]

    def relax_integrality(self) -> None:
        """Let all variables be continuous."""
        n = self._sides.problem.n
        every = np.arange(n, dtype=np.int32)
        self._highs.changeColsIntegrality(n, every, np.zeros(n, np.uint8))

    def restore_integrality(self) -> None:
        """Make the variables integral again that are."""
        problem = self._sides.problem
        every = np.arange(problem.n, dtype=np.int32)
        kinds = problem.integrality.astype(np.uint8)
        self._highs.changeColsIntegrality(problem.n, every, kinds)

    def switch(self, which: Any, *, on: bool) -> None:
        """Put sides into force or take them out of it."""
        sides = self._sides
        for group, change in (
            (0, self._highs.changeRowsBounds),
            (1, self._highs.changeRowsBounds),
            (2, self._highs.changeColsBounds),
            (3, self._highs.changeColsBounds),
        ):
            chosen = which[sides.group[which] == group]
            if not chosen.size:
                continue
            place = sides.place[chosen].astype(np.int32)
            free = np.inf if group % 2 else -np.inf
            self._ends[group][place] = sides.bound[chosen] if on else free
            first = group - group % 2
            low, up = self._ends[first][place], self._ends[first + 1][place]
            change(place.size, place, low, np.maximum(low, up))

    def infeasible(self) -> bool | None:
        """Whether what is in force has no solution; None if time ran out."""
        for first in (0, 2):
            # HiGHS takes no lower bound above an upper one.
            low, up = self._ends[first], self._ends[first + 1]
            if (low > up + TOLERANCE * np.maximum(1.0, np.abs(up))).any():
                return True
        left = self._deadline - time.perf_counter()
        if left <= 0:
            return None
        if math.isfinite(left):
            spent = self._highs.getRunTime()
            self._highs.setOptionValue("time_limit", spent + left)
        run_native(self._highs, 1)
        status = self._highs.getModelStatus()
        if status in (_STATUS.kInfeasible, _STATUS.kUnboundedOrInfeasible):
            return True
        if status in (_STATUS.kOptimal, _STATUS.kModelEmpty):
            return False
        if time.perf_counter() < self._deadline:
            raise SolverError("HiGHS failed", self._highs.modelStatusToString(status))
        return None


def explain(model: Model, time_limit: float | None) -> Conflict:
    """Return a conflict of an infeasible model; see ``Model``.

    Parameters
    ----------
    model, time_limit
        As for ``Model.explain_infeasibility``.
    """
    sides = _Sides(model.to_mip())
    limit = math.inf if time_limit is None else time_limit
    checker = _Checker(sides, time.perf_counter() + limit)
    integral = bool(sides.problem.integrality.any())
    if integral:
        checker.relax_integrality()
        if checker.infeasible():
            integral = False
        else:
            checker.restore_integrality()
    known = checker.infeasible()
    if known is not True:
        why = "the model is feasible" if known is False else "time ran out"
        raise UsageError(f"there is no conflict: {why}")
    left, minimal = _reduced(checker, np.arange(sides.group.size))
    return Conflict(tuple(sides.part(k) for k in left.tolist()), integral, minimal)


def _reduced(checker: _Checker, every: Any) -> tuple[Any, bool]:
    """Take out what is not needed, in groups that become smaller.

    Returns
    -------
    left : ndarray of int
        What is left.
    minimal : bool
        Whether all of it is needed.
    """
    left, size = every, max(1, every.size // 2)
    while True:
        start = 0
        while start < left.size:
            group = left[start : start + size]
            checker.switch(group, on=False)
            answer = checker.infeasible()
            if answer:
                left = np.concatenate((left[:start], left[start + size :]))
                continue
            checker.switch(group, on=True)
            if answer is None:
                return left, False
            start += size
        if size == 1:
            return left, True
        size = max(1, size // 2)


def relax(
    model: Model,
    *,
    rows: Any,
    bounds: Any,
    time_limit: float | None,
    threads: int,
) -> Relaxation:
    """Return the least change that makes a model feasible; see ``Model``.

    Parameters
    ----------
    model, rows, bounds, time_limit, threads
        As for ``Model.relax_infeasibility``.
    """
    from combkit.mip.highs import solve

    problem = model.to_mip()
    sides = _Sides(problem)
    costs = np.concatenate(
        (np.full(2, _weight("rows", rows)), np.full(2, _weight("bounds", bounds)))
    )[sides.group]
    if not np.isfinite(costs).any():
        raise UsageError("rows, bounds: one of them must have a weight")
    elastic = np.flatnonzero(np.isfinite(costs))
    run = Run(
        _elastic(sides, elastic, costs[elastic]),
        stop=None if time_limit is None else MaxRuntime(time_limit),
        threads=threads,
    )
    result = execute(solve, run, solver="highs", packages=("highspy",))
    if result.solution is None:
        raise UsageError(f"no change of these bounds helps: {result.status}")
    x = result.solution.values
    changes = {
        sides.part(int(k)): float(size)
        for k, size in zip(elastic, x[problem.n :], strict=True)
        if size > TOLERANCE
    }
    ids = model.columns.left
    values = np.full(model.columns.count, np.nan)
    values[ids] = x[: ids.size]
    point = Point(model, values)
    return Relaxation(
        result.objective or 0.0, changes, point, result.status == "optimal"
    )


def _weight(name: str, value: Any) -> float:
    if value is None:
        return math.inf
    weight = float(value)
    if not (weight > 0 and math.isfinite(weight)):
        raise UsageError(f"{name}: the weight {value} is not positive and finite")
    return weight


def _elastic(sides: _Sides, elastic: Any, costs: Floats) -> MIP:
    """Return the problem of the least violation of some sides."""
    problem, n = sides.problem, sides.problem.n
    bounded = elastic[sides.group[elastic] >= 2]
    A = sp.vstack(
        [
            problem.A,
            sp.coo_array(
                (
                    np.ones(bounded.size),
                    (np.arange(bounded.size), sides.place[bounded]),
                ),
                shape=(bounded.size, n),
            ),
        ]
    )
    # One row for a side of a row; a bound becomes a row of its own.
    row = sides.place[elastic].copy()
    is_bound = sides.group[elastic] >= 2
    row[is_bound] = problem.m + np.arange(bounded.size)
    sign = np.where(sides.group[elastic] % 2, -1.0, 1.0)
    slack = sp.coo_array(
        (sign, (row, np.arange(elastic.size))), shape=(A.shape[0], elastic.size)
    )
    upper_side = sides.group[bounded] % 2 == 1
    infinite = np.full(bounded.size, np.inf)
    lower, upper = problem.lower.copy(), problem.upper.copy()
    lower[sides.place[bounded[~upper_side]]] = -np.inf
    upper[sides.place[bounded[upper_side]]] = np.inf
    ends = np.where(upper_side, -infinite, sides.bound[bounded])
    tops = np.where(upper_side, sides.bound[bounded], infinite)
    return MIP(
        np.concatenate((np.zeros(n), costs)),
        sp.hstack([A, slack], format="csr"),
        np.concatenate((problem.row_lower, ends)),
        np.concatenate((problem.row_upper, tops)),
        np.concatenate((lower, np.zeros(elastic.size))),
        np.concatenate((upper, np.full(elastic.size, np.inf))),
        np.concatenate((problem.integrality, np.zeros(elastic.size, np.uint8))),
    )
