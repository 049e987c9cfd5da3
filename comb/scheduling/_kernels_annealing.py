"""Numba kernels: annealing of a list of tasks in modes, for any regular objective.

A list holds every task behind what precedes it. Its schedule puts one task after
the other, each behind all that its resources have had before: a disjunctive
resource is free when its last task ends, and of another one as many units as are
needed are taken, those that have idled least. Some list gives every schedule in
which no task can start earlier, hence a best one for every objective that only
grows with the ends of tasks (unless a precedence bounds an end only, and the best
schedule starts its second task first).

A step moves a task over some that share a resource with it, and what must precede
or follow it along with it; or it changes the mode of one. Its acceptance [1]_ is
drawn first, so that a schedule is given up as soon as it costs too much.

References
----------
.. [1] S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, "Optimization by simulated
   annealing", Science 220(4598), 1983. https://doi.org/10.1126/science.220.4598.671
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["BEST", "FORBIDDEN", "MEASURES", "List", "adopt", "evaluate", "search"]

#: What ``List.measure`` weighs; the last is what breaks a constraint.
MEASURES = (
    "makespan",
    "tardiness",
    "flow_time",
    "late_tasks",
    "max_lateness",
    "setup_time",
    "violation",
)
_MAKESPAN, _TARDINESS, _FLOW, _LATE, _LATENESS, _SETUP, _VIOLATION = range(7)
#: Entries of ``List.scalars``.
COST, BEST, VIOLATED, STEP, CYCLE, HOT = range(6)
#: A set-up that must not be; far above all others.
FORBIDDEN = 2**40
#: A step moves a task over at most so many others that share a resource with it.
_OVER = 10
#: The heat falls by this factor in a cycle.
_COOLING = 1e-3
#: Moves that tell the first heat: what the middle one of those that cost costs.
_PROBES = 200


class List(NamedTuple):
    """A problem of n tasks, m modes, u uses and r resources, and a search of it.

    Attributes
    ----------
    first : ndarray, shape (n + 1,), int32
        Modes of task x are ``first[x]`` to ``first[x + 1] - 1``.
    duration, uses : ndarray, shape (m,), int64 and (m + 1,), int32
        Durations; uses of mode o are ``uses[o]`` to ``uses[o + 1] - 1``.
    resource, demand : ndarray, shape (u,), int32
        Units that are used.
    units : ndarray, shape (r + 1,), int32
        Units of resource k are ``units[k]`` to ``units[k + 1] - 1``; a consumable
        one has none.
    stock : ndarray, shape (r,), int64
        Units of a consumable resource, -1 for others.
    family, table, setup : ndarray, shape (n,), int32, (r,), int32, (s, f + 1, f), int64
        Set-up families; table of a resource, -1: none; set-up times.
    release, due, deadline : ndarray, shape (n,), int64
        Of the tasks.
    weight : ndarray, shape (n,), float64
        Of the tasks.
    arc_first, arc, arc_relation, arc_lag : ndarray
        What precedes each task, and how.
    next_first, next : ndarray
        What each task precedes.
    measure : ndarray, shape (7,), float64
        Weights of ``MEASURES``.
    order, trial, best : ndarray, shape (n,), int32
        Lists: where the search stands, a neighbour, the best one.
    mode, best_mode : ndarray, shape (n,), int32
        Modes.
    start, end : ndarray, shape (n,), int64
        Of the list that was scheduled last.
    free : ndarray, int64
        When each unit is free; ascending within a resource.
    last : ndarray, shape (r,), int32
        Family of the last task, f before the first.
    used : ndarray, shape (r,), int64
        Units that are used up.
    mark : ndarray, shape (max(n, r),), uint8
        Tasks that move, or resources.
    scalars : ndarray, shape (6,), float64
        Cost of the list, of the best one, violation in the one scheduled last,
        step of the cycle, its length, and its first heat.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    first: Any
    duration: Any
    uses: Any
    resource: Any
    demand: Any
    units: Any
    stock: Any
    family: Any
    table: Any
    setup: Any
    release: Any
    due: Any
    deadline: Any
    weight: Any
    arc_first: Any
    arc: Any
    arc_relation: Any
    arc_lag: Any
    next_first: Any
    next: Any
    measure: Any
    order: Any
    trial: Any
    best: Any
    mode: Any
    best_mode: Any
    start: Any
    end: Any
    free: Any
    last: Any
    used: Any
    mark: Any
    scalars: Any
    random: Any


