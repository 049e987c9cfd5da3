"""Judging a schedule: shares nothing with any solver, O(N log N)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.instances.scheduling import Scheduling

__all__ = ["Timeline", "check", "evaluate", "measure", "misfits"]

#: Starts from here on cannot be added to a duration without overflow.
_MAX_START = 2**62

_Pause = tuple[int, int]


def misfits(problem: Scheduling, solution: Schedule) -> list[str]:
    """Return where a schedule has not one start and one mode a task."""
    n = problem.n_tasks
    wrong = []
    for name, rows in (("starts", solution.starts), ("modes", solution.modes)):
        if rows is None:
            if problem.n_modes > n or problem.optional.any():
                wrong.append("modes: missing where tasks have a choice")
            continue
        size = sum(row.size for row in rows)
        if size != n:
            wrong.append(f"{size} {name} for {n} tasks")
    if not wrong and solution.modes is not None:
        mode = np.concatenate(solution.modes)
        count = np.diff(problem.first_mode)
        least = np.where(problem.optional, -1, 0)
        wrong += [
            f"task {t} has mode {mode[t]}, not one of {least[t]} to {count[t] - 1}"
            for t in np.flatnonzero((mode < least) | (mode >= count)).tolist()
        ]
    return wrong


class Timeline:
    """Starts, modes and ends of all tasks of a schedule of the right shape."""

    def __init__(self, problem: Scheduling, solution: Schedule) -> None:
        self.problem = problem
        n = problem.n_tasks
        self.start = np.clip(np.concatenate(solution.starts), -_MAX_START, _MAX_START)
        option = np.zeros(n, np.int64)
        if solution.modes is not None:
            option = np.concatenate(solution.modes)
        self.present = option >= 0
        self.mode = problem.first_mode[:-1] + np.maximum(option, 0)
        self.duration = problem.mode_duration[self.mode]
        self.end = self.start + self.duration
        self.pauses: dict[int, list[_Pause]] = {}
        if problem.breaks:
            for t in np.flatnonzero(self.present).tolist():
                self._pause(t)

    def _pause(self, t: int) -> None:
        """Find the breaks that concern a task, and move its end behind them."""
        breaks = self.problem.breaks
        used = [k for k, _ in self.problem.uses[int(self.mode[t])] if k in breaks]
        if not used:
            return
        pauses = sorted(pause for k in used for pause in breaks[k])
        self.pauses[t] = pauses
        if not self.problem.interruptible[t] or self.duration[t] == 0:
            return
        left, now = int(self.duration[t]), int(self.start[t])
        for start, end in pauses:
            if end <= now:
                continue
            if now + left <= start:
                break
            left -= max(0, start - now)
            now = end
        self.end[t] = now + left

    def held(self, t: int) -> int:
        """Return until when a task keeps its resources."""
        other = int(self.problem.blocked_until[t])
        if other >= 0 and self.present[other]:
            return max(int(self.start[other]), int(self.end[t]))
        return int(self.end[t])

    def users(self) -> list[list[tuple[int, int, int, int]]]:
        """Return (start, until, task, demand) of the users of each resource."""
        users: list[list[tuple[int, int, int, int]]] = [
            [] for _ in range(self.problem.n_resources)
        ]
        for t in np.flatnonzero(self.present).tolist():
            span = int(self.start[t]), self.held(t)
            for resource, demand in self.problem.uses[int(self.mode[t])]:
                users[resource].append((*span, t, demand))
        return users


def evaluate(problem: Scheduling, solution: Schedule) -> float:
    """Return the weighted sum of the measures of a schedule of the right shape."""
    line = Timeline(problem, solution)
    return float(sum(w * measure(line, name) for name, w in problem.objective))


def measure(line: Timeline, name: str) -> int:
    """Return one of the measures of a schedule."""
    problem = line.problem
    on = line.present
    end, weight = line.end[on], problem.weight[on]
    late = np.maximum(end - problem.due[on], 0)
    measures: dict[str, Callable[[], Any]] = {
        "makespan": lambda: end.max(initial=0),
        "tardiness": lambda: (weight * late).sum(),
        "earliness": lambda: (weight * np.maximum(problem.due_from[on] - end, 0)).sum(),
        "flow_time": lambda: (weight * (end - problem.release[on])).sum(),
        "late_tasks": lambda: weight[late > 0].sum(),
        "max_lateness": lambda: late.max(initial=0),
        "setup_time": lambda: _setup_total(problem, line),
        "movement": lambda: (problem.weight * _moved(line)).sum(),
        "mode_changes": lambda: problem.weight[_changed(line)].sum(),
    }
    return int(measures[name]())


def _moved(line: Timeline) -> Any:
    """Return how far each task starts from where it was planned."""
    known = line.present & (line.problem.planned >= 0)
    return np.where(known, np.abs(line.start - line.problem.planned), 0)


def _changed(line: Timeline) -> Any:
    """Return whether each task runs in another mode than it was planned in."""
    option = line.mode - line.problem.first_mode[:-1]
    known = line.present & (line.problem.planned >= 0)
    return known & (option != line.problem.planned_mode)


def _setup_total(problem: Scheduling, line: Timeline) -> int:
    return sum(max(0, time) for *_, time in _followers(problem, line.users()))


def check(problem: Scheduling, solution: Schedule) -> list[str]:
    """Return every violated constraint of a schedule of the right shape.

    Tasks, modes and resources are numbered from 0.
    """
    line = Timeline(problem, solution)
    users = line.users()
    return [
        *_times(line),
        *_frozen(line),
        *_precedences(line),
        *_breaks(line),
        *_blocking(line),
        *_disjunctive(problem, users),
        *_cumulative(problem, users),
        *_consumed(problem, users),
        *_setups(problem, users),
        *_idle(problem, users),
        *_same_order(problem, users),
    ]


def _times(line: Timeline) -> Iterator[str]:
    problem, start, end = line.problem, line.start, line.end
    for t in np.flatnonzero(line.present & (start < 0)).tolist():
        yield f"task {t} starts at {start[t]}, before 0"
    for t in np.flatnonzero(line.present & (start >= _MAX_START)).tolist():
        yield f"task {t} starts at {start[t]}, not below {_MAX_START}"
    early = line.present & (start < problem.release) & (start >= 0)
    for t in np.flatnonzero(early).tolist():
        release = problem.release[t]
        yield f"task {t} starts at {start[t]}, before its release at {release}"
    for t in np.flatnonzero(line.present & (end > problem.deadline)).tolist():
        yield f"task {t} ends at {end[t]}, after its deadline {problem.deadline[t]}"


def _frozen(line: Timeline) -> Iterator[str]:
    frozen = line.problem.frozen
    moved = (_moved(line) > 0) | _changed(line)
    for t in np.flatnonzero(frozen & moved).tolist():
        planned, mode = line.problem.planned[t], line.problem.planned_mode[t]
        yield f"task {t} is frozen: it starts at {planned}, in mode {mode}"


def _precedences(line: Timeline) -> Iterator[str]:
    problem, start, end = line.problem, line.start, line.end
    a, b, relation = problem.before, problem.after, problem.relation
    first = np.where(np.isin(relation, (0, 3)), end[a], start[a])
    second = np.where(np.isin(relation, (0, 1)), start[b], end[b])
    wrong = (second < first + problem.lag) & line.present[a] & line.present[b]
    verbs = {True: "starts", False: "ends"}
    for k in np.flatnonzero(wrong).tolist():
        yield (
            f"precedence {k}: task {b[k]} {verbs[relation[k] in (0, 1)]} at "
            f"{second[k]}, less than {problem.lag[k]} after task {a[k]} "
            f"{verbs[relation[k] in (1, 2)]} at {first[k]}"
        )


def _breaks(line: Timeline) -> Iterator[str]:
    for t, pauses in line.pauses.items():
        start, end = int(line.start[t]), int(line.end[t])
        if start == end:
            continue
        for low, high in pauses:
            inside = low <= start < high
            if inside or (
                not line.problem.interruptible[t] and start < high and low < end
            ):
                yield f"task {t} meets the break from {low} to {high}"
                break


def _blocking(line: Timeline) -> Iterator[str]:
    other = line.problem.blocked_until
    held = line.present & (other >= 0)
    held[held] &= line.present[other[held]]
    for t in np.flatnonzero(held & (line.start[other] < line.end)).tolist():
        yield (
            f"task {other[t]} starts at {line.start[other[t]]}, before task {t}, "
            f"which waits for it, ends at {line.end[t]}"
        )


def _order(
    users: list[tuple[int, int, int, int]],
) -> list[tuple[int, int, int, int]]:
    """Return the users of a disjunctive resource in the order they follow."""
    return sorted(users, key=lambda user: (user[0], user[1], user[2]))


def _disjunctive(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[str]:
    for k, row in enumerate(users):
        if problem.capacity[k] != 1 or problem.consumable[k]:
            continue
        free, holder = -1, -1
        for start, until, t, _ in _order(row):
            if start < free:
                yield (
                    f"resource {k}: task {t} starts at {start}, before task "
                    f"{holder} frees it at {free}"
                )
            if until > free:
                free, holder = until, t


def _cumulative(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[str]:
    for k, row in enumerate(users):
        capacity = int(problem.capacity[k])
        if capacity == 1 or problem.consumable[k]:
            continue
        # At equal times units are given back first.
        changes = sorted(
            change
            for start, until, _, demand in row
            if start < until
            for change in ((start, demand), (until, -demand))
        )
        taken, over = 0, False
        for place, (now, change) in enumerate(changes):
            taken += change
            last = place + 1 == len(changes) or changes[place + 1][0] > now
            if last and taken > capacity and not over:
                yield f"resource {k}: {taken} of {capacity} units taken at {now}"
            over = taken > capacity if last else over


def _consumed(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[str]:
    for k in np.flatnonzero(problem.consumable).tolist():
        total = sum(demand for *_, demand in users[k])
        if total > problem.capacity[k]:
            yield f"resource {k}: {total} of {problem.capacity[k]} units used up"


def _followers(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Yield resource, task before (-1: none), task, free, start, set-up time."""
    families = problem.setup_time.shape[2]
    for place, k in enumerate(problem.setup_resource.tolist()):
        free, previous, family = 0, -1, families
        for start, until, t, _ in _order(users[k]):
            own = int(problem.family[t])
            time = int(problem.setup_time[place, family, own])
            yield k, previous, t, free, start, time
            free, previous, family = until, t, own


