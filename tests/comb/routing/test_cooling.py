"""Temperatures over the time, or the iterations, that a run has left."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from combkit.comb.routing.cooling import Cooling


class Clock:
    """A run with a clock that is set by hand."""

    def __init__(self, seconds: float, iterations: int | None = None) -> None:
        self.elapsed, self._seconds = 0.0, seconds
        self.limits = SimpleNamespace(iterations=iterations)

    @property
    def remaining(self) -> float:
        return self._seconds - self.elapsed


def heat(cooling: Cooling, done: int = 0) -> float:
    _, first, rate = cooling.next(done, 100)
    return first * math.exp(-rate * done)


@pytest.mark.parametrize("seconds", [5.0, 60.0, 3600.0])
@pytest.mark.parametrize("share", [1.0, 0.25])
def test_they_fall_over_the_whole_time(seconds: float, share: float) -> None:
    run: Any = Clock(seconds)
    cooling = Cooling(run, 8.0, 1 / 16, 0, share)
    found = []
    for part in (0.0, 0.25, 0.5, 1.0):
        run.elapsed = share * part * seconds
        found.append(heat(cooling))
    assert found == pytest.approx([8.0, 4.0, 2.0, 0.5])
    assert cooling.over(0) == (share < 1.0)


def test_they_fall_over_the_iterations() -> None:
    run: Any = Clock(math.inf, 1000)
    cooling = Cooling(run, 8.0, 1 / 16, 0)
    found = [heat(cooling, done) for done in (0, 250, 500, 1000)]
    assert found == pytest.approx([8.0, 4.0, 2.0, 0.5])


def test_without_a_limit_they_are_raised_again_for_twice_the_time() -> None:
    run: Any = Clock(math.inf)
    cooling = Cooling(run, 8.0, 1 / 16, 0)
    found = []
    for seconds in (0.0, 5.0, 10.0, 10.5, 20.5, 30.5, 31.0):
        run.elapsed = seconds
        found.append(heat(cooling))
    assert found == pytest.approx([8.0, 2.0, 0.5, 8.0, 2.0, 0.5, 8.0])
