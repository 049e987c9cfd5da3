"""First solutions: others look for them, each for a while, feeding the search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.events import Events
from combkit.instances.result import Status
from combkit.instances.run import Abandoned, Outcome, Run
from combkit.instances.stop import MaxIterations, MaxRuntime, RelativeGap
from combkit.mip.balans.judge import Judge
from combkit.mip.balans.local import LocalSearch, compiled
from combkit.mip.contract import gap_limit

__all__ = ["STARTS", "BoundsStart", "LocalStart", "SolverStart", "Start", "make_starts"]

Floats = NDArray[np.float64]

_PROVEN = (
    Status.OPTIMAL,
    Status.INFEASIBLE,
    Status.UNBOUNDED,
    Status.INFEASIBLE_OR_UNBOUNDED,
)


class _Feed(Events):
    """Passes what a solver finds on, and the run's wish to stop back."""

    def __init__(self, run: Run, judge: Judge) -> None:
        self._run = run
        self._judge = judge

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        """Hand a solution to the judge."""
        if not self._run.abandoned:
            self._judge.take(solution.values, source)

    def on_bound(self, bound: float, time: float) -> None:
        """Hand a bound to the run."""
        if not self._run.abandoned:
            self._run.report_bound(bound, "start")

    def should_stop(self) -> bool:
        """Whether the run has to end."""
        return self._run.should_stop()


class Start(Protocol):
    """What looks for first solutions."""

    @property
    def name(self) -> str:
        """What the option ``starts`` calls it."""
        ...

    def run(
        self, run: Run, judge: Judge, seconds: float, deterministic: bool
    ) -> Outcome | None:
        """Look for solutions; return what is proven of the whole model, if it is.

        Parameters
        ----------
        run : Run
            The run.
        judge : Judge
            Takes what is found.
        seconds : float
            Time of the whole search, of which it takes its share.
        deterministic : bool
            Whether its own count of work limits it instead.
        """
        ...


@dataclass(frozen=True, slots=True)
class SolverStart:
    """A solver of the suite that looks for first solutions.

    Parameters
    ----------
    name : str
        What the option ``starts`` calls it.
    module : str
        Its module with ``solve``.
    share : float
        Share of the time that it may use.
    most : float
        Seconds that it may use at most.
    options : mapping
        Its options.
    """

    name: str
    module: str
    share: float
    most: float
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(
        self, run: Run, judge: Judge, seconds: float, deterministic: bool
    ) -> Outcome | None:
        """Run the solver; see ``Start``."""
        problem = run.problem
        limit = MaxRuntime(min(self.most, self.share * seconds))
        child: Run = Run(
            problem,
            stop=RelativeGap(gap_limit(run))
            | (MaxIterations(_NODES) if deterministic else limit),
            seed=run.seed,
            events=_Feed(run, judge),
            initial=run.solution,
        )
        solve: Callable[..., Outcome] = import_module(self.module).solve
        try:
            outcome = solve(problem, child, **self.options)
        except Abandoned:
            return None
        finally:
            # What it left behind may go on, but not report.
            child.abandoned = True
        return outcome if outcome.status in _PROVEN else None


@dataclass(frozen=True, slots=True)
class BoundsStart:
    """All integers at one end of their bounds, the rest by an LP.

    Switches that are all on, or all off, are often feasible where rounding and
    propagation get lost. It stands back where there is a solution already.

    Parameters
    ----------
    name : str
        What the option ``starts`` calls it.
    share : float
        Share of the time that it may use.
    most : float
        Seconds that it may use at most.
    """

    name: str
    share: float
    most: float

    def run(
        self, run: Run, judge: Judge, seconds: float, deterministic: bool
    ) -> Outcome | None:
        """Try both ends; see ``Start``."""
        s = judge.structure
        end = run.elapsed + min(self.most, self.share * seconds)
        for one, other in ((s.upper, s.lower), (s.lower, s.upper)):
            left = run.remaining if deterministic else end - run.elapsed
            if judge.best is not None or left <= 0 or run.should_stop():
                break
            judge.polish(_finite(one, other), self.name, left)
        return None


def _finite(one: Floats, other: Floats) -> Floats:
    """Return some bounds, the others where those are infinite, else 0."""
    x = np.where(np.isfinite(one), one, other)
    return np.where(np.isfinite(x), x, 0.0)


@dataclass(frozen=True, slots=True)
class LocalStart:
    """The weighted local search, from the best solution or the cheapest point.

    Parameters
    ----------
    name : str
        What the option ``starts`` calls it.
    share : float
        Share of the time that it may use.
    most : float
        Seconds that it may use at most.
    """

    name: str
    share: float
    most: float

    def run(
        self, run: Run, judge: Judge, seconds: float, deterministic: bool
    ) -> Outcome | None:
        """Walk; see ``Start``."""
        structure = judge.structure
        limit = min(self.most, self.share * seconds)
        if not compiled(run.remaining if deterministic else limit):
            return None
        local = LocalSearch(structure, run)
        x = judge.best
        if x is None:
            down = structure.problem.c > 0
            x = _finite(
                np.where(down, structure.lower, structure.upper),
                np.where(down, structure.upper, structure.lower),
            )
        local.begin(x, judge.value)
        if deterministic:
            found = local.steps(_STEPS)
        else:
            found = self._walk(local, run, judge, limit)
        if found is not None and not structure.integer.all():
            judge.polish(found, self.name, min(1.0, run.remaining))
        elif found is not None:
            judge.take(found, self.name)
        return None

    def _walk(
        self, local: LocalSearch, run: Run, judge: Judge, seconds: float
    ) -> Floats | None:
        """Return the best that was found in some seconds, or until it gets slow."""
        found, begun = None, run.elapsed
        last = begun
        while (now := run.elapsed) < begun + seconds and not run.should_stop():
            better = local.go(min(_SLICE, begun + seconds - now))
            if better is not None:
                judge.take(better, self.name)
                found, last = better, run.elapsed
            elif judge.best is not None and now - last > _TIRED * (now - begun):
                break
        return found


#: Nodes of a solver, or steps of a walk, where the clock must not count.
_NODES, _STEPS = 20, 50_000
#: Seconds between two looks at what the local search has found.
_SLICE = 0.2
#: It ends when nothing was found in this share of its time.
_TIRED = 0.4
#: Starts by name, in the order that they run in.
STARTS: dict[str, Start] = {
    start.name: start
    for start in (
        SolverStart("fix-propagate", "combkit.mip.fix_propagate", 0.05, 5.0),
        LocalStart("local", 0.05, 20.0),
        BoundsStart("bounds", 0.1, 20.0),
        SolverStart(
            "scip",
            "combkit.mip.scip",
            0.15,
            30.0,
            {
                "emphasis": "feasibility",
                "heuristics/feaspump/freq": 1,
                "heuristics/feaspump/maxloops": 10,
            },
        ),
    )
}


def make_starts(names: Sequence[str]) -> list[Start]:
    """Return starts by name, in the order of ``STARTS``.

    Raises
    ------
    UsageError
        If a name is unknown, with the nearest one.
    """
    for name in names:
        if name not in STARTS:
            raise UsageError(
                f"unknown start {name!r}{nearest(name, STARTS)} "
                f"(known: {', '.join(STARTS)})"
            )
    return [start for name, start in STARTS.items() if name in names]
