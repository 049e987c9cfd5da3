"""Large-neighbourhood search by CP-SAT: rounds that free some tasks of a schedule.

The exact model is built once. A round copies it, keeps the modes and the orders of
the tasks that an operator does not free, and lets CP-SAT look for something better
for a short while; a bandit learns which operators pay, and each operator how many
tasks it can free.

References
----------
.. [1] P. Shaw, "Using constraint programming and local search methods to solve
   vehicle routing problems", CP 1998. https://doi.org/10.1007/3-540-49481-2_30
.. [2] P. Laborie, D. Godard, "Self-adapting large neighborhood search: application
   to single-mode scheduling problems", MISTA 2007.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.scheduling.cp_lns_operators import Operator, Picture, make_operators
from combkit.comb.scheduling.model_cpsat import (
    Builder,
    build,
    find_first,
    worker_options,
)
from combkit.comb.scheduling.model_dispatch import opening, report
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.shops import scheduling_model
from combkit.mip.balans.bandit import Bandit, make_bandit
from combkit.mip.balans.naming import parsed

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, CpSolver

__all__ = ["solve"]

_SOURCE = "cp-lns"
_OPERATORS = "time,resource,related,critical,random"
#: Tasks that an operator frees at first, and least.
_FIRST, _LEAST = 40, 5
#: What becomes of that number when CP-SAT has exhausted a round, or has not and
#: found nothing either.
_GROW, _SHRINK = 1.15, 0.8
#: Effort of a round, in CP-SAT's deterministic seconds; it doubles, up to the
#: second, when even the least neighbourhoods take longer.
_EFFORT = (0.3, 5.0)
#: Tasks that a round leaves without hints with this chance: an equal schedule that
#: is new is worth more than the old one.
_UNHINTED = 0.5
#: What a round pays that finds an equal schedule; a better one pays 1.
_EQUAL = 0.1


def solve(
    problem: Problem,
    run: Run,
    *,
    operators: str = _OPERATORS,
    bandit: str = "discounted-thompson",
) -> Outcome:
    """Improve a schedule by CP-SAT, a neighbourhood at a time.

    Takes every scheduling model. It starts from the incumbent or a dispatched
    schedule, where they are infeasible from the first one that CP-SAT finds. An
    iteration is a round; with several threads that many rounds run side by side,
    and the best of their schedules is kept.

    Parameters
    ----------
    problem : Problem
        A scheduling model, or a kind that has one.
    run : Run
        The run.
    operators : str
        Names of operators, separated by commas: ``time`` frees a window of time,
        ``resource`` stretches of sequences, ``related`` tasks that precedences tie
        together, ``critical`` what delays a task that costs, ``random`` any.
    bandit : str
        Policy that draws among them, as for ``balans``.

    Raises
    ------
    UsageError
        If an operator or a policy is unknown.
    """
    arms = make_operators(operators)
    policy, options = parsed("bandit", bandit)
    chooser = make_bandit(policy, len(arms), seed=run.seed, **options)
    model = scheduling_model(problem)
    limits = opening(problem, run)
    if not limits.feasible:
        return Outcome(Status.INFEASIBLE, raw_status="contradicting precedences")
    if run.should_stop():
        return Outcome(reason=run.reason)
    if run.solution is None:
        outcome = find_first(problem, run, limits)
        if run.objective is None:
            return outcome
    built = run.supervise(lambda: build(model, limits, run))
    if built is None:  # out of time
        return Outcome(reason=run.reason)
    return _Search(problem, run, built, list(arms.values()), chooser).run()


@dataclass(frozen=True, slots=True)
class _Draw:
    """A round to make: the tasks it frees, its seed, and whether those are hinted."""

    arm: int
    free: NDArray[np.bool_]
    seed: int
    hinted: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """A schedule, as CP-SAT knows it.

    Attributes
    ----------
    values : list of int
        Of all variables; empty where they are as they were hinted at first.
    objective : float
        The objective.
    picture : Picture
        The schedule.
    """

    values: list[int]
    objective: float
    picture: Picture


class _Search:
    """Rounds on one model."""

    def __init__(
        self,
        problem: Problem,
        run: Run,
        built: Builder,
        operators: list[Operator],
        bandit: Bandit,
    ) -> None:
        self._problem, self._run, self._built = problem, run, built
        self._operators, self._bandit = operators, bandit
        self._model = scheduling_model(problem)
        self._rng = generator(run.seed)
        n = self._model.n_tasks
        self._sizes = np.full(len(operators), float(min(n, _FIRST)))
        self._effort = _EFFORT[0]
        self._solvers: list[CpSolver] = []
        starts, modes = (np.array(part) for part in built.hinted())
        ends = np.array([built.held(t) for t in range(n)])
        assert run.objective is not None
        self._best = _Found(
            [], run.objective, Picture(self._model, starts, ends, modes)
        )

    def run(self) -> Outcome:
        """Make rounds until the run ends or one without limits finds nothing."""
        run, made = self._run, 0
        with ThreadPoolExecutor(run.threads) as threads:
            while not run.should_stop(made):
                draws = [self._draw() for _ in range(run.threads)]
                rounds = run.supervise(
                    partial(self._rounds, threads, draws), self._interrupt
                )
                made += len(draws)
                before = self._best
                for draw, (found, exhausted) in zip(draws, rounds, strict=True):
                    self._learn(draw, found, exhausted, before.objective)
                    if found is not None and found.objective <= self._best.objective:
                        self._adopt(found)
                    if exhausted and draw.free.all():
                        run.report_bound(self._best.objective, _SOURCE)
                        return Outcome(Status.OPTIMAL)
        return Outcome(reason=run.reason)

    def _draw(self) -> _Draw:
        """Draw an operator and what it frees."""
        arm = self._bandit.select()
        n = self._model.n_tasks
        free = np.zeros(n, np.bool_)
        size = int(self._sizes[arm])
        picked = self._operators[arm](self._best.picture, self._rng, size)
        free[picked if size < n else slice(None)] = True
        seed = int(self._rng.integers(2**31))
        return _Draw(arm, free, seed, bool(self._rng.random() >= _UNHINTED))

    def _rounds(
        self, threads: ThreadPoolExecutor, draws: list[_Draw]
    ) -> list[tuple[_Found | None, bool]]:
        return list(threads.map(self._round, draws))

    def _round(self, draw: _Draw) -> tuple[_Found | None, bool]:
        """Make a round; return what was found, and whether nothing is left there."""
        from ortools.sat.python.cp_model import FEASIBLE, OPTIMAL, CpSolver

        solver = CpSolver()
        options = worker_options(self._model) | {
            "max_deterministic_time": self._effort,
            "random_seed": draw.seed,
            "catch_sigint_signal": False,
            "symmetry_level": 0,
            "cp_model_probing_level": 0,
        }
        for name, value in options.items():
            setattr(solver.parameters, name, value)
        if math.isfinite(self._run.remaining):
            solver.parameters.max_time_in_seconds = self._run.remaining
        self._solvers.append(solver)
        status = solver.solve(self._neighbourhood(draw))
        self._solvers.remove(solver)
        if status not in (FEASIBLE, OPTIMAL):
            return None, False
        starts, modes = (np.array(part) for part in self._built.read(solver))
        n = self._model.n_tasks
        ends = np.array([solver.value(self._built.until(t)) for t in range(n)])
        found = _Found(
            list(solver.response_proto.solution),
            solver.objective_value,
            Picture(self._model, starts, ends, modes),
        )
        return found, status == OPTIMAL

    def _neighbourhood(self, draw: _Draw) -> CpModel:
        """Return the model in which only what is free may change its order."""
        built, best = self._built, self._best
        model = built.proto.clone()
        for a, b in best.picture.kept_orders(draw.free):
            model.add(built.start[b] >= built.until(a))
        for t in np.flatnonzero(~draw.free).tolist():
            if len(built.choice[t]) > 1 or self._model.optional[t]:
                for k, literal in enumerate(built.choice[t]):
                    model.add(literal == int(k == best.picture.modes[t]))
        if best.values:
            skipped = set()
            if not draw.hinted:
                skipped = {built.start[t].index for t in np.flatnonzero(draw.free)}
            hints = [(i, x) for i, x in enumerate(best.values) if i not in skipped]
            hint = model.proto.solution_hint
            for field, row in ((hint.vars, 0), (hint.values, 1)):
                field.clear()
                field.extend(pair[row] for pair in hints)
        return model

    def _learn(
        self, draw: _Draw, found: _Found | None, exhausted: bool, before: float
    ) -> None:
        """Pay the operator, and let it free more or fewer tasks next time."""
        better = found is not None and found.objective < before
        equal = found is not None and found.objective == before
        self._bandit.update(draw.arm, 1.0 if better else _EQUAL * equal)
        size = self._sizes[draw.arm]
        if exhausted:
            self._sizes[draw.arm] = min(self._model.n_tasks, _GROW * size)
        elif not better:
            self._sizes[draw.arm] = max(_LEAST, _SHRINK * size)
            if size == _LEAST:
                self._effort = min(2.0 * self._effort, _EFFORT[1])

    def _adopt(self, found: _Found) -> None:
        """Go on from a schedule that is no worse, and report one that is better."""
        if found.objective < self._best.objective:
            picture = found.picture
            report(self._problem, self._run, picture.starts, picture.modes, _SOURCE)
        self._best = found

    def _interrupt(self) -> None:
        for solver in list(self._solvers):
            solver.stop_search()