@kernel
def evaluate(s: List, order: Any, most: float) -> float:
    """Schedule a list and return what it costs; more than ``most``: given up.

    Parameters
    ----------
    s : List
        The search; its modes, starts and ends are meant.
    order : ndarray, shape (n,), int32
        The list.
    most : float
        Costs above which it does not matter how high they are.
    """
    w, families = s.measure, s.setup.shape[2]
    for i in range(s.free.shape[0]):
        s.free[i] = 0
    for k in range(s.last.shape[0]):
        s.last[k] = families
        s.used[k] = 0
    total, violation = 0.0, 0
    makespan, lateness = 0, 0
    for x in order:
        o = s.mode[x]
        length, now = s.duration[o], s.release[x]
        for i in range(s.arc_first[x], s.arc_first[x + 1]):
            y, relation = s.arc[i], s.arc_relation[i]
            point = s.end[y] if relation == 0 or relation == 3 else s.start[y]
            point += s.arc_lag[i]
            if relation >= 2:
                point -= length
            now = max(now, point)
        for i in range(s.uses[o], s.uses[o + 1]):
            k, need = s.resource[i], s.demand[i]
            if s.stock[k] >= 0:
                short = s.used[k] + need - max(s.used[k], s.stock[k])
                violation += max(0, short)
                s.used[k] += need
                continue
            low, high = s.units[k], s.units[k + 1]
            if s.table[k] >= 0:
                change = s.setup[s.table[k], s.last[k], s.family[x]]
                if change >= FORBIDDEN:
                    violation += 1
                    change = 0
                total += w[_SETUP] * change
                now = max(now, s.free[low] + change)
                s.last[k] = s.family[x]
            elif high - low == 1 or length > 0:
                now = max(now, s.free[low + need - 1])
        end = now + length
        s.start[x], s.end[x] = now, end
        for i in range(s.uses[o], s.uses[o + 1]):
            k, need = s.resource[i], s.demand[i]
            low, high = s.units[k], s.units[k + 1]
            if s.stock[k] >= 0 or (high - low > 1 and length == 0):
                continue
            # Units that have idled least go from ``at - need`` to where the end is.
            at = low + need
            while at < high and s.free[at] <= now:
                at += 1
            while at < high and s.free[at] < end:
                s.free[at - need] = s.free[at]
                at += 1
            for j in range(at - need, at):
                s.free[j] = end
        late = max(0, end - s.due[x])
        violation += max(0, end - s.deadline[x])
        makespan, lateness = max(makespan, end), max(lateness, late)
        total += s.weight[x] * (
            w[_TARDINESS] * late
            + w[_FLOW] * (end - s.release[x])
            + (w[_LATE] if late > 0 else 0.0)
        )
        cost = total + w[_MAKESPAN] * makespan + w[_LATENESS] * lateness
        cost += w[_VIOLATION] * violation
        if cost > most:
            return cost
    s.scalars[VIOLATED] = violation
    return cost


@kernel
def _target(s: List, i: int) -> int:
    """Return a place beyond some that share a resource with ``order[i]``."""
    n, o = s.order.shape[0], s.mode[s.order[i]]
    step = 1 if below(s.random, 2) == 0 else -1
    over = 1 + below(s.random, 1 + below(s.random, _OVER))
    for k in range(s.uses[o], s.uses[o + 1]):
        s.mark[s.resource[k]] = 1
    j = i
    while over > 0 and 0 <= j + step < n:
        j += step
        other = s.mode[s.order[j]]
        for k in range(s.uses[other], s.uses[other + 1]):
            if s.mark[s.resource[k]] != 0:
                over -= 1
                break
    for k in range(s.uses[o], s.uses[o + 1]):
        s.mark[s.resource[k]] = 0
    return j


