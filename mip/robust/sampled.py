"""Worst of random scenarios: quick, optimistic, no worst case."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InvalidSolutionError, UsageError
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.robust.two_stage import TwoStage
from combkit.instances.robust.uncertainty import Budget, Region
from combkit.instances.solutions import FirstStage, Values
from combkit.mip.robust.ccg.reaction import Reactions
from combkit.mip.robust.ccg.standard import Standard
from combkit.mip.robust.ccg.support import Support

__all__ = ["evaluate_sampled"]

Floats = NDArray[np.float64]

#: Points that a random mixture is made of.
_MIXED = 4


def evaluate_sampled(
    problem: RobustKnapsack | TwoStage,
    solution: FirstStage,
    samples: int = 1_000,
    seed: int = 0,
) -> FirstStage:
    """Return a first stage with the worst of some random scenarios.

    Its value is *optimistic*: the worst case may be much worse, and is what `evaluate`
    brackets. It is here to compare with results that were reported like that.

    Parameters
    ----------
    problem : RobustKnapsack or TwoStage
        The problem.
    solution : FirstStage
        The first stage.
    samples : int
        Number of scenarios: uniform in a box, mixtures of extreme points in other
        convex sets, extreme points where deviations are whole.
    seed : int
        Seed of chance.

    Raises
    ------
    InvalidSolutionError
        If it is no first stage of the problem.
    UsageError
        If there is no sample.
    """
    if samples < 1:
        raise UsageError(f"samples={samples}: at least 1")
    x, rng = solution.first_stage, np.random.default_rng(seed)
    sign = -1.0 if problem.sense == "max" else 1.0
    if isinstance(problem, RobustKnapsack):
        region = Budget(problem.n, problem.budget).region()
        found = [
            FirstStage(x, region.scenario(w)) for w in _drawn(region, samples, rng)
        ]
        return max(found, key=lambda one: sign * problem.evaluate(one))
    if violations := problem.first.program().check(Values(x)):
        raise InvalidSolutionError(violations)
    standard = Standard(problem)
    reactions = Reactions(standard.at(x))
    drawn = _drawn(standard.region, samples, rng)
    worst = max(drawn, key=lambda w: reactions.solve(w).value)
    return FirstStage(x, standard.region.scenario(worst))


def _drawn(region: Region, count: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield random points of a set's program."""
    program = region.program
    if program.m == 0 and not program.integrality.any():
        for _ in range(count):
            yield rng.uniform(program.lower, program.upper)
        return
    support = Support(region)
    whole = bool(program.integrality.any())
    for _ in range(count):
        if whole:
            yield support.farthest(rng.normal(size=program.n))
            continue
        directions = rng.normal(size=(_MIXED, program.n))
        corners = np.array([support.farthest(d) for d in directions])
        yield rng.dirichlet(np.ones(_MIXED)) @ corners