def _setups(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[str]:
    for k, previous, t, free, start, time in _followers(problem, users):
        before = "first" if previous < 0 else f"after task {previous}"
        if time < 0:
            yield f"resource {k}: task {t} must not run {before}"
        elif free <= start < free + time:
            yield (
                f"resource {k}: task {t} starts at {start}, {before}: its set-up "
                f"from {free} takes {time}"
            )


def _idle(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[str]:
    for k in np.flatnonzero(problem.no_idle).tolist():
        row = _order(users[k])
        for (_, until, _, _), (start, _, t, _) in pairwise(row):
            if start > until:
                yield f"resource {k} idles from {until} until task {t} at {start}"


def _same_order(
    problem: Scheduling, users: list[list[tuple[int, int, int, int]]]
) -> Iterator[str]:
    """Look for jobs that no one order has in the order of all resources.

    Of two jobs, one has all of its tasks before those of the other one. Empty
    tasks at the same time have no order, so that resources cannot be compared
    one by one.
    """
    order: TopologicalSorter[Any] = TopologicalSorter()
    for k in problem.same_order.tolist():
        moments: dict[tuple[int, int], set[int]] = {}
        for start, until, t, _ in _order(users[k]):
            moments.setdefault((start, until), set()).add(int(problem.job[t]))
        for (now, jobs), (_, later) in pairwise(moments.items()):
            if jobs & later:
                for a, b in product(jobs, later):
                    if a != b:
                        order.add(b, a)
                continue
            # A node in between keeps the arcs few.
            for a in jobs:
                order.add((k, now), a)
            for b in later:
                order.add(b, (k, now))
    try:
        order.prepare()
    except CycleError as error:
        nodes = {node for node in error.args[1] if isinstance(node, int)}
        a, b = sorted(nodes)[:2]
        yield f"jobs {a} and {b} run in one order here and in another one there"