@kernel
def _tied(first: Any, neighbour: Any, mark: Any, x: int) -> bool:
    """Return whether a neighbour of x is marked."""
    tied = False
    for k in range(first[x], first[x + 1]):
        tied = tied or mark[neighbour[k]] != 0
    return tied


@kernel
def _shift(s: List, i: int, j: int) -> None:
    """Write to ``trial`` the list in which ``order[i]`` goes to place j.

    What must precede it, or follow it, goes along.
    """
    order, trial, mark = s.order, s.trial, s.mark
    for k in range(order.shape[0]):
        trial[k] = order[k]
    step = 1 if j > i else -1
    mark[order[i]] = 1
    count, k = 1, i
    while k != j:
        k += step
        x = order[k]
        if step > 0:
            tied = _tied(s.arc_first, s.arc, mark, x)
        else:
            tied = _tied(s.next_first, s.next, mark, x)
        if tied:
            mark[x] = 1
            count += 1
    # Seen from j the marked ones are the first, the others follow; both in order.
    moved, other = j, j - step * count
    for k in range(j, i - step, -step):
        x = order[k]
        if mark[x] != 0:
            trial[moved] = x
            moved -= step
            mark[x] = 0
        else:
            trial[other] = x
            other -= step


@kernel
def _step(s: List, heat: float) -> None:
    """Go to a neighbour, unless it costs too much."""
    i = below(s.random, s.order.shape[0])
    x = s.order[i]
    _shift(s, i, _target(s, i))
    former, count = s.mode[x], s.first[x + 1] - s.first[x]
    if count > 1 and below(s.random, 2) == 0:
        other = s.first[x] + below(s.random, count - 1)
        s.mode[x] = other + (1 if other >= former else 0)
    chance = (1 + below(s.random, 1 << 30)) / (1 << 30)
    most = s.scalars[COST] - heat * np.log(chance)
    cost = evaluate(s, s.trial, most)
    if cost > most:
        s.mode[x] = former
        return
    for k in range(s.order.shape[0]):
        s.order[k] = s.trial[k]
    s.scalars[COST] = cost
    if s.scalars[VIOLATED] == 0 and cost < s.scalars[BEST]:
        s.scalars[BEST] = cost
        for k in range(s.order.shape[0]):
            s.best[k] = s.order[k]
            s.best_mode[k] = s.mode[k]


@kernel(allocates=True)
def adopt(s: List) -> None:
    """Begin at ``order`` and ``mode``, and measure how hot the first cycle is.

    Parameters
    ----------
    s : List
        The search.
    """
    s.scalars[COST] = evaluate(s, s.order, np.inf)
    s.best[:] = s.order
    s.best_mode[:] = s.mode
    if s.scalars[VIOLATED] == 0:
        s.scalars[BEST] = s.scalars[COST]
    worse = np.zeros(_PROBES)
    count = 0
    for _ in range(_PROBES):
        i = below(s.random, s.order.shape[0])
        _shift(s, i, _target(s, i))
        more = evaluate(s, s.trial, np.inf) - s.scalars[COST]
        if more > 0.0:
            worse[count] = more
            count += 1
    s.scalars[HOT] = np.median(worse[:count]) if count > 0 else 1.0


@kernel
def search(s: List, steps: int) -> int:
    """Make steps, at most to the end of the cycle; return how many.

    Parameters
    ----------
    s : List
        The search.
    steps : int
        Steps to make.
    """
    scalars = s.scalars
    for made in range(steps):
        if scalars[STEP] >= scalars[CYCLE]:
            return made
        _step(s, scalars[HOT] * _COOLING ** (scalars[STEP] / scalars[CYCLE]))
        scalars[STEP] += 1
    return steps
