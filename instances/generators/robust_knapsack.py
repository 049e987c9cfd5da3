"""Two-stage robust problems of the literature.

References
----------
.. [1] A. N. Arslan, B. Detienne, "Decomposition-based approaches for a class of
   two-stage robust binary optimization problems", INFORMS Journal on Computing
   34(2), 2022.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.seeds import generator

__all__ = ["FAMILIES", "robust_knapsack"]

Array = NDArray[Any]
#: Draws (profits, repairs given the degradations) of items of given weights.
Family = tuple[
    Callable[[np.random.Generator, Array, int], Array],
    Callable[[np.random.Generator, Array, Array, int], Array],
]

#: Correlation of profits with weights, and of repairs with degradations.
FAMILIES: dict[str, Family] = {
    "UN": (
        lambda rng, c, r: rng.uniform(1, r, c.size),
        lambda rng, c, lost, r: rng.uniform(1, np.maximum(c, 1)),
    ),
    "WC": (
        lambda rng, c, r: rng.uniform(c - r / 20, c + r / 20),
        lambda rng, c, lost, r: rng.uniform(0.5 * lost - r / 40, 0.5 * lost + r / 40),
    ),
    "ASC": (
        lambda rng, c, r: c + r / 10 + rng.uniform(-r / 1000, r / 1000, c.size),
        lambda rng, c, lost, r: (
            0.5 * lost + c / 10 + rng.uniform(-r / 1000, r / 1000, c.size)
        ),
    ),
    "SC": (
        lambda rng, c, r: c + r / 10,
        lambda rng, c, lost, r: 0.5 * lost + c / 10,
    ),
}


def robust_knapsack(
    n: int,
    *,
    seed: int,
    family: str = "UN",
    h: int = 40,
    deviation: float = 0.1,
    degradation: float = 0.5,
    r: int = 1000,
    series: int = 100,
) -> RobustKnapsack:
    r"""Generate a robust knapsack as [1]_ do.

    Weights c are uniform on 1..R, profits p and repairs t are

    ==== ========================= =================================================
    UN   uniform on 1..R           uniform on 1..c
    WC   uniform on c -+ R / 20    uniform on l / 2 -+ R / 40 for the degradation l
    ASC  c + R / 10 -+ R / 1000    l / 2 + c / 10 -+ R / 1000
    SC   c + R / 10                l / 2 + c / 10
    ==== ========================= =================================================

    a degradation is ``p U[(1 - d) / 2, (1 + d) / 2]``, outsourcing costs
    ``p U[1.1, 1.5]``; all are rounded, and at least 1. The capacity is ``h / (series
    + 1)`` of the total weight, rounded down, the budget ``deviation * n``.

    Parameters
    ----------
    n : int
        Number of items.
    seed : int
        The seed.
    family : {"UN", "WC", "ASC", "SC"}
        Uncorrelated, weakly, almost strongly or strongly correlated.
    h, series : int
        Number of the instance in a series: its capacity.
    deviation : float
        Budget an item.
    degradation : float
        The width d, from 0 to 1.
    r : int
        The range R of the coefficients.

    References
    ----------
    See the module.
    """
    if family not in FAMILIES:
        raise UsageError(
            f"family: {family!r} is none of {', '.join(FAMILIES)}"
            f"{nearest(family, FAMILIES)}"
        )
    if not (0.0 <= degradation <= 1.0 and deviation >= 0.0):
        raise UsageError(
            f"degradation={degradation!r} is not between 0 and 1, "
            f"or deviation={deviation!r} is negative"
        )
    if not (r >= 1 and 1 <= h <= series):
        raise UsageError(f"r={r!r} is not positive, or h={h!r} not in 1..{series}")
    rng = generator(seed, 0)
    profit_of, repair_of = FAMILIES[family]
    weights = rng.integers(1, r, n, endpoint=True)
    profits = _whole(profit_of(rng, weights, r))
    low, high = 0.5 * (1.0 - degradation), 0.5 * (1.0 + degradation)
    lost = _whole(profits * rng.uniform(low, high, n))
    return RobustKnapsack(
        profits,
        lost,
        _whole(repair_of(rng, weights, lost, r)),
        weights,
        _whole(profits * rng.uniform(1.1, 1.5, n)),
        int(h * weights.sum() // (series + 1)),
        deviation * n,
        name=f"rkp-{family}-n{n}-s{seed}",
    )


def _whole(values: Array) -> Array:
    return np.maximum(1, np.rint(values)).astype(np.int64)
