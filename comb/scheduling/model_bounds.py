"""Lower bounds of the scheduling model, without constraint programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.comb.scheduling.bounds import one_machine
from combkit.instances.scheduling import NEVER, Scheduling

__all__ = ["Windows", "makespan_bound", "objective_bound", "windows"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """What the precedences leave to each task.

    Parameters
    ----------
    least, most : ndarray, shape (n,), int64
        Shortest and longest duration over the modes.
    head : ndarray, shape (n,), int64
        Earliest start.
    tail : ndarray, shape (n,), int64
        Least time from the start to the end of all tasks.
    feasible : bool
        False where precedences and deadlines contradict each other.
    """

    least: Integers
    most: Integers
    head: Integers
    tail: Integers
    feasible: bool


def windows(problem: Scheduling) -> Windows:
    """Propagate releases, durations and lags along the precedences.

    Optional tasks neither push others nor count.
    """
    first = problem.first_mode[:-1]
    frozen = problem.frozen
    least = np.minimum.reduceat(problem.mode_duration, first)
    most = np.maximum.reduceat(problem.mode_duration, first)
    planned = problem.mode_duration[first + np.maximum(problem.planned_mode, 0)]
    least, most = np.where(frozen, planned, least), np.where(frozen, planned, most)
    release = np.where(frozen, problem.planned, problem.release)
    # Breaks make an interruptible task longer than its work.
    longest = np.where(problem.interruptible & bool(problem.breaks), NEVER, most)
    a, b = problem.before, problem.after
    from_end = np.isin(problem.relation, (0, 3))
    to_end = np.isin(problem.relation, (2, 3))
    step = problem.lag + np.where(from_end, least[a], 0)
    step = step - np.where(to_end, longest[b], 0)
    firm = ~(problem.optional[a] | problem.optional[b]) & (step > -NEVER // 2)
    a, b, step = a[firm], b[firm], step[firm]
    head, settled = _longest(release, a, b, step)
    tail, _ = _longest(np.where(problem.optional, 0, least), b, a, step)
    late = (head + least > problem.deadline) & ~problem.optional
    late |= frozen & (np.maximum(head, problem.release) > problem.planned)
    return Windows(least, most, head, tail, settled and not late.any())


def _longest(
    value: Integers, a: Integers, b: Integers, step: Integers
) -> tuple[Integers, bool]:
    """Raise ``value[b]`` to ``value[a] + step``; False where that never ends."""
    for _ in range(value.size + 1):
        raised = value.copy()
        np.maximum.at(raised, b, value[a] + step)
        if (raised == value).all():
            return value, True
        value = raised
    return value, False


def objective_bound(problem: Scheduling, limits: Windows) -> int:
    """Return a bound on the objective: every task ends as early as its head lets it.

    Optional tasks may be absent, and the measures that do not grow with the ends
    may be 0. The makespan has the bound of its own.

    Parameters
    ----------
    problem : Scheduling
        The problem.
    limits : Windows
        Its windows.
    """
    firm = ~problem.optional
    end, weight = (limits.head + limits.least)[firm], problem.weight[firm]
    late = np.maximum(end - problem.due[firm], 0)
    bounds = {
        "tardiness": (weight * late).sum(),
        "flow_time": (weight * (end - problem.release[firm])).sum(),
        "late_tasks": weight[late > 0].sum(),
        "max_lateness": late.max(initial=0),
    }
    total = 0
    for name, factor in problem.objective:
        least = bounds.get(name, 0)
        if name == "makespan":
            least = makespan_bound(problem, limits)
        total += factor * int(least)
    return total


def makespan_bound(problem: Scheduling, limits: Windows) -> int:
    """Return a bound on the makespan: the greatest of three.

    The longest chain of tasks; for each disjunctive resource Jackson's
    preemptive schedule of the tasks that cannot avoid it; for each other one,
    and for all disjunctive ones together, the work over the capacity between
    the least head and the least tail.
    """
    head, tail, least = limits.head, limits.tail, limits.least
    firm = ~problem.optional
    best = int((head + tail)[firm].max(initial=0))
    count = np.diff(problem.first_mode)
    disjunctive = (problem.capacity == 1) & ~problem.consumable
    task = problem.mode_task[problem.use_mode]
    work = problem.mode_duration[problem.use_mode] * problem.use_demand
    on_machines = np.zeros(problem.n_modes, np.int64)
    np.add.at(on_machines, problem.use_mode, disjunctive[problem.use_resource])
    for k in np.flatnonzero(~problem.consumable & (problem.capacity > 0)).tolist():
        here = (problem.use_resource == k) & (problem.use_demand > 0)
        tasks, uses = np.unique(task[here], return_counts=True)
        bound = tasks[(uses == count[tasks]) & firm[tasks]]
        if bound.size == 0:
            continue
        if disjunctive[k]:
            jobs = zip(
                head[bound].tolist(),
                (least[bound] - tail[bound]).tolist(),
                least[bound].tolist(),
                strict=True,
            )
            best = max(best, one_machine(sorted(jobs)))
            continue
        energy = np.full(problem.n_tasks, np.iinfo(np.int64).max)
        np.minimum.at(energy, task[here], work[here])
        bound = bound[energy[bound] > 0]
        if bound.size:
            total = -(-int(energy[bound].sum()) // int(problem.capacity[k]))
            after = int((tail - least)[bound].min())
            best = max(best, int(head[bound].min()) + total + after)
    machines = int(disjunctive.sum())
    single = np.minimum.reduceat(on_machines, problem.first_mode[:-1]) > 0
    chosen = single & firm & (least > 0)
    if machines and chosen.any():
        total = -(-int(least[chosen].sum()) // machines)
        after = int((tail - least)[chosen].min())
        best = max(best, int(head[chosen].min()) + total + after)
    return best
