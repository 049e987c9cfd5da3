"""Schedule generation for the whole scheduling model, without compiled code.

Tasks are scheduled one after the other, each in the mode that ends first, as
early as what is scheduled lets it: into gaps, or behind what is there where a
resource has set-ups, must not idle or shares its order with others. Maximal
lags, deadlines, blocking and consumable resources may spoil a schedule; then it
is not reported.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.comb.scheduling.model_bounds import Windows, objective_bound, windows
from combkit.instances.errors import UsageError
from combkit.instances.problem import Problem
from combkit.instances.rescheduling import Rescheduling
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.scheduling import NEVER, Scheduling
from combkit.instances.seeds import generator
from combkit.instances.shops import schedule_rows, scheduling_model
from combkit.instances.solutions import Schedule
from combkit.instances.stop import Reason

__all__ = [
    "first_schedule",
    "generate",
    "in_order",
    "opening",
    "report",
    "schedule_of",
    "solve",
]

Vector = NDArray[np.float64]
Rule = Callable[[Scheduling, Windows], Vector]

_SOURCE = "dispatch"

#: Priorities of tasks, smallest first.
_RULES: dict[str, Rule] = {
    "plan": lambda model, limits: np.where(
        model.planned < 0, NEVER, model.planned
    ).astype(np.float64),
    "tail": lambda model, limits: -limits.tail.astype(np.float64),
    "due": lambda model, limits: (
        np.minimum(model.due, limits.head.max() + limits.tail.max())
        - limits.tail.astype(np.float64)
    ),
    "weight": lambda model, limits: limits.least / np.maximum(model.weight, 1e-3),
    "head": lambda model, limits: limits.head.astype(np.float64),
    "shortest": lambda model, limits: limits.least.astype(np.float64),
}


def solve(problem: Problem, run: Run, *, samples: int = 20) -> Outcome:
    """Keep the best schedule of several priority rules, then of random ones.

    An iteration is a schedule.

    Parameters
    ----------
    problem : Problem
        A scheduling model, or a kind that has one.
    run : Run
        The run.
    samples : int
        Schedules with randomised priorities behind those of the rules.

    Raises
    ------
    UsageError
        If ``samples`` is negative.
    """
    if samples < 0:
        raise UsageError(f"samples={samples}: at least 0")
    model = scheduling_model(problem)
    limits = windows(model)
    if not limits.feasible:
        return Outcome(Status.INFEASIBLE, raw_status="contradicting precedences")
    run.report_bound(objective_bound(model, limits), "load")
    rng = generator(run.seed)
    rules = _rules_of(model)
    _report_plan(problem, run)
    for k in range(len(rules) + samples):
        priority = rules[k % len(rules)](model, limits)
        if k >= len(rules):
            spread = float(np.ptp(priority)) or 1.0
            priority = priority + rng.uniform(0.0, 0.5 * spread, priority.size)
        starts, modes = generate(model, limits, priority)
        report(problem, run, starts, modes, _SOURCE)
        if run.should_stop(k + 1):
            break
    return Outcome(reason=run.reason or Reason.COMPLETED)


def opening(problem: Problem, run: Run) -> Windows:
    """Report the bound of a problem, and a first schedule unless there is one.

    Returns
    -------
    Windows
        The windows of its model; where they are infeasible, nothing is reported.
    """
    model = scheduling_model(problem)
    limits = windows(model)
    if limits.feasible:
        run.report_bound(objective_bound(model, limits), "load")
        if run.solution is None:
            _first(problem, run, model, limits)
    return limits


def first_schedule(problem: Problem, run: Run) -> None:
    """Report a plan that still holds, and the schedule of one rule, if feasible."""
    model = scheduling_model(problem)
    _first(problem, run, model, windows(model))


def _first(problem: Problem, run: Run, model: Scheduling, limits: Windows) -> None:
    _report_plan(problem, run)
    starts, modes = generate(model, limits, _rules_of(model)[0](model, limits))
    report(problem, run, starts, modes, _SOURCE)


def _rules_of(model: Scheduling) -> list[Rule]:
    """Return the rules that apply: that of the plan is the first, if there is one."""
    planned = (model.planned >= 0).any()
    return [rule for name, rule in _RULES.items() if planned or name != "plan"]


def _report_plan(problem: Problem, run: Run) -> None:
    if isinstance(problem, Rescheduling) and not problem.check(problem.plan):
        run.report(problem.plan, "plan")


def schedule_of(problem: Problem, starts: ArrayLike, modes: ArrayLike) -> Schedule:
    """Return the schedule of starts and modes of all tasks, one number each."""
    model = scheduling_model(problem)
    choice = model.n_modes > model.n_tasks or bool(model.optional.any())
    cuts = np.cumsum(schedule_rows(problem))[:-1]
    return Schedule(
        np.split(np.asarray(starts), cuts),
        np.split(np.asarray(modes), cuts) if choice else None,
    )


def report(
    problem: Problem, run: Run, starts: ArrayLike, modes: ArrayLike, source: str
) -> bool:
    """Report a schedule if it is feasible.

    Parameters
    ----------
    problem : Problem
        A problem with a scheduling model.
    run : Run
        Hears of the schedule.
    starts, modes : array_like, shape (n,), int
        Of all tasks.
    source : str
        Who has found it.

    Returns
    -------
    bool
        Whether it is feasible.
    """
    schedule = schedule_of(problem, starts, modes)
    if problem.check(schedule):
        return False
    run.report(schedule, source)
    return True


def generate(
    model: Scheduling, limits: Windows, priority: Vector
) -> tuple[list[int], list[int]]:
    """Return starts and modes of a schedule, feasible or not.

    Parameters
    ----------
    model : Scheduling
        The problem.
    limits : Windows
        Its windows.
    priority : ndarray, shape (n,), float64
        Of the tasks that could be next, that of the smallest is.
    """
    maker = _Maker(model, limits)
    keys: list[tuple[float, ...]] = [(p,) for p in priority.tolist()]
    if model.same_order.size:
        # Job by job, so that all resources see them in one order.
        least: dict[int, float] = {}
        for t, p in enumerate(priority.tolist()):
            j = int(model.job[t])
            least[j] = min(least.get(j, p), p)
        keys = [
            (least[int(j)], float(j), p)
            for j, p in zip(model.job, priority.tolist(), strict=True)
        ]
    for t in in_order(model, keys):
        maker.place(t)
    for t in range(model.n_tasks):
        if maker.start[t] < 0:  # precedences that go in circles
            maker.place(t)
    return maker.start, maker.mode


def in_order(model: Scheduling, keys: Sequence[Any]) -> Iterator[int]:
    """Yield the tasks, the one with the least key first of those that could be next.

    A task comes behind all that precede it. Tasks of precedences that go in circles,
    and those behind them, do not come.

    Parameters
    ----------
    model : Scheduling
        The problem.
    keys : sequence
        One that can be compared for each task.
    """
    n = model.n_tasks
    # A negative lag is a maximal one: it does not say who goes first.
    firm = model.lag >= 0
    before, after = model.before[firm], model.after[firm]
    followers: list[list[int]] = [[] for _ in range(n)]
    for a, b in zip(before.tolist(), after.tolist(), strict=True):
        followers[a].append(b)
    waiting = np.bincount(after, minlength=n).tolist()
    ready = [(keys[t], t) for t in range(n) if waiting[t] == 0]
    heapq.heapify(ready)
    while ready:
        t = heapq.heappop(ready)[1]
        yield t
        for u in followers[t]:
            waiting[u] -= 1
            if waiting[u] == 0:
                heapq.heappush(ready, (keys[u], u))


class _Maker:
    """A schedule under construction."""

    def __init__(self, model: Scheduling, limits: Windows) -> None:
        self._model, self._limits = model, limits
        n = model.n_tasks
        self.start, self.end, self.mode = [-1] * n, [0] * n, [-1] * n
        self._left = model.capacity.tolist()
        #: Spans (start, until, demand, family) on each resource, by start.
        self._spans: list[list[tuple[int, int, int, int]]] = [
            [] for _ in range(model.n_resources)
        ]
        #: Where tasks are not to be moved forth either.
        self._keeps = any(name == "movement" for name, _ in model.objective)
        appended = {*model.setup_resource.tolist(), *model.same_order.tolist()}
        self._appended = appended | set(np.flatnonzero(model.no_idle).tolist())
        self._setup: dict[int, list[list[int]]] = {
            int(k): model.setup_time[i].tolist()
            for i, k in enumerate(model.setup_resource)
        }
        for t in np.flatnonzero(model.frozen).tolist():
            self._freeze(t)
        self._before: list[list[tuple[int, int, int]]] = [[] for _ in range(n)]
        for a, b, relation, lag in zip(
            model.before.tolist(),
            model.after.tolist(),
            model.relation.tolist(),
            model.lag.tolist(),
            strict=True,
        ):
            self._before[b].append((a, relation, lag))

    def _freeze(self, t: int) -> None:
        """Schedule a task as it is planned."""
        model = self._model
        begin, option = int(model.planned[t]), int(model.planned_mode[t])
        mode = int(model.first_mode[t]) + option
        pauses = self._pauses(mode)
        _, end = self._worked(t, begin, int(model.mode_duration[mode]), pauses)
        self._take(t, mode, begin, end)

    def _pauses(self, mode: int) -> list[tuple[int, int]]:
        """Return the breaks of the resources of a mode, in order."""
        breaks = self._model.breaks
        if not breaks:
            return []
        uses = self._model.uses[mode]
        return sorted(pause for k, _ in uses for pause in breaks.get(k, ()))

    def place(self, t: int) -> None:
        """Schedule a task, in the mode that ends first; optional ones are absent."""
        model = self._model
        if model.frozen[t]:
            return
        if model.optional[t]:
            self.start[t] = 0
            return
        modes = range(int(model.first_mode[t]), int(model.first_mode[t + 1]))
        best: tuple[bool, int, int, int] | None = None
        for mode in modes:
            begin, end = self._earliest(t, mode)
            short = any(
                model.consumable[k] and demand > self._left[k]
                for k, demand in model.uses[mode]
            )
            if best is None or (short, end) < best[:2]:
                best = short, end, begin, mode
        if best is None:
            raise RuntimeError("a task without a mode")
        _, end, begin, mode = best
        self._take(t, mode, begin, end)

    def _take(self, t: int, mode: int, begin: int, end: int) -> None:
        """Let a task take its resources."""
        model = self._model
        self.start[t], self.end[t] = begin, end
        self.mode[t] = mode - int(model.first_mode[t])
        family = int(model.family[t])
        for k, demand in model.uses[mode]:
            if model.consumable[k]:
                self._left[k] -= demand
            elif begin < end or model.capacity[k] == 1:
                spans = self._spans[k]
                spans.append((begin, end, demand, family))
                if len(spans) > 1 and spans[-2] > spans[-1]:
                    spans.sort()

    def _earliest(self, t: int, mode: int) -> tuple[int, int]:
        """Return the earliest start of a mode, and its end."""
        model = self._model
        duration = int(model.mode_duration[mode])
        now = int(max(model.release[t], self._limits.head[t]))
        if self._keeps:
            now = max(now, int(model.planned[t]))
        for a, relation, lag in self._before[t]:
            if self.mode[a] < 0:
                continue
            point = self.end[a] if relation in (0, 3) else self.start[a]
            now = max(now, point + lag - (duration if relation in (2, 3) else 0))
        uses = [(k, d) for k, d in model.uses[mode] if not model.consumable[k]]
        pauses = self._pauses(mode)
        while True:
            begin, end = self._worked(t, now, duration, pauses)
            for k, demand in uses:
                begin = max(begin, self._free(k, t, demand, begin, end - begin))
            if begin == now:
                return begin, end
            now = begin

    def _worked(
        self, t: int, now: int, duration: int, pauses: Sequence[tuple[int, int]]
    ) -> tuple[int, int]:
        """Return the first start from a time on that breaks allow, and the end."""
        if duration == 0 or not pauses:
            return now, now + duration
        if not self._model.interruptible[t]:
            for low, high in pauses:
                if low < now + duration and now < high:
                    now = high
            return now, now + duration
        begin, left, at = -1, duration, now
        for low, high in pauses:
            if high <= at:
                continue
            if at < low:
                begin = at if begin < 0 else begin
                if at + left <= low:
                    break
                left -= low - at
            at = high
        return (at if begin < 0 else begin), at + left

    def _free(self, k: int, t: int, demand: int, now: int, length: int) -> int:
        """Return when a resource has units for a time, from ``now`` on."""
        spans = self._spans[k]
        if k in self._appended:
            if k not in self._setup:
                return max(now, spans[-1][1]) if spans else now
            table, family = self._setup[k], int(self._model.family[t])
            if not spans:
                return max(now, table[-1][family])
            return max(now, spans[-1][1] + max(0, table[spans[-1][3]][family]))
        if self._model.capacity[k] == 1:
            for start, until, _, _ in spans:
                if start >= now + length and start > now:
                    break
                if until > now or (length and start == now == until):
                    now = max(now, until)
            return now
        return self._room(spans, int(self._model.capacity[k]) - demand, now, length)

    @staticmethod
    def _room(
        spans: Sequence[tuple[int, int, int, int]], most: int, now: int, length: int
    ) -> int:
        """Return the first time from which on others take at most ``most``."""
        if length == 0:
            return now
        while True:
            near = [s for s in spans if s[1] > now and s[0] < now + length]
            moments = sorted({now, *(s[0] for s in near if s[0] > now)})
            for moment in reversed(moments):
                here = [s for s in near if s[0] <= moment < s[1]]
                if sum(s[2] for s in here) > most:
                    now = min(s[1] for s in here)
                    break
            else:
                return now
