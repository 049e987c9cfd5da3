"""Compiled searches side by side, advanced in short slices."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from combkit.comb.routing.slices import fitted
from combkit.instances.run import Run

__all__ = ["advance"]

T = TypeVar("T")


def advance(
    run: Run,
    walks: Sequence[T],
    step: Callable[[T, int], int],
    take: Callable[[], float],
    *,
    moves: int,
) -> None:
    """Advance walks, each in a thread, until the run ends or a bound is met.

    They go at least one short way, so that there is something to take.

    Parameters
    ----------
    run : Run
        The run; its iterations are the moves of one walk.
    walks : sequence
        The walks.
    step : callable
        ``step(walk, moves) -> made``: makes moves, fewer where a walk has ended;
        releases the GIL.
    take : callable
        Called between two slices: keeps what was found, begins walks that have
        ended anew, and returns the best cost.
    moves : int
        Moves of the first slice; those of the others fit the clock.
    """
    limit, total = run.limits.iterations, 0
    with ThreadPoolExecutor(len(walks)) as threads:
        while True:
            if limit is not None:
                moves = max(1, min(moves, limit - total))
            started = time.perf_counter()
            made = list(threads.map(partial(_step, step, moves), walks))
            total += max(made)
            fit = fitted(max(made), time.perf_counter() - started)
            # A walk that came to its end took time for fewer moves than it could.
            moves = fit if min(made) == moves else max(moves, fit)
            best = take()
            if run.should_stop(total) or (run.bound is not None and best <= run.bound):
                break


def _step(step: Callable[[T, int], int], moves: int, walk: T) -> int:
    return step(walk, moves)
