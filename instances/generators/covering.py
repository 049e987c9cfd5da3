"""Random set covers and multidimensional knapsacks of the literature."""

from __future__ import annotations

import numpy as np

from combkit.instances.errors import UsageError
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.seeds import generator
from combkit.instances.set_cover import SetCover

__all__ = ["multi_knapsack", "set_cover"]


def multi_knapsack(
    n: int, *, seed: int, m: int = 5, tightness: float = 0.5
) -> MultiKnapsack:
    """Generate a multidimensional knapsack as Chu and Beasley did.

    Weights are uniform on 1..1000, a capacity is ``tightness`` of its weights'
    sum, rounded down, and an item's profit is the mean of its weights plus a
    uniform number of 0 to 500, rounded down [1]_.

    Parameters
    ----------
    n : int
        Number of items.
    seed : int
        The seed.
    m : int
        Number of resources.
    tightness : float
        Between 0 and 1; 0.25, 0.5 and 0.75 in the published files.

    Raises
    ------
    UsageError
        If a parameter has an impossible value.

    References
    ----------
    .. [1] P. C. Chu, J. E. Beasley, "A genetic algorithm for the multidimensional
       knapsack problem", Journal of Heuristics 4, 1998.
    """
    _integer("m", m, 1)
    _share("tightness", tightness)
    rng = generator(seed)
    weights = rng.integers(1, 1000, (m, n), endpoint=True)
    profits = np.floor(weights.mean(axis=0) + 500.0 * rng.random(n))
    capacities = np.floor(tightness * weights.sum(axis=1))
    return MultiKnapsack(profits, weights, capacities, name=f"mkp-n{n}-m{m}-s{seed}")


def set_cover(
    n: int,
    *,
    seed: int,
    elements: int | None = None,
    density: float = 0.05,
    largest: int = 100,
) -> SetCover:
    """Generate a set cover as those of OR-Library, after Balas and Ho.

    Every set has each element with probability ``density``; then every element
    gets into two sets at least, and every set gets an element.

    Parameters
    ----------
    n : int
        Number of sets.
    seed : int
        The seed.
    elements : int, optional
        Number of elements; a tenth of the sets, and at least 2, without.
    density : float
        Between 0 and 1; 0.02 to 0.2 in the published files.
    largest : int
        Costs are integers uniform on 1..largest.

    Raises
    ------
    UsageError
        If a parameter has an impossible value.
    """
    if elements is None:
        elements = max(2, n // 10)
    _integer("elements", elements, 1)
    _integer("largest", largest, 1)
    _share("density", density)
    rng = generator(seed)
    inside = rng.random((n, elements)) < density
    for element in np.flatnonzero(inside.sum(axis=0) < 2):
        inside[rng.choice(n, min(2, n), replace=False), element] = True
    for row in np.flatnonzero(~inside.any(axis=1)):
        inside[row, rng.integers(elements)] = True
    return SetCover(
        rng.integers(1, largest, n, endpoint=True),
        [np.flatnonzero(row) for row in inside],
        elements,
        name=f"setcover-n{n}-e{elements}-s{seed}",
    )


def _integer(field: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{field}: {value!r} is not an integer of at least {least}")


def _share(field: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{field}: {value!r} is not a number")
    if not 0 < value <= 1:
        raise UsageError(f"{field}: {value!r} is not above 0 and at most 1")
