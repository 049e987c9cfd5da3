"""Divide, conquer and reunite as a solver, for ten kinds of problems.

References
----------
.. [1] Z. Zheng et al., "UDC: a unified neural divide-and-conquer framework for
   large-scale combinatorial optimization problems", NeurIPS 2024.
   https://arxiv.org/abs/2407.00312
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from combkit.comb.packing.greedy_knapsack import by_density, dantzig_bound
from combkit.comb.routing import minmax, replanning
from combkit.comb.routing.detours import shortest_ways
from combkit.comb.routing.greedy_tsp import greedy_tour
from combkit.comb.routing.outing_search import everywhere, obstacle
from combkit.comb.routing.starts import start_of
from combkit.comb.walkers import warm_up
from combkit.instances.graph_sets import IndependentSet
from combkit.instances.knapsack import Knapsack
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP, SPCTSP
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.run import Abandoned, Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.solutions import Routes, Tour
from combkit.instances.stop import MaxIterations, MaxRuntime, Reason, Stop
from combkit.neural.udc.attempt import Settings
from combkit.neural.udc.conquer import Relay
from combkit.neural.udc.crew import Crew
from combkit.neural.udc.dividers import decoded, divide
from combkit.neural.udc.engine import Engine
from combkit.neural.udc.kinds import (
    crew_of,
    cutter_of,
    divider_of,
    settings_of,
    unit,
)
from combkit.neural.udc.outings import OutingCutter
from combkit.neural.udc.pieces import Cutter

__all__ = ["solve"]

#: Share of the time for the plan of somebody who learns prizes on the way, and stages
#: of that plan where nothing limits the run.
_PLANNING, _STAGES = 0.5, 48


def solve(
    problem: Problem,
    run: Run,
    *,
    divider: str = "auto",
    conquerors: str = "auto",
    bandit: str = "discounted-thompson",
    piece: int | None = None,
    cut: str = "auto",
    reunion: str = "shift",
    stable: int = 0,
    alpha: int | None = None,
    weights: str = "shipped",
    device: str = "auto",
) -> Outcome:
    """Divide, conquer and reunite until the run ends.

    A divider makes rough global solutions [1]_, or ``run.initial`` is the first one.
    They are cut into pieces, which conquerors improve, then cut elsewhere, again and
    again. With several threads, as many global solutions are improved side by side.
    An iteration is a stage: a cut into pieces and their conquest.

    Parameters
    ----------
    problem : Problem
        A TSP, ATSP, CVRP, OVRP, OP, PCTSP, MTSP, knapsack or independent set.
    run : Run
        The run.
    divider : str
        ``insertion``, ``greedy-edge``, ``savings``, ``space-filling`` and so on, as
        far as the kind has them; ``auto`` is the best one that was measured.
    conquerors : str
        Names separated by commas: ``walk``, the local search of the kind at the heat
        of the whole; ``construct``, the policy of BQ, for routes and for windows of
        tours; or solvers of the kind. ``auto`` is the best one measured.
    bandit : str
        Policy that draws among several, as for ``balans``.
    piece : int, optional
        Nodes of a piece, at least 4; there are always two pieces or more. By default
        some hundred or thousand, by the kind, and at least a hundredth of all.
    cut : str
        ``blocks`` of the plane or ``windows`` of the tour, where tours are cut;
        ``auto``: blocks where there are coordinates.
    reunion : str
        ``shift``: every stage cuts elsewhere; ``queue``: and leaves out pieces that are
        as they were when nobody could improve them (POPMUSIC); ``once``: all stages
        cut where the first one did, for comparison.
    stable : int
        Stages after which an edge of a tour of all cities stays that nobody has
        changed, so that pieces reach further; 0 for never.
    alpha : int, optional
        Global solutions of the first half of the time, of which the best goes on.
    weights : str
        File of other weights of the neural divider than the ``shipped`` ones.
    device : str
        Where its network runs: ``cpu``, ``cuda`` or ``auto``.

    Raises
    ------
    UsageError
        If an option is wrong.
    InstanceFormatError
        If the weights cannot be used.
    """
    settings = settings_of(problem, piece, alpha, reunion, stable)
    cutter = cutter_of(problem, cut)
    divider = divider_of(problem, divider)
    crew = crew_of(problem, conquerors, bandit, run.seed)
    if isinstance(problem, PCTSP) and not isinstance(problem, SPCTSP):
        reason = obstacle(problem)
        if reason:
            return Outcome(Status.INFEASIBLE, raw_status=reason)
    _bound(problem, run)
    division = Division(divider, weights, device)
    if isinstance(problem, SPCTSP):
        return _travel(problem, run, division, crew, settings)
    return _improve(cutter, run, division, crew, settings)


class Division(NamedTuple):
    """How a problem is divided: by whom, with which weights, and where they run."""

    divider: str
    weights: str
    device: str

    def by(self, problem: Problem, run: Run) -> Callable[[np.random.Generator], Any]:
        """Return what makes a solution of a problem from random numbers."""
        if self.divider != "neural":
            return partial(divide, problem, self.divider, run)
        from combkit.neural.udc.heatmap import heatmap_of

        heatmap = heatmap_of(problem, self.weights, self.device)
        return lambda rng: decoded(problem, heatmap.order(rng), run)


def _improve(
    cutter: Cutter, run: Run, division: Division, crew: Crew, settings: Settings
) -> Outcome:
    """Divide, conquer and reunite."""
    problem = run.problem

    def prepare() -> Callable[[np.random.Generator], Any]:
        warm_up(problem)
        return division.by(problem, run)

    def begin(number: int) -> Any:
        found = way(generator(run.seed, number, 1))
        if found is not None and not problem.check(found):
            run.report(found, division.divider)
            return found
        return run.solution

    try:
        way = run.supervise(prepare)
        first = run.initial
        if first is None:
            first = run.supervise(partial(begin, 0))
    except Abandoned:
        if (found := _quick(problem, run)) is not None:
            run.report(found, "quick start")
        raise
    if first is None:
        reason = f"{division.divider} found no feasible solution to begin with"
        return Outcome(raw_status=reason)
    engine = Engine(run, cutter, begin, partial(unit, problem), crew, settings)
    was_cut = engine.go(first)
    extra = {"stages": engine.stages, "conquerors": crew.statistics()}
    return Outcome(reason=None if was_cut else Reason.COMPLETED, extra=extra)


def _travel(
    problem: SPCTSP, run: Run, division: Division, crew: Crew, settings: Settings
) -> Outcome:
    """Plan for the expected prizes, then see what they are on the way.

    Half of the time is for the plan; whoever passes by plans again.
    """
    expected = PCTSP(
        problem.coords,
        problem.prizes,
        problem.penalties,
        problem.quota,
        matrix=problem.matrix,
        metric=problem.metric,
    )
    limits = run.limits
    stop: Stop = MaxRuntime(run.elapsed + _PLANNING * run.remaining)
    if limits.iterations is not None:
        stop = stop | MaxIterations(limits.iterations)
    elif math.isinf(run.remaining):
        stop = MaxIterations(_STAGES)
    plan = Run(
        expected,
        stop=stop,
        seed=run.seed,
        threads=run.threads,
        events=Relay(run),
        start=run.start,
    )
    outcome = Outcome()
    if not obstacle(expected):
        # Out of time for a plan: then there is one on the way only.
        with contextlib.suppress(Abandoned):
            outcome = _improve(OutingCutter(expected), plan, division, crew, settings)
    if plan.solution is None:
        return replanning.solve(problem, run)
    followed = replanning.follow(problem, run, plan.solution)
    return replace(followed, extra={**outcome.extra, **followed.extra})


def _bound(problem: Problem, run: Run) -> None:
    """Report a bound where one is cheap."""
    if isinstance(problem, Knapsack):
        order = by_density(problem.profits, problem.weights)
        run.report_bound(dantzig_bound(problem, order), "linear relaxation")
    if isinstance(problem, MTSP):
        farthest = float(shortest_ways(problem).max())
        run.report_bound(2.0 * farthest, "there and back")


def _quick(problem: Any, run: Run) -> Any:
    """Return a solution at once, with nothing to compile, None if there is none."""
    if isinstance(problem, Knapsack | IndependentSet):
        return divide(problem, "greedy", run, generator(run.seed))
    if isinstance(problem, OP):
        return Tour([0])
    if isinstance(problem, PCTSP):
        return Tour(greedy_tour(everywhere(problem)))
    if isinstance(problem, MTSP):
        return Routes(minmax.split(problem))
    part = Run(problem, stop=MaxRuntime(0.0))
    return start_of(problem, part)
