"""Stop criteria: small predicates on a run's progress, combined with ``|``.

A criterion is called with a ``Progress`` and answers why to stop, or None.
``limits`` flattens a combination into what native solvers take as options.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeVar

from combkit.instances.errors import UsageError

__all__ = [
    "FirstFeasible",
    "Limits",
    "MaxIterations",
    "MaxRuntime",
    "NoImprovement",
    "Progress",
    "Reason",
    "RelativeGap",
    "Stop",
    "TargetObjective",
    "relative_gap",
]

T = TypeVar("T", int, float)


class Reason(StrEnum):
    """Why a run ended."""

    GAP = "gap"
    TARGET = "target"
    TIME = "time"
    ITERATIONS = "iterations"
    NO_IMPROVEMENT = "no_improvement"
    FIRST_FEASIBLE = "first_feasible"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    MEMORY = "memory"
    FAILED = "failed"


def relative_gap(objective: float | None, bound: float | None) -> float:
    """Return ``|objective - bound| / max(|objective|, |bound|)``.

    It is 0 when both are 0 and infinite when either is missing.
    """
    if objective is None or bound is None:
        return math.inf
    if objective == bound:
        return 0.0
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    return abs(objective - bound) / max(abs(objective), abs(bound))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Parameters
    ----------
    elapsed : float
        Seconds since ``solve`` was called.
    iterations : int
        Iterations of the solver's main loop, in its own unit.
    objective : float or None
        Best objective so far.
    bound : float or None
        Best proven bound so far.
    improved_at : float
        ``elapsed`` at the last improvement, 0 before the first.
    sense : {"min", "max"}
        Direction of the objective.
    """

    elapsed: float
    iterations: int = 0
    objective: float | None = None
    bound: float | None = None
    improved_at: float = 0.0
    sense: Literal["min", "max"] = "min"


@dataclass(frozen=True, slots=True)
class Limits:
    """The native limits of a stop criterion; infinite or None where unset."""

    time: float = math.inf
    iterations: int | None = None
    gap: float | None = None
    target: float | None = None
    first_feasible: bool = False


class Stop(ABC):
    """Base class of the criteria."""

    __slots__ = ()

    @abstractmethod
    def __call__(self, progress: Progress) -> Reason | None:
        """Return why to stop now, or None to go on."""

    def limits(self) -> Limits:
        """Return what native solvers can enforce themselves."""
        return Limits()

    def __or__(self, other: Stop) -> Stop:
        """Combine: stop as soon as either says so."""
        return AnyOf((*_parts(self), *_parts(other)))


@dataclass(frozen=True, slots=True)
class AnyOf(Stop):
    """Stop as soon as one of several criteria says so; never without any."""

    parts: tuple[Stop, ...] = ()

    def __call__(self, progress: Progress) -> Reason | None:
        """Return the first reason of the parts."""
        return next((r for part in self.parts if (r := part(progress))), None)

    def limits(self) -> Limits:
        """Return the tightest limits of the parts."""
        result = Limits()
        for part in self.parts:
            one = part.limits()
            result = replace(
                result,
                time=min(result.time, one.time),
                iterations=_tighter(result.iterations, one.iterations, min),
                gap=_tighter(result.gap, one.gap, max),
                target=one.target if result.target is None else result.target,
                first_feasible=result.first_feasible or one.first_feasible,
            )
        return result


@dataclass(frozen=True, slots=True)
class MaxRuntime(Stop):
    """Stop after a number of wall seconds, counted from the call of ``solve``."""

    seconds: float

    def __post_init__(self) -> None:
        _check("seconds", self.seconds, self.seconds >= 0)

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.TIME`` when the time is up."""
        return Reason.TIME if progress.elapsed >= self.seconds else None

    def limits(self) -> Limits:
        """Return the time limit."""
        return Limits(time=self.seconds)


@dataclass(frozen=True, slots=True)
class MaxIterations(Stop):
    """Stop after a number of iterations, in the solver's own unit."""

    count: int

    def __post_init__(self) -> None:
        _check("count", self.count, self.count >= 0)

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.ITERATIONS`` when they are done."""
        return Reason.ITERATIONS if progress.iterations >= self.count else None

    def limits(self) -> Limits:
        """Return the iteration limit."""
        return Limits(iterations=self.count)


@dataclass(frozen=True, slots=True)
class NoImprovement(Stop):
    """Stop when the incumbent has not improved for a number of seconds."""

    seconds: float

    def __post_init__(self) -> None:
        _check("seconds", self.seconds, self.seconds > 0)

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.NO_IMPROVEMENT`` when there was none for that long."""
        stale = progress.elapsed - progress.improved_at
        if progress.objective is not None and stale >= self.seconds:
            return Reason.NO_IMPROVEMENT
        return None


@dataclass(frozen=True, slots=True)
class TargetObjective(Stop):
    """Stop at an incumbent at least as good as a value."""

    value: float

    def __post_init__(self) -> None:
        _check("value", self.value, not math.isnan(self.value))

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.TARGET`` when it is reached."""
        if progress.objective is None:
            return None
        reached = (
            progress.objective <= self.value
            if progress.sense == "min"
            else progress.objective >= self.value
        )
        return Reason.TARGET if reached else None

    def limits(self) -> Limits:
        """Return the target."""
        return Limits(target=self.value)


@dataclass(frozen=True, slots=True)
class RelativeGap(Stop):
    """Stop when ``relative_gap(objective, bound)`` is at most ``gap``."""

    gap: float = field(default=0.0)

    def __post_init__(self) -> None:
        _check("gap", self.gap, self.gap >= 0)

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.GAP`` when it is closed."""
        gap = relative_gap(progress.objective, progress.bound)
        return Reason.GAP if gap <= self.gap else None

    def limits(self) -> Limits:
        """Return the gap."""
        return Limits(gap=self.gap)


@dataclass(frozen=True, slots=True)
class FirstFeasible(Stop):
    """Stop at the first incumbent."""

    def __call__(self, progress: Progress) -> Reason | None:
        """Return ``Reason.FIRST_FEASIBLE`` as soon as there is one."""
        return None if progress.objective is None else Reason.FIRST_FEASIBLE

    def limits(self) -> Limits:
        """Return that the first solution is enough."""
        return Limits(first_feasible=True)


def _parts(stop: Stop) -> tuple[Stop, ...]:
    return stop.parts if isinstance(stop, AnyOf) else (stop,)


def _tighter(a: T | None, b: T | None, choose: Callable[[T, T], T]) -> T | None:
    if a is None or b is None:
        return b if a is None else a
    return choose(a, b)


def _check(name: str, value: float, valid: bool) -> None:
    if not valid:
        raise UsageError(f"{name}: {value} is not allowed here")
