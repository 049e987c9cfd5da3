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
from combkit.mip.balans.engine import Engine, SubProblem
from combkit.mip.balans.judge import Judge
from combkit.mip.balans.linear import LinearPart
from combkit.mip.balans.local import LocalSearch, compiled
from combkit.mip.contract import gap_limit

__all__ = [
    "STARTS",
    "BoundsStart",
    "Ground",
    "LocalStart",
    "RensStart",
    "SolverStart",
    "Start",
    "make_starts",
]

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


@dataclass(frozen=True, slots=True)
class Ground:
    """What all starts have.

    Parameters
    ----------
    run : Run
        The run.
    judge : Judge
        Takes what is found.
    linear : LinearPart
        The relaxation.
    engine : Engine
        Solves parts of the model.
    seconds : float
        Time of the whole search, of which each start takes its share.
    deterministic : bool
        Whether each start's own count of work limits it instead.
    """

    run: Run
    judge: Judge
    linear: LinearPart
    engine: Engine
    seconds: float
    deterministic: bool


class Start(Protocol):
    """What looks for first solutions."""

    @property
    def name(self) -> str:
        """What the option ``starts`` calls it."""
        ...

    def run(self, ground: Ground) -> Outcome | None:
        """Look for solutions; return what is proven of the whole model, if it is."""
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

    def run(self, ground: Ground) -> Outcome | None:
        """Run the solver; see ``Start``."""
        run = ground.run
        problem = run.problem
        limit = MaxRuntime(min(self.most, self.share * ground.seconds))
        child: Run = Run(
            problem,
            stop=RelativeGap(gap_limit(run))
            | (MaxIterations(_NODES) if ground.deterministic else limit),
            seed=run.seed,
            events=_Feed(run, ground.judge),
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

    def run(self, ground: Ground) -> Outcome | None:
        """Try both ends; see ``Start``."""
        run, judge = ground.run, ground.judge
        s = judge.structure
        end = run.elapsed + min(self.most, self.share * ground.seconds)
        for one, other in ((s.upper, s.lower), (s.lower, s.upper)):
            left = run.remaining if ground.deterministic else end - run.elapsed
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

    def run(self, ground: Ground) -> Outcome | None:
        """Walk; see ``Start``."""
        run, judge, deterministic = ground.run, ground.judge, ground.deterministic
        structure = judge.structure
        limit = min(self.most, self.share * ground.seconds)
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


@dataclass(frozen=True, slots=True)
class RensStart:
    """The roundings of the relaxation, searched as a part of the model.

    Integers that are whole in the relaxation are fixed. Where the best solution is
    then still far from the relaxation, only those are that would cost something to
    move. That part is large, and pays where relaxations are hard: many small parts
    would do more in the same time elsewhere.

    Parameters
    ----------
    name : str
        What the option ``starts`` calls it.
    share : float
        Share of the time that it may use, half of it for the relaxation.
    most : float
        Seconds that it may use at most.
    deep : float
        Share of the time that the large part may use.

    References
    ----------
    T. Berthold, RENS: the optimal rounding, Math. Prog. Comp. 6 (2014).
    doi:10.1007/s12532-013-0060-9
    """

    name: str
    share: float
    most: float
    deep: float

    def run(self, ground: Ground) -> Outcome | None:
        """Search the roundings; see ``Start``."""
        linear, s = ground.linear, ground.judge.structure
        most = min(self.most, self.share * ground.seconds)
        if ground.deterministic:
            most = ground.run.remaining
        optimum = linear.root(most / 2)
        if optimum is None:
            return None
        x = optimum.x
        whole = np.abs(x - np.round(x)) <= _WHOLE
        left = self._search(ground, x, whole, most / 2)
        dear = whole & (np.abs(optimum.reduced_costs) > _WHOLE)
        if np.count_nonzero(dear[s.discrete]) < _HELD * s.discrete.size:
            return None
        if ground.judge.best is None:
            self._search(ground, x, dear, left)
        elif (
            linear.seconds > _HARD * ground.seconds
            and ground.judge.value - optimum.value > _FAR * abs(ground.judge.value)
        ):
            self._search(ground, x, dear, self.deep * ground.seconds)
        return None

    def _search(
        self, ground: Ground, x: Floats, held: NDArray[np.bool_], seconds: float
    ) -> float:
        """Search the part that holds some at the relaxation; return seconds left."""
        run, judge = ground.run, ground.judge
        begun = run.elapsed
        seconds = run.remaining if ground.deterministic else min(seconds, run.remaining)
        if seconds <= 0 or run.should_stop():
            return 0.0
        lower, upper = judge.structure.fixing(judge.rounded(x), ~held)
        best = judge.best
        inside = best is not None and bool(((lower <= best) & (best <= upper)).all())
        part = SubProblem(
            lower,
            upper,
            seconds,
            cutoff=judge.value,
            start=best if inside else None,
            nodes=_NODES if ground.deterministic else None,
        )

        def take(values: Floats) -> None:
            judge.take(values, self.name)

        ground.engine.solve(part, take)
        return begun + seconds - run.elapsed


#: Values closer than this are the same.
_WHOLE = 1e-6
#: What makes the large part worth it: share of the integers that are held; where
#: there is a solution, share of the time that the relaxation took, and distance
#: from it.
_HELD, _HARD, _FAR = 0.4, 0.01, 0.05
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
        RensStart("rens", 0.15, 30.0, 0.25),
        BoundsStart("bounds", 0.1, 20.0),
        LocalStart("local", 0.05, 20.0),
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
