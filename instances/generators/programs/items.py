"""Programs over items: knapsacks, assignments and machines."""

from __future__ import annotations

import numpy as np

from combkit.instances.generators.programs.rows import Rows
from combkit.instances.mip import MIP

__all__ = ["assignment", "job_shop", "knapsack", "multi_knapsack"]


def knapsack(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a knapsack of ``n`` items and ``max(5, n / 20)`` resources.

    Weights are 1..1000 and capacities half of their sums; profits 1..1000, or
    ``correlated``: the mean of an item's weights and 0 to 500 [1]_.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] P. C. Chu, J. E. Beasley, "A genetic algorithm for the multidimensional
       knapsack problem", Journal of Heuristics 4, 1998.
    """
    m = max(5, n // 20)
    weights = rng.integers(1, 1000, (m, n), endpoint=True).astype(np.float64)
    profits = rng.integers(1, 1000, n, endpoint=True).astype(np.float64)
    if structure == "correlated":
        profits = np.floor(weights.mean(axis=0) + 500.0 * rng.random(n))
    rows = Rows()
    rows.add(
        np.tile(np.arange(n), (m, 1)),
        weights,
        upper=np.floor(0.5 * weights.sum(axis=1)),
    )
    return rows.program(profits, maximize=True, name=name)


def multi_knapsack(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw ``n`` items for ``n / 16`` knapsacks, each item in one at most.

    Weights are 10..30; profits ``uncorrelated`` with them, ``weakly`` or ``strongly``
    correlated, or ``subset-sum``; the capacities hold half of all weight, shared by
    chance between 0.4 and 0.6 of an equal part, the last gets the rest [1]_.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] A. Fukunaga, "A branch-and-bound algorithm for hard multiple knapsack
       problems", Annals of Operations Research 184, 2011.
    """
    bins = max(2, n // 16)
    weights = rng.integers(10, 30, n, endpoint=True).astype(np.float64)
    profits = {
        "uncorrelated": rng.integers(10, 30, n, endpoint=True).astype(np.float64),
        "weakly": np.maximum(1.0, weights + rng.integers(-5, 5, n, endpoint=True)),
        "strongly": weights + 10.0,
        "subset-sum": weights,
    }[structure]
    total = weights.sum()
    capacity = np.floor(rng.uniform(0.4, 0.6, bins) * total / bins)
    capacity[-1] = max(weights.min(), np.floor(0.5 * total) - capacity[:-1].sum())
    place = np.arange(n * bins).reshape(n, bins)
    rows = Rows()
    rows.add(place.T, weights, upper=capacity)
    rows.add(place, upper=1.0)
    return rows.program(np.repeat(profits, bins), maximize=True, name=name)


def assignment(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw a generalised assignment of ``n`` jobs to ``n / 5`` agents.

    Classes ``c``, ``d`` and ``e`` of Beasley's collection: costs independent of,
    inversely related to, and exponentially related to the resources; the capacities
    are 0.8 of the mean load. A job may be left out for three times the largest cost,
    so that every instance is feasible.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.
    """
    agents = max(2, n // 5)
    if structure == "e":
        load = np.ceil(1.0 - 10.0 * np.log(1.0 - rng.random((n, agents))))
        cost = np.ceil(1000.0 / load - 10.0 * rng.random((n, agents)))
    elif structure == "d":
        load = rng.integers(1, 100, (n, agents), endpoint=True).astype(np.float64)
        cost = 111.0 - load + rng.integers(-10, 10, (n, agents), endpoint=True)
    else:
        load = rng.integers(5, 25, (n, agents), endpoint=True).astype(np.float64)
        cost = rng.integers(10, 50, (n, agents), endpoint=True).astype(np.float64)
    place = np.arange(n * agents).reshape(n, agents)
    left = n * agents + np.arange(n)
    rows = Rows()
    rows.add(np.column_stack([place, left]), lower=1.0, upper=1.0)
    rows.add(place.T, load.T, upper=np.ceil(0.8 * load.sum(axis=0) / agents))
    costs = np.append(cost, np.full(n, 3.0 * np.abs(cost).max()))
    return rows.program(costs, name=name)


def job_shop(rng: np.random.Generator, n: int, structure: str, name: str) -> MIP:
    """Draw ``n`` jobs on 5 machines: the model of Manne, with large constants.

    Durations are 1..99. ``job``: every job has its own order of machines; ``flow``:
    all have the same.

    Parameters
    ----------
    rng, n, structure, name
        As of ``program``.

    References
    ----------
    .. [1] A. S. Manne, "On the job-shop scheduling problem", Operations Research 8,
       1960.
    """
    machines = 5
    duration = rng.integers(1, 99, (n, machines), endpoint=True).astype(np.float64)
    order = np.tile(np.arange(machines), (n, 1))
    if structure == "job":
        order = rng.permuted(order, axis=1)
    start = np.arange(n * machines).reshape(n, machines)
    end = n * machines
    first, second = np.triu_indices(n, 1)
    pairs = len(first)
    before = end + 1 + np.arange(machines * pairs).reshape(machines, pairs)
    # Machines one after another: some schedule ends by then.
    large = float(duration.sum())
    rows = Rows()
    job = np.arange(n)
    for k in range(1, machines):
        a, b = order[:, k - 1], order[:, k]
        rows.add(
            np.column_stack([start[job, b], start[job, a]]),
            [1.0, -1.0],
            lower=duration[job, a],
        )
    last = order[:, -1]
    rows.add(
        np.column_stack([np.full(n, end), start[job, last]]),
        [1.0, -1.0],
        lower=duration[job, last],
    )
    for machine in range(machines):
        i, j = start[first, machine], start[second, machine]
        chosen = before[machine]
        rows.add(
            np.column_stack([j, i, chosen]),
            [1.0, -1.0, -large],
            lower=duration[first, machine] - large,
        )
        rows.add(
            np.column_stack([i, j, chosen]),
            [1.0, -1.0, large],
            lower=duration[second, machine],
        )
    count = end + 1 + before.size
    costs = np.zeros(count)
    costs[end] = 1.0
    integrality = np.arange(count) > end
    upper = np.where(integrality, 1.0, large)
    return rows.program(costs, integrality, upper=upper, name=name)
