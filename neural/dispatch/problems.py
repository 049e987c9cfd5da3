"""From the suite's scheduling problems to the encoding, and back to schedules."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.jobshop import JobShop
from combkit.instances.problem import Problem
from combkit.instances.project import Project
from combkit.instances.shops import FlexibleJobShop, Modelled
from combkit.instances.solutions import Schedule
from combkit.neural.dispatch.encoding import Encoding, Mode, job_shop

__all__ = ["encoding_of", "schedule_of", "unsupported"]

#: The rule computes in single precision, which holds integers up to here.
_LATEST = 2**24


def unsupported(problem: Problem) -> str | None:
    """Return why the rule cannot take a problem, None if it can."""
    if isinstance(problem, JobShop):
        total = sum(int(row.sum()) for row in problem.durations)
    elif isinstance(problem, FlexibleJobShop | Project):
        if isinstance(problem, FlexibleJobShop) and problem.setups is not None:
            return "it has set-up times"
        if isinstance(problem, Project) and problem.precedences.shape[1] == 3:
            return "it has time lags"
        if isinstance(problem, Project) and problem.nonrenewable.any():
            return "it has resources that are used up"
        total = int(problem.model.mode_duration.sum())
    else:
        return f"a {problem.kind} is nothing that the rule has learned"
    return "its durations are too long" if total >= _LATEST else None


def encoding_of(problem: Problem) -> Encoding:
    """Return the encoding of a problem that is not ``unsupported``."""
    if isinstance(problem, JobShop):
        return job_shop(problem)
    if not isinstance(problem, Modelled):
        raise TypeError(f"a {problem.kind} has no scheduling model")
    model = problem.model
    tasks: list[list[Mode]] = [[] for _ in range(model.n_tasks)]
    for mode, (task, duration) in enumerate(
        zip(model.mode_task.tolist(), model.mode_duration.tolist(), strict=True)
    ):
        tasks[task].append((duration, dict(model.uses[mode])))
    pairs = zip(model.before.tolist(), model.after.tolist(), strict=True)
    # A resource without units is used by no one.
    capacities = np.maximum(model.capacity, 1).tolist()
    return Encoding.build(tasks, list(pairs), capacities)


def schedule_of(
    problem: Problem,
    encoding: Encoding,
    modes: NDArray[np.int64],
    starts: NDArray[np.float64],
) -> Schedule:
    """Return the schedule that the rule built.

    Parameters
    ----------
    problem : Problem
        The problem.
    encoding : Encoding
        Its encoding.
    modes : ndarray, shape (n,), int64
        Modes in the order they were scheduled.
    starts : ndarray, shape (n,), float64
        Their starts.
    """
    task = encoding.task_of[modes]
    begin = np.zeros(task.size, np.int64)
    begin[task] = np.rint(starts).astype(np.int64)
    if isinstance(problem, JobShop):
        cuts = np.cumsum([row.size for row in problem.machines])[:-1]
        return Schedule(np.split(begin, cuts))
    if not isinstance(problem, Modelled):
        raise TypeError(f"a {problem.kind} has no scheduling model")
    model = problem.model
    if model.n_modes == model.n_tasks:
        return problem.schedule(begin)
    chosen = np.zeros(task.size, np.int64)
    chosen[task] = modes - model.first_mode[task]
    return problem.schedule(begin, chosen)
