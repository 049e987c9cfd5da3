"""Starts that somebody else proposes, a learned rule for one."""

from __future__ import annotations

import time

from combkit.comb.registry import propose
from combkit.instances.problem import Problem
from combkit.instances.run import Run
from combkit.instances.solutions import Schedule

__all__ = ["proposed"]

#: Share of the time that a proposal may take.
_SHARE = 0.25


def proposed(name: str | None, problem: Problem, run: Run, k: int) -> list[Schedule]:
    """Return up to k schedules to start from, all of them reported.

    Parameters
    ----------
    name : str or None
        Who proposes, see ``combkit.comb.registry.propose``; None: nobody.
    problem : Problem
        The problem.
    run : Run
        The run.
    k : int
        How many are wanted.
    """
    if name is None:
        return []
    deadline = time.perf_counter() + _SHARE * run.remaining
    found = run.supervise(lambda: propose(name, problem, k, run.seed, deadline))
    schedules = [one for one in found if isinstance(one, Schedule)]
    for schedule in schedules:
        run.report(schedule, name)
    return schedules
