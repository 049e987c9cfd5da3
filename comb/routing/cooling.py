"""What searches by ruin and recreation share: their options and their cooling."""

from __future__ import annotations

import math

from combkit.instances.errors import UsageError
from combkit.instances.run import Run

__all__ = ["Cooling", "checked_heat"]

#: Seconds of the first cooling where nothing limits the run; each is twice the last.
_CYCLE = 10.0
#: Steps at a time where iterations limit the run: what is done between slices must
#: not depend on how fast they were.
_STEPS = 1_000
#: Lowest and highest first temperature that is chosen, in mean legs.
_COLDEST, _HOTTEST = 0.3, 3.0
#: Customers of a route from which the lowest one grows with them, and how far.
_SHORT, _WARMER = 25.0, 3.3


def checked_heat(
    run: Run,
    n: int,
    *,
    neighbours: int,
    removed: float,
    longest: int,
    hot: float | None,
    cold: float,
    step: float,
    steps_at_one: float,
    per_route: float = 0.0,
) -> float:
    """Return the first temperature in mean legs, once the options are in range.

    By default it grows with the steps that there are for a customer, as found by
    trial in runs of 10 seconds.

    Parameters
    ----------
    run : Run
        The run.
    n : int
        Number of customers.
    neighbours, removed, longest, hot, cold
        Options of the search.
    step : float
        Seconds that a step takes, about.
    steps_at_one : float
        Steps a customer from which the first temperature is one mean leg.
    per_route : float
        Customers that fill a route, about: the more, the higher is the lowest first
        temperature.

    Raises
    ------
    UsageError
        If an option is out of its range.
    """
    if neighbours < 1 or longest < 1:
        raise UsageError(f"neighbours={neighbours}, longest={longest}: at least 1")
    if not removed >= 1.0:
        raise UsageError(f"removed={removed:g}: at least 1")
    if hot is None:
        seconds = _CYCLE if math.isinf(run.remaining) else run.remaining
        limit = run.limits.iterations
        steps = seconds / step if limit is None else limit
        heat = math.sqrt(steps / n / steps_at_one)
        lowest = _COLDEST * max(1.0, min(_WARMER, per_route / _SHORT))
        hot = max(cold, min(_HOTTEST, max(lowest, heat)))
    if not 0.0 < cold <= hot < math.inf:
        raise UsageError(f"hot={hot:g}, cold={cold:g}: 0 < cold <= hot")
    return hot


class Cooling:
    """Temperatures that fall over the time or the iterations that a run has left.

    Without either they are raised again and again, for twice the time.

    Parameters
    ----------
    run : Run
        The run.
    first : float
        Temperature now.
    ratio : float
        The last one over the first one.
    done : int
        Iterations done by now.
    share : float
        Part of what the run has left over which they fall.
    """

    def __init__(
        self, run: Run, first: float, ratio: float, done: int, share: float = 1.0
    ) -> None:
        self._run, self._first, self._ratio, self._start = run, first, ratio, done
        self._begin, self._cycle = run.elapsed, share * _CYCLE
        self._share = share

    def over(self, done: int) -> bool:
        """Whether they have fallen, after so many iterations; never, over the whole."""
        if self._share >= 1.0:
            return False
        run, limit = self._run, self._run.limits.iterations
        if limit is not None:
            return done - self._start >= self._share * (limit - self._start)
        span = run.elapsed - self._begin
        return span >= self._whole(span)

    def next(self, done: int, steps: int) -> tuple[int, float, float]:
        """Return how many steps to take, the heat of step 0 and the rate per step.

        Parameters
        ----------
        done, steps : int
            Iterations done by now, and how many would suit a run without a limit on
            them.
        """
        run, limit = self._run, self._run.limits.iterations
        if limit is not None:
            # By the number of the step alone, so that it repeats itself.
            span = self._share * (limit - self._start)
            rate = -math.log(self._ratio) / max(1.0, span)
            heat = self._first * math.exp(rate * self._start)
            return max(1, min(_STEPS, limit - done)), heat, rate
        span = run.elapsed - self._begin
        if math.isinf(run.remaining) and span > self._cycle:
            self._begin, self._cycle, span = run.elapsed, 2.0 * self._cycle, 0.0
        return steps, self._first * self._ratio ** (span / self._whole(span)), 0.0

    def _whole(self, span: float) -> float:
        """Return the seconds over which they fall, of which some have passed."""
        remaining = self._run.remaining
        return (
            self._cycle if math.isinf(remaining) else self._share * (span + remaining)
        )
