"""What the network learns from: first stages, scenarios, what the best reaction earns.

Instances are drawn like those of Arslan and Detienne, of all families and sizes. First
stages accept items by chance or by what they earn; scenarios are random, or bad:
deviations whole, where losses are large. A knapsack takes microseconds, so that a
quarter of a million labels is a matter of seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.instances.generators.robust_knapsack import FAMILIES, robust_knapsack
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.neural.neur2ro.features import FEATURES, Items

__all__ = ["Labels", "collect", "draw_instances", "draw_pairs"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """Labelled pairs of first stages and scenarios, padded to one length.

    Parameters
    ----------
    features : ndarray of float32, shape (count, n, 5)
        Features of the accepted items, those first.
    accepted : ndarray of float32, shape (count, n)
        1 over the number of items of the instance where there is one.
    values : ndarray of float32, shape (count,)
        What the best reaction earns, as a part of all outsourcing costs.
    instances : ndarray of int64, shape (count,)
        Number of the instance.
    """

    features: NDArray[np.float32]
    accepted: NDArray[np.float32]
    values: NDArray[np.float32]
    instances: NDArray[np.int64]


def draw_instances(
    count: int, rng: np.random.Generator, smallest: int = 10, largest: int = 80
) -> Iterator[RobustKnapsack]:
    """Yield drawn instances of all families.

    Parameters
    ----------
    count : int
        Their number.
    rng : Generator
        Source of chance.
    smallest, largest : int
        Range of the number of items.
    """
    names = sorted(FAMILIES)
    for _ in range(count):
        yield robust_knapsack(
            int(rng.integers(smallest, largest + 1)),
            seed=int(rng.integers(2**31)),
            family=names[rng.integers(len(names))],
            h=int(rng.integers(20, 91)),
            deviation=float(rng.uniform(0.05, 0.3)),
            degradation=float(rng.uniform(0.0, 1.0)),
        )


def draw_pairs(
    problem: RobustKnapsack, count: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """Yield first stages and scenarios of an instance.

    Parameters
    ----------
    problem : RobustKnapsack
        The instance.
    count : int
        Their number.
    rng : Generator
        Source of chance.
    """
    n = problem.n
    density = problem.outsourcing / np.maximum(problem.weights, 1)
    for _ in range(count):
        if rng.random() < 0.5:
            accepted = rng.random(n) < rng.random()
        else:  # the best by weight, with noise, up to some load
            key = density * rng.lognormal(0.0, 0.3, n)
            order = np.argsort(-key)
            load = np.cumsum(problem.weights[order]) / max(problem.capacity, 1)
            accepted = np.zeros(n, dtype=bool)
            accepted[order[load <= rng.uniform(0.3, 2.5)]] = True
        budget = problem.budget * rng.uniform(0.3, 1.0)
        if rng.random() < 0.3:
            shares = rng.random(n)
            scenario = np.minimum(1.0, shares * budget / shares.sum())
        else:  # whole deviations of accepted items, large losses first, with noise
            key = problem.degradations * accepted * rng.lognormal(0.0, 0.7, n)
            scenario = np.zeros(n)
            order = np.argsort(-key)
            whole = min(int(budget), n)
            scenario[order[:whole]] = 1.0
            if whole < n:
                scenario[order[whole]] = budget - whole
        yield accepted, scenario


def collect(
    problems: Sequence[RobustKnapsack], pairs: int, rng: np.random.Generator
) -> Labels:
    """Return labels of pairs that are drawn for each of some instances.

    Parameters
    ----------
    problems : sequence of RobustKnapsack
        The instances.
    pairs : int
        Pairs of each.
    rng : Generator
        Source of chance.
    """
    from combkit.mip.robust.recourse import Recourse

    count, width = len(problems) * pairs, max(problem.n for problem in problems)
    features = np.zeros((count, width, FEATURES), dtype=np.float32)
    accepted = np.zeros((count, width), dtype=np.float32)
    values = np.zeros(count, dtype=np.float32)
    k = 0
    for problem in problems:
        items, recourse = Items(problem), Recourse(problem)
        for chosen, scenario in draw_pairs(problem, pairs, rng):
            at = np.flatnonzero(chosen)
            features[k, : at.size] = items.features(scenario)[at]
            accepted[k, : at.size] = 1.0 / problem.n
            values[k] = recourse.react(chosen, scenario)[0] / items.scale
            k += 1
    instances = np.repeat(np.arange(len(problems)), pairs)
    return Labels(features, accepted, values, instances)
