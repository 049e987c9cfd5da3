"""Divide, conquer, reunite: several global solutions, then the best of them.

Different from UDC, a piece may become worse for a while: one temperature falls over
all stages of an attempt, so that what stands at a border is not settled for good by
the stage that cuts there.

References
----------
.. [1] Z. Zheng et al., "UDC: a unified neural divide-and-conquer framework for
   large-scale combinatorial optimization problems", NeurIPS 2024.
   https://arxiv.org/abs/2407.00312
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from combkit.instances.run import Run
from combkit.instances.stop import relative_gap
from combkit.neural.udc.attempt import Attempt, Settings, Span
from combkit.neural.udc.crew import Crew
from combkit.neural.udc.pieces import Cutter

__all__ = ["Engine"]

#: Seconds of the first cycle where nothing limits the run; each is twice the last.
_CYCLE = 10.0
#: Share of a cycle for several attempts, and heat of what follows, of their first one.
_TRYING, _WARM = 0.5, 0.3
#: Gap of an optimum to its bound: rounding.
_PROVEN = 1e-9
#: Price of an orienteer's length once the limit is kept, of the one that kept it.
_CHEAPER = 0.3


class Engine:
    """Improves solutions of one problem in pieces.

    Parameters
    ----------
    run : Run
        The run.
    cutter : Cutter
        Cuts solutions.
    divide : callable
        ``divide(number) -> solution`` makes the global solution of a number.
    unit : callable
        ``unit(solution) -> float``: what heats are measured in.
    crew : Crew
        Conquers pieces.
    settings : Settings
        Sizes and heats.

    Attributes
    ----------
    stages : int
        Stages by now.
    """

    def __init__(
        self,
        run: Run,
        cutter: Cutter,
        divide: Callable[[int], Any],
        unit: Callable[[Any], float],
        crew: Crew,
        settings: Settings,
    ) -> None:
        self._run, self._cutter, self._crew = run, cutter, crew
        self._divide, self._unit, self._settings = divide, unit, settings
        self._numbers = 0
        self.stages = 0

    def go(self, first: Any = None) -> bool:
        """Divide, conquer and reunite until the run ends or nothing can be cut.

        Parameters
        ----------
        first : Solution, optional
            Start of the first attempt, in the place of a divided one.

        Returns
        -------
        bool
            Whether there was something to cut.
        """
        run, limit = self._run, self._run.limits.iterations
        cycle = _CYCLE
        with ThreadPoolExecutor(run.threads) as pool:
            while not self._ended():
                seconds = cycle if math.isinf(run.remaining) else run.remaining
                stages = None if limit is None else limit - self.stages
                if not self._cycle(pool, Span(seconds, stages), first):
                    return False
                first = run.solution
                cycle *= 2.0
        return True

    def _cycle(self, pool: ThreadPoolExecutor, span: Span, first: Any) -> bool:
        """Make some attempts, then let the best of them go on."""
        run, alpha, threads = self._run, self._settings.alpha, self._run.threads
        rounds = math.ceil(alpha / threads)
        share = _TRYING if alpha > 1 else 1.0
        done: list[Attempt] = []
        for _ in range(rounds):
            if done and self._ended():
                return True
            starts = [] if first is None else [first]
            first = None
            while len(starts) < threads:
                starts.append(self._divide(self._numbers + len(starts)))
            part = _part(span, share / rounds)
            done += self._side_by_side(
                pool, starts, part, self._settings, {"soft": 1.0}
            )
        if not any(attempt.pieces for attempt in done):
            return False
        if alpha == 1 or self._ended():
            return True
        best = done[0]
        for other in done[1:]:
            if run.problem.better(other.objective, best.objective):
                best = other
        memory = {"price": _CHEAPER * best.memory.get("price", 0.0)}
        warm = replace(
            self._settings, hot=max(self._settings.cold, _WARM * self._settings.hot)
        )
        part = _part(span, 1.0 - share)
        self._side_by_side(pool, [best.best] * threads, part, warm, memory)
        return True

    def _side_by_side(
        self,
        pool: ThreadPoolExecutor,
        starts: list[Any],
        span: Span,
        settings: Settings,
        memory: dict[str, float],
    ) -> list[Attempt]:
        """Make an attempt from each start and return them."""
        attempts = []
        for start in starts:
            self._numbers += 1
            attempt = Attempt(
                self._run,
                self._cutter,
                self._crew,
                settings,
                self._unit(start),
                dict(memory),
                self._numbers,
            )
            attempts.append(attempt)
        waiting = [
            pool.submit(attempt.improve, start, span, self._count)
            for attempt, start in zip(attempts, starts, strict=True)
        ]
        for future in waiting:
            future.result()
        return attempts

    def _ended(self) -> bool:
        """Whether the run has to end, or its best solution is as good as its bound."""
        run = self._run
        gap = relative_gap(run.objective, run.bound)
        return run.should_stop(self.stages) or gap <= _PROVEN

    def _count(self) -> bool:
        """Count a stage, unless the run has to end; return whether it has."""
        if self._ended():
            return True
        self.stages += 1
        return False


def _part(span: Span, share: float) -> Span:
    """Return a part of a span: one stage at least where they are counted."""
    if span.stages is None:
        return Span(share * span.seconds)
    return Span(math.inf, max(1, round(share * span.stages)))
