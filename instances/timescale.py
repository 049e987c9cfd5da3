"""Dates and times of schedules, whose own times are integers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from combkit.instances.errors import InvalidSolutionError, UsageError
from combkit.instances.problem import Problem
from combkit.instances.schedule_check import Timeline, misfits
from combkit.instances.shops import scheduling_model
from combkit.instances.solutions import Schedule

__all__ = ["Timescale"]


@dataclass(frozen=True, slots=True)
class Timescale:
    """The dates of integer times: time t is ``origin + t * unit``.

    Parameters
    ----------
    origin : datetime
        Time 0.
    unit : timedelta
        What 1 is, longer than nothing.

    Raises
    ------
    UsageError
        If the unit is not positive.

    Examples
    --------
    >>> scale = Timescale(datetime(2027, 3, 1, 6), timedelta(minutes=15))
    >>> scale.earliest(datetime(2027, 3, 1, 7, 10))
    5
    >>> scale.date(5).isoformat()
    '2027-03-01T07:15:00'
    """

    origin: datetime
    unit: timedelta

    def __post_init__(self) -> None:
        if self.unit <= timedelta(0):
            raise UsageError(f"unit={self.unit}: not positive")

    def date(self, time: int) -> datetime:
        """Return the date of a time."""
        return self.origin + int(time) * self.unit

    def earliest(self, date: datetime) -> int:
        """Return the first time not before a date: for releases, starts of shifts."""
        return -((self.origin - date) // self.unit)

    def latest(self, date: datetime) -> int:
        """Return the last time not after a date: for due dates and deadlines."""
        return (date - self.origin) // self.unit

    def duration(self, length: timedelta) -> int:
        """Return the least number of units that is not shorter than a length."""
        return -(-length // self.unit)

    def table(self, problem: Problem, schedule: Schedule) -> list[dict[str, Any]]:
        """Return a row a present task, e.g. for ``pandas.DataFrame``.

        Parameters
        ----------
        problem : Problem
            One that schedules.
        schedule : Schedule
            A schedule of it.

        Returns
        -------
        list of dict
            ``task`` (numbered row by row), ``mode``, ``resources``, ``start`` and
            ``end`` as dates, by start.

        Raises
        ------
        InvalidSolutionError
            If the schedule has not one start and mode a task.
        """
        model = scheduling_model(problem)
        if wrong := misfits(model, schedule):
            raise InvalidSolutionError(wrong)
        line = Timeline(model, schedule)
        tasks = np.flatnonzero(line.present)
        return [
            {
                "task": t,
                "mode": int(line.mode[t] - model.first_mode[t]),
                "resources": [k for k, _ in model.uses[int(line.mode[t])]],
                "start": self.date(line.start[t]),
                "end": self.date(line.end[t]),
            }
            for t in tasks[np.argsort(line.start[tasks], kind="stable")].tolist()
        ]
