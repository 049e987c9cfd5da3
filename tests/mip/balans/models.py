"""Small models for the tests of Balans."""

from __future__ import annotations

import numpy as np

from combkit.instances.mip import MIP


def knapsack(
    seed: int = 0, n: int = 12, most: int = 3, *, maximize: bool = True
) -> MIP:
    """Three knapsack rows over bounded integers."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(5, 60, (3, n))
    profit = weights.mean(axis=0).round() + rng.integers(0, 9, n)
    sign = 1.0 if maximize else -1.0
    return MIP(
        sign * profit,
        weights,
        -np.inf,
        weights.sum(axis=1) // 2,
        0,
        most,
        1,
        offset=3.0,
        maximize=maximize,
    )


def lot_sizing(periods: int = 12, items: int = 3, seed: int = 0) -> MIP:
    """Continuous production and stock, binary set-ups, shared capacity."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(5, 30, (items, periods)).astype(float)
    size = items * periods
    # Columns: production, stock, set-up, each items x periods.
    n = 3 * size
    capacity = demand.sum() / periods * 1.6
    rows: list[np.ndarray] = []
    lower: list[float] = []
    upper: list[float] = []

    def add(row: np.ndarray, lo: float, up: float) -> None:
        rows.append(row)
        lower.append(lo)
        upper.append(up)

    for i in range(items):
        for t in range(periods):
            k = i * periods + t
            balance = np.zeros(n)
            balance[k], balance[size + k] = 1.0, -1.0
            if t:
                balance[size + k - 1] = 1.0
            add(balance, demand[i, t], demand[i, t])
            switch = np.zeros(n)
            switch[k], switch[2 * size + k] = 1.0, -capacity
            add(switch, -np.inf, 0.0)
    for t in range(periods):
        shared = np.zeros(n)
        shared[[i * periods + t for i in range(items)]] = 1.0
        add(shared, -np.inf, capacity)
    cost = np.concatenate(
        [np.zeros(size), np.full(size, 1.0), rng.integers(40, 120, size)]
    ).astype(float)
    top = np.concatenate([np.full(2 * size, np.inf), np.ones(size)])
    kinds = np.concatenate([np.zeros(2 * size), np.ones(size)]).astype(int)
    return MIP(cost, np.array(rows), lower, upper, 0.0, top, kinds)


def cover(n: int = 60, seed: int = 0) -> MIP:
    """Weighted vertex cover of a random graph."""
    rng = np.random.default_rng(seed)
    edges = np.argwhere(np.triu(rng.random((n, n)) < 4 / n, 1))
    A = np.zeros((len(edges), n))
    A[np.arange(len(edges)), edges[:, 0]] = 1.0
    A[np.arange(len(edges)), edges[:, 1]] = 1.0
    return MIP(rng.integers(1, 20, n), A, 1.0, np.inf, 0, 1, 1)


def independent(n: int = 30, seed: int = 0) -> MIP:
    """Independent set where edges may be bought off.

    Columns are the nodes, then one for each row's edge.
    """
    rng = np.random.default_rng(seed)
    edges = np.argwhere(np.triu(rng.random((n, n)) < 0.6, 1))
    m = len(edges)
    A = np.zeros((m, n + m))
    rows = np.arange(m)
    A[rows, edges[:, 0]] = A[rows, edges[:, 1]] = 1.0
    A[rows, n + rows] = -1.0
    costs = np.concatenate([np.full(n, -10.0), rng.integers(1, 8, m)])
    return MIP(costs, A, -np.inf, 1.0, 0.0, 1.0, 1)
