"""Gantt charts: the tasks of a schedule, by resource and by job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.instances import schedule_check
from combkit.instances._scene import Bars, Line, Scene
from combkit.instances.errors import UnsupportedFeatureError, UsageError, nearest
from combkit.instances.problem import Problem
from combkit.instances.scheduling import NEVER, Scheduling
from combkit.instances.shops import OpenShop, schedule_rows, scheduling_model
from combkit.instances.solutions import Schedule
from combkit.instances.timescale import Timescale

__all__ = ["VIEWS", "gantt"]

Integers = NDArray[np.int64]

#: Height of a row that a task or a calendar fills.
_FULL = 0.8
_BREAK = -1
_LATE, _DUE = 4, None


class _Chart:
    """What the views of a schedule have in common."""

    def __init__(
        self,
        problem: Problem,
        solution: Schedule | None,
        timescale: Timescale | None,
    ) -> None:
        self.problem = problem
        self.timescale = timescale
        self.model = scheduling_model(problem)
        self.planned = solution is not None
        schedule = _stacked(self.model) if solution is None else solution
        if schedule_check.misfits(self.model, schedule):
            raise UnsupportedFeatureError("the schedule has not one start a task")
        self.line = schedule_check.Timeline(self.model, schedule)
        self.tasks = np.flatnonzero(self.line.present)
        rows = schedule_rows(problem)
        self.row = np.repeat(np.arange(len(rows)), rows)
        self.place = np.concatenate([np.arange(size) for size in rows])
        self.single = len(rows) == 1
        #: What tells tasks apart that belong together: their job, if there are jobs.
        self.job = self.row
        if self.single:
            own = self.model.job if self.model.job.any() else np.arange(self.row.size)
            self.job = own

    @cached_property
    def resources(self) -> list[int]:
        """The resources that are rows: of an open shop the machines."""
        count = self.model.n_resources
        if isinstance(self.problem, OpenShop):
            count = self.problem.durations.shape[1]
        return [k for k in range(count) if not self.model.consumable[k]]

    def name(self, t: int) -> str:
        """Return how a task is called."""
        if self.single:
            return f"task {t}"
        return f"job {self.row[t]}, operation {self.place[t]}"

    def when(self, time: int) -> str:
        """Return how a time is written."""
        if self.timescale is None:
            return f"{time}"
        return self.timescale.date(time).isoformat(" ").removesuffix(":00")

    def length(self, time: int) -> str:
        """Return how a duration is written."""
        if self.timescale is None:
            return f"{time}"
        return f"{time * self.timescale.unit}".removesuffix(":00")

    def about(self, t: int) -> str:
        """Return what to say of a task that is pointed at."""
        model, line = self.model, self.line
        start, end = int(line.start[t]), int(line.end[t])
        parts = [f"{self.name(t)}: {self.when(start)} to {self.when(end)}"]
        first, last = model.first_mode[t], model.first_mode[t + 1]
        if last - first > 1:
            parts.append(f"mode {line.mode[t] - first}")
        used = [f"{k}" for k, _ in model.uses[int(line.mode[t])] if k in self.resources]
        if used:
            parts.append(f"on {', '.join(used)}")
        if model.due[t] < NEVER:
            due = int(model.due[t])
            late = f", {self.length(end - due)} late" if end > due else ""
            parts.append(f"due {self.when(due)}{late}")
        if model.frozen[t]:
            parts.append("frozen")
        elif model.planned[t] >= 0 and start != model.planned[t]:
            move = start - int(model.planned[t])
            sign = "+" if move > 0 else "-"
            parts.append(f"moved by {sign}{self.length(abs(move))}")
        return "<br>".join(parts)

    def late(self, t: int) -> bool:
        """Whether a task ends after its due date."""
        return bool(self.line.end[t] > self.model.due[t])


def _stacked(model: Scheduling) -> Schedule:
    """Return all tasks in their first mode, end to end on their first resource."""
    starts: list[int] = []
    free: dict[int, int] = {}
    for t in range(model.n_tasks):
        mode = int(model.first_mode[t])
        k = min((k for k, _ in model.uses[mode]), default=-1)
        starts.append(free.get(k, 0))
        free[k] = starts[-1] + int(model.mode_duration[mode])
    return Schedule([starts], [[0] * model.n_tasks])


class _Box(NamedTuple):
    """A bar of a row."""

    start: float
    end: float
    bottom: float
    height: float
    color: int
    text: str
    hover: str


def _bars(boxes: list[_Box]) -> list[Any]:
    """Return boxes as shapes."""
    if not boxes:
        return []
    start, end, bottom, height, colors, texts, hover = zip(*boxes, strict=True)
    left, right, low, high = (np.array(x, float) for x in (start, end, bottom, height))
    return [Bars(left, right - left, low, high, list(colors), list(hover), list(texts))]


def _by_machine(chart: _Chart) -> Scene:
    """One row a resource, one colour a job; shared resources by the units taken."""
    model, line = chart.model, chart.line
    users = line.users()
    boxes: list[_Box] = []
    names = []
    end = int(line.end[chart.tasks].max(initial=0))
    for y, k in enumerate(chart.resources):
        names.append(f"{k}")
        for low, high in model.breaks.get(k, ()):
            if low < end:
                text = f"break: {chart.when(low)} to {chart.when(high)}"
                until = min(high, end)
                boxes.append(_Box(low, until, y - 0.5, 1.0, _BREAK, "", text))
        if model.capacity[k] == 1:
            for start, until, t, _ in users[k]:
                job = int(chart.job[t])
                row = y - _FULL / 2, _FULL
                boxes.append(_Box(start, until, *row, job, f"{job}", chart.about(t)))
        else:
            boxes += _profile(chart, y, k, users[k])
    return Scene(
        shapes=_bars(boxes),
        x_label="time" if chart.planned else "work (no schedule)",
        y_label="machine" if (model.capacity == 1).all() else "resource",
        y_ticks=list(range(len(names))),
        y_names=names,
        downwards=True,
    )


def _profile(
    chart: _Chart, y: int, k: int, users: list[tuple[int, int, int, int]]
) -> list[_Box]:
    """Return the units taken of a shared resource, piece by piece."""
    capacity = int(chart.model.capacity[k])
    moments = sorted({x for start, until, *_ in users for x in (start, until)})
    boxes: list[_Box] = []
    for low, high in pairwise(moments):
        here = [(t, d) for start, until, t, d in users if start <= low < until]
        taken = sum(d for _, d in here)
        if taken:
            who = "<br>".join(f"{chart.name(t)}: {d}" for t, d in here)
            span = f"{chart.when(low)} to {chart.when(high)}"
            text = f"{taken} of {capacity} units, {span}<br>{who}"
            height = _FULL * taken / max(capacity, 1)
            bottom = y + _FULL / 2 - height
            boxes.append(_Box(low, high, bottom, height, k, f"{taken}", text))
    return boxes


def _by_job(chart: _Chart) -> Scene:
    """One row a job, one colour a resource, with due dates."""
    model, line = chart.model, chart.line
    jobs = np.unique(chart.job)
    row = {int(j): y for y, j in enumerate(jobs)}
    shown = set(chart.resources)
    boxes: list[_Box] = []
    due: list[Line] = []
    for t in chart.tasks.tolist():
        y = row[int(chart.job[t])]
        start, end = int(line.start[t]), int(line.end[t])
        used = [k for k, _ in model.uses[int(line.mode[t])] if k in shown]
        first = used[0] if used else 0
        text = f"{first}" if used else ""
        bar = y - _FULL / 2, _FULL
        boxes.append(_Box(start, end, *bar, first, text, chart.about(t)))
        if model.due[t] < NEVER:
            x, color = float(model.due[t]), _LATE if chart.late(t) else _DUE
            ends = np.array([y - 0.5, y + 0.5])
            due.append(Line(np.array([x, x]), ends, color, 2.0, dashed=True))
    return Scene(
        shapes=[*_bars(boxes), *due],
        x_label="time" if chart.planned else "work (no schedule)",
        y_label="task" if chart.single and not model.job.any() else "job",
        y_ticks=list(row.values()),
        y_names=[f"{j}" for j in row],
        downwards=True,
    )


#: What the rows of a chart can be.
VIEWS: Mapping[str, Callable[[_Chart], Scene]] = {
    "machine": _by_machine,
    "job": _by_job,
}


def _dated(scene: Scene, timescale: Timescale) -> Scene:
    """Return a scene whose times are dates."""
    origin = timescale.origin.replace(tzinfo=None) - datetime(1970, 1, 1)
    begin, unit = origin / timedelta(days=1), timescale.unit / timedelta(days=1)
    shapes = [
        replace(
            shape, left=begin + unit * shape.left, width=unit * shape.width, begin=begin
        )
        if isinstance(shape, Bars)
        else replace(shape, x=begin + unit * shape.x)
        for shape in scene.shapes
    ]
    return replace(scene, shapes=shapes, dates=True)


def gantt(
    problem: Problem,
    solution: Schedule | None,
    by: str = "machine",
    timescale: Timescale | None = None,
) -> Scene:
    """Return the chart of a schedule; without one, of the work.

    Parameters
    ----------
    problem : Problem
        One that schedules.
    solution : Schedule or None
        The schedule, feasible or not.
    by : {"machine", "job"}
        What its rows are; an interactive picture can change over to the other.
    timescale : Timescale, optional
        The dates of its times, for a chart with dates.

    Raises
    ------
    UsageError
        If rows are to be something else.
    UnsupportedFeatureError
        If the schedule is one of another problem.
    """
    if by not in VIEWS:
        known = ", ".join(VIEWS)
        raise UsageError(f"by={by!r}{nearest(by, VIEWS)} (known: {known})")
    chart = _Chart(problem, solution, timescale)
    scenes = {name: view(chart) for name, view in VIEWS.items()}
    if timescale is not None:
        scenes = {name: _dated(one, timescale) for name, one in scenes.items()}
    scene = scenes.pop(by)
    scene.view = f"by {by}"
    scene.others = {f"by {other}": one for other, one in scenes.items()}
    return scene
