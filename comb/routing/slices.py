"""Searches in compiled code, advanced in short slices and reported now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from combkit.instances.run import Run
from combkit.instances.solutions import Solution

__all__ = ["Reports", "fitted", "side_by_side"]

T = TypeVar("T")


#: Seconds that compiled code may run before limits and signals are looked at.
_SLICE = 0.02
#: Reporting (a full check) may take this share of the time.
_REPORTING = 0.05


def fitted(count: int, seconds: float) -> int:
    """Return how many steps fit in a slice, after ``count`` took ``seconds``."""
    return max(1, int(count * min(2.0, _SLICE / max(seconds, 1e-6))))


def side_by_side(
    run: Run,
    states: Sequence[T],
    move: Callable[[T, int], bool],
    report: Callable[[bool], None],
    *,
    steps: int = 100,
) -> None:
    """Advance independent searches in slices until the run ends or one has ended.

    Parameters
    ----------
    run : Run
        The run; an iteration is a step of one search.
    states : sequence
        A state for each thread.
    move : callable
        ``move(state, steps) -> bool`` advances a state; False: it has ended.
    report : callable
        ``report(last)`` offers what is best, ``last`` at the end.
    steps : int
        Steps of the first slice.
    """
    limit, done, alive = run.limits.iterations, 0, True
    with ThreadPoolExecutor(len(states)) as pool:
        while alive and not run.should_stop(done):
            if limit is not None:
                steps = max(1, min(steps, limit - done))
            started = time.perf_counter()
            if len(states) == 1:
                alive = move(states[0], steps)
            else:
                alive = all(list(pool.map(move, states, [steps] * len(states))))
            done += steps
            steps = fitted(steps, time.perf_counter() - started)
            report(not alive)
    report(True)


class Reports:
    """Hands the best solution of a search to its run, but not all the time.

    Parameters
    ----------
    run : Run
        The run.
    source : str
        Name of the solver.
    """

    def __init__(self, run: Run, source: str) -> None:
        self._run = run
        self._source = source
        self._reported: float | None = None
        self._next = 0.0

    def offer(
        self, objective: float, solution: Callable[[], Solution], *, last: bool = False
    ) -> None:
        """Report a solution if it is better, and it is time or the last chance.

        Parameters
        ----------
        objective : float
            Its objective; a rounding does not matter.
        solution : callable
            Makes the solution.
        last : bool
            Whether there will be no other offer for a while.
        """
        target = self._run.limits.target
        better = self._run.problem.better
        reached = target is not None and not better(target, objective)
        now = time.perf_counter()
        known = self._reported
        if known is not None and not better(objective, known):
            return
        if not (last or reached or now >= self._next):
            return
        self._reported = objective
        self._run.report(solution(), self._source)
        spent = time.perf_counter() - now
        self._next = now + spent / _REPORTING
