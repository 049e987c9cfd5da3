"""Hints at work: a part of the program that keeps the surest ones, then all of it.

References
----------
V. Nair et al., Solving mixed integer programs using neural networks (2020), neural
diving. doi:10.48550/arXiv.2012.13349
T. Berthold, RENS: the optimal rounding, Math. Prog. Comp. 6 (2014).
doi:10.1007/s12532-013-0060-9
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from combkit.comb.solve import solve as solve_any
from combkit.instances.errors import UsageError
from combkit.instances.events import Events
from combkit.instances.mip import MIP
from combkit.instances.problem import Problem
from combkit.instances.result import Result, Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.solutions import Values
from combkit.instances.stop import Reason
from combkit.mip.contract import settled, start_vector
from combkit.neural.forge.encoder import shipped
from combkit.neural.forge.hints import Hints, View, shipped_hint_model, view_of

__all__ = ["KINDS", "solve", "supports"]

_SOURCE = "forge-hints"
#: Expected part of wrong hints among those that are kept first, and what parts of
#: the variables that may be.
_ERRORS, _FEWEST, _MOST = 0.01, 0.5, 0.95
#: What is left of the hints after a part was solved, and after one had no solution;
#: after one that was too hard, so much of the rest is kept, too.
_LESS, _BACK, _MORE = 0.8, 0.6, 0.5
#: Parts of fewer variables are not worth a solve of their own.
_LEAST = 0.1
#: Shares of the time for a first solution and for the relaxation, and, of the time of
#: all parts, for one.
_FIRST, _RELAXATION, _PART = 0.02, 0.1, 0.3
#: What counts as the time where there is more, or no limit.
_LONGEST = 1000.0


def _learned(program: MIP, view: View, rng: np.random.Generator) -> Hints:
    return shipped_hint_model().hints(program, view)


def _rounded(program: MIP, view: View, rng: np.random.Generator) -> Hints:
    """Return the roundings of the relaxation, the nearest surest."""
    distance = np.abs(view.point - view.values)
    return Hints(view.columns, view.values, 1.0 - np.minimum(distance, 0.5))


def _random(program: MIP, view: View, rng: np.random.Generator) -> Hints:
    """Return the roundings of the relaxation, in an order that means nothing."""
    return Hints(view.columns, view.values, rng.uniform(0.5, 1.0, view.values.size))


#: Where hints come from: the model, or, to compare with, the relaxation.
KINDS: dict[str, Callable[[MIP, View, np.random.Generator], Hints]] = {
    "learned": _learned,
    "relaxation": _rounded,
    "random": _random,
}


def supports(problem: Problem) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    if type(problem) is not MIP:
        return "it is not a linear program with integers"
    return None


def solve(
    problem: MIP,
    run: Run,
    *,
    hints: str = "learned",
    share: float = 0.1,
    engine: str = "highs",
    then: str = "balans",
) -> Outcome:
    """Solve parts of a program that keep the surest hints, then all of it.

    Fix-and-propagate looks for a first solution. The hints that the first part keeps
    are expected to be right but for one in a hundred; the next ones keep values of the
    best solution, those that hints agree with most. Where a part is solved, the next
    one keeps fewer; where it is too hard, more; where it has no solution, many fewer.
    Then another solver goes on from the best solution: hints cost time, never a
    solution, and ``highs`` or ``scip`` make the answer exact. An iteration is a part.

    Parameters
    ----------
    problem : MIP
        The program.
    run : Run
        The run.
    hints : str
        ``learned``, or, to compare with, ``relaxation``: the nearest roundings, or
        ``random``: roundings in any order.
    share : float
        Share of the time for parts.
    engine : str
        Solver of the parts.
    then : str
        Solver of the whole program, e.g. ``highs``, ``scip`` or ``balans``.

    Raises
    ------
    UsageError
        If an option is wrong.
    """
    if hints not in KINDS:
        raise UsageError(f"hints {hints!r}: not one of {', '.join(KINDS)}")
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"share {share:g}: from 0 to 1")
    if (outcome := settled(problem, run)) is not None:
        return outcome
    start_vector(problem, run)
    search = _Search(problem, run)
    if problem.integrality.any():
        search.dive(hints, share, engine)
    return search.finish(then)


class _Feed(Events):
    """Hands what a solver finds to the run."""

    def __init__(self, run: Run, *, exact: bool) -> None:
        self._run, self._exact = run, exact

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        """Report a solution of the program."""
        self._run.report(Values(solution.values), _SOURCE)

    def on_bound(self, bound: float, time: float) -> None:
        """Report a bound, if it is one of the whole program."""
        if self._exact:
            self._run.report_bound(bound, _SOURCE)

    def should_stop(self) -> bool:
        """Whether the run has to end."""
        return self._run.should_stop()


class _Search:
    """Parts of a program, then all of it."""

    def __init__(self, program: MIP, run: Run) -> None:
        self._program, self._run = program, run

    def dive(self, kind: str, share: float, engine: str) -> None:
        """Solve parts that keep fewer and fewer hints."""
        run, program = self._run, self._program
        whole = min(run.remaining, _LONGEST)
        seconds = share * whole
        until = run.elapsed + seconds
        if run.solution is None:
            solve_any(
                program,
                "fix-propagate",
                time_limit=_FIRST * whole,
                seed=run.seed,
                events=_Feed(run, exact=False),
            )
        view = view_of(program, shipped(), _RELAXATION * whole)
        if view is None or not view.columns.size:
            return
        found = KINDS[kind](program, view, generator(run.seed))
        count = found.confidence.size
        keep = found.within(_ERRORS) / count
        keep = min(max(keep, _FEWEST), _MOST)
        parts = 0
        while (left := until - run.elapsed) > 0 and keep >= _LEAST:
            if run.should_stop(parts):
                return
            parts += 1
            kept = self._agreed(found).surest(int(keep * count))
            part = self._part(kept, engine, min(left, _PART * seconds))
            if part.status is Status.OPTIMAL:
                keep *= _LESS
            elif part.solution is None:
                keep *= _BACK
            else:
                keep += _MORE * (1.0 - keep)

    def _agreed(self, hints: Hints) -> Hints:
        """Return hints that the best solution obeys: surest those it agrees with."""
        best = self._run.solution
        if best is None:
            return hints
        values = np.round(best.values[hints.columns])
        agrees = np.abs(values - hints.values) < 0.5
        confidence = np.where(agrees, hints.confidence, 1.0 - hints.confidence)
        return Hints(hints.columns, values, confidence)

    def _part(self, kept: Hints, engine: str, seconds: float) -> Result:
        lower, upper = self._program.lower.copy(), self._program.upper.copy()
        lower[kept.columns] = upper[kept.columns] = kept.values
        part = replace(self._program, lower=lower, upper=upper)
        best = self._run.solution
        return solve_any(
            part,
            engine,
            time_limit=seconds,
            gap=self._run.limits.gap,
            threads=self._run.threads,
            seed=self._run.seed,
            events=_Feed(self._run, exact=False),
            initial=best if best is not None and not part.check(best) else None,
        )

    def finish(self, solver: str) -> Outcome:
        """Solve the whole program from the best solution."""
        run = self._run
        if run.should_stop():
            return Outcome(reason=run.reason)
        result = solve_any(
            self._program,
            solver,
            time_limit=run.remaining,
            gap=run.limits.gap,
            threads=run.threads,
            seed=run.seed,
            events=_Feed(run, exact=True),
            initial=run.initial if run.solution is None else run.solution,
        )
        if result.bound is not None:
            run.report_bound(result.bound, solver)
        ended = {Status.FEASIBLE, Status.NO_SOLUTION}
        return Outcome(
            None if result.status in ended else result.status,
            reason=run.reason or result.reason or Reason.COMPLETED,
            raw_status=result.raw_status,
        )
