"""Rescheduling: the rest of a plan, after a time until which it has run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from combkit.instances import schedule_check
from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.problem import Problem
from combkit.instances.scheduling import Scheduling
from combkit.instances.shops import Modelled, schedule_rows, scheduling_model
from combkit.instances.solutions import Schedule

__all__ = ["Rescheduling"]


@dataclass(frozen=True, eq=False)
class Rescheduling(Modelled):
    """What is left to decide of a plan at a time.

    Tasks that the plan has started before that time are frozen: they keep their
    start and their mode. All others start then or later. The problem may have
    changed since it was planned (other durations, a machine's break, a new due
    date): the plan need not be feasible any more.

    A solution is a schedule of all tasks in the rows of the problem's own
    schedules, frozen ones included, and a solution of the problem too.

    Parameters
    ----------
    problem : Problem
        As it is now: of a kind that schedules.
    plan : Schedule
        The plan, a start (and a mode) for every task.
    now : int
        The time.
    movement : int
        What the movement of tasks weighs in the objective: the sum over tasks,
        by their weights, of the distance between their starts here and in the
        plan. 0: the objective is the problem's own.

    Raises
    ------
    UnsupportedFeatureError
        If the problem does not schedule.
    InvalidProblemError
        If the time or the weight is negative.
    InvalidSolutionError
        If the plan has not one start and mode a task.

    Examples
    --------
    >>> from combkit.instances.jobshop import JobShop
    >>> shop = JobShop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    >>> rest = Rescheduling(shop, Schedule([[0, 3], [0, 3]]), now=1)
    >>> rest.check(Schedule([[1, 4], [0, 4]]))
    ['task 0 is frozen: it starts at 0, in mode 0']
    """

    kind: ClassVar[str] = Scheduling.kind

    problem: Problem
    plan: Schedule
    now: int
    movement: int = 0

    def __post_init__(self) -> None:
        for field in ("now", "movement"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InvalidProblemError(field, f"{value!r} is no integer from 0 on")
        if not self.name:
            object.__setattr__(self, "name", self.problem.name)
        wrong = schedule_check.misfits(scheduling_model(self.problem), self.plan)
        wrong = wrong or self._misfits(self.plan)
        if wrong:
            raise InvalidSolutionError(wrong)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of tasks, of frozen ones, and of resources."""
        return {
            "tasks": self.model.n_tasks,
            "frozen": int(self.model.frozen.sum()),
            "resources": self.model.n_resources,
        }

    @cached_property
    def row_sizes(self) -> list[int]:
        """Number of tasks of each row of a schedule of the problem."""
        return schedule_rows(self.problem)

    @cached_property
    def model(self) -> Scheduling:
        """The scheduling model with its started tasks frozen."""
        whole = scheduling_model(self.problem)
        start = np.concatenate(self.plan.starts)
        mode = np.zeros(start.size, np.int64)
        if self.plan.modes is not None:
            mode = np.concatenate(self.plan.modes)
        planned = (mode >= 0) & (start >= 0)
        started = planned & (start < self.now)
        objective = whole.objective
        if self.movement:
            objective = (*objective, ("movement", self.movement))
        changed = {
            # What has begun has begun, whatever its release is now.
            "release": np.where(
                started,
                np.minimum(whole.release, start),
                np.maximum(whole.release, self.now),
            ),
            "optional": whole.optional & ~started,
            "planned": np.where(planned, start, -1),
            "planned_mode": np.where(planned, mode, -1),
            "frozen": started,
            "objective": objective,
        }
        return Scheduling(**(whole.content() | changed), name=self.name)

    def content(self) -> dict[str, Any]:
        """Return the fields that define the problem, by name."""
        return self.model.content() | {"row_sizes": tuple(self.row_sizes)}

    def remarks(self, solution: Schedule | None) -> dict[str, Any]:
        """Return the value in the problem itself, and how much a schedule moves."""
        if solution is None:
            return {}
        line = schedule_check.Timeline(self.model, solution)
        moved = np.concatenate(solution.starts) != self.model.planned
        return {
            "own_objective": self.problem.evaluate(solution),
            "movement": float(schedule_check.measure(line, "movement")),
            "moved_tasks": int((moved & (self.model.planned >= 0)).sum()),
        }
