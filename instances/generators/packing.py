"""Knapsacks of Pisinger's instance classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.knapsack import Knapsack
from combkit.instances.seeds import generator

__all__ = ["CLASSES", "knapsack"]

Integers = NDArray[np.int64]
Items = tuple[Integers, Integers]
#: Draws profits and weights: (random numbers, number of items, range R).
Draw = Callable[[np.random.Generator, int, int], Items]


def _uniform(
    rng: np.random.Generator, low: Integers | int, high: Integers | int, n: int
) -> Integers:
    """Return integers uniform on low..high, ends included."""
    return rng.integers(low, high, n, dtype=np.int64, endpoint=True)


def _uncorrelated(rng: np.random.Generator, n: int, r: int) -> Items:
    return _uniform(rng, 1, r, n), _uniform(rng, 1, r, n)


def _weak(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    return _uniform(rng, np.maximum(1, w - r // 10), w + r // 10, n), w


def _strong(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    return w + r // 10, w


def _inverse_strong(rng: np.random.Generator, n: int, r: int) -> Items:
    p = _uniform(rng, 1, r, n)
    return p, p + r // 10


def _almost_strong(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    middle = w + r // 10
    return _uniform(rng, middle - r // 500, middle + r // 500, n), w


def _subset_sum(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    return w, w


def _similar_weights(rng: np.random.Generator, n: int, r: int) -> Items:
    return _uniform(rng, 1, r, n), _uniform(rng, 100 * r, 100 * r + r // 10, n)


def _multiple_strong(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    return w + np.where(w % 6 == 0, 3 * r // 10, 2 * r // 10), w


def _profit_ceiling(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    return 3 * -(-w // 3), w


def _circle(rng: np.random.Generator, n: int, r: int) -> Items:
    w = _uniform(rng, 1, r, n)
    height = np.sqrt(4.0 * r * r - (w - 2.0 * r) ** 2)
    return np.floor(2.0 / 3.0 * height).astype(np.int64), w


def _spanner(base: Draw) -> Draw:
    """Return the class whose items are multiples of two items of another.

    The two are divided by one more than the largest multiplier, 10, and
    rounded up, so that the multiples stay near the range.
    """
    count, largest = 2, 10

    def draw(rng: np.random.Generator, n: int, r: int) -> Items:
        profits, weights = (-(-v // (largest + 1)) for v in base(rng, count, r))
        which = rng.integers(count, size=n)
        times = _uniform(rng, 1, largest, n)
        return times * profits[which], times * weights[which]

    return draw


#: Instance class to how its items are drawn.
CLASSES: dict[str, Draw] = {
    "uncorrelated": _uncorrelated,
    "weak": _weak,
    "strong": _strong,
    "inverse_strong": _inverse_strong,
    "almost_strong": _almost_strong,
    "subset_sum": _subset_sum,
    "similar_weights": _similar_weights,
    "span_uncorrelated": _spanner(_uncorrelated),
    "span_weak": _spanner(_weak),
    "span_strong": _spanner(_strong),
    "multiple_strong": _multiple_strong,
    "profit_ceiling": _profit_ceiling,
    "circle": _circle,
}


def knapsack(
    n: int,
    *,
    seed: int,
    instance_class: str = "strong",
    r: int = 1000,
    h: int = 50,
    series: int = 100,
) -> Knapsack:
    r"""Generate a knapsack of one of Pisinger's classes.

    Weights ``w`` are uniform on 1..R unless said; the classes of [1]_ are

    ================== ====================================================
    uncorrelated       profit uniform on 1..R
    weak               profit uniform on w - R/10..w + R/10, at least 1
    strong             profit w + R/10
    inverse_strong     profit uniform on 1..R, weight profit + R/10
    almost_strong      profit uniform on w + R/10 - R/500..w + R/10 + R/500
    subset_sum         profit w
    similar_weights    weight uniform on 100 R..100 R + R/10, profit on 1..R
    span_uncorrelated, span(2, 10): multiples, 1 to 10 times, of two items
    span_weak,         of the class, divided by 11 and rounded up
    span_strong
    multiple_strong    mstr(3R/10, 2R/10, 6): profit w + 3R/10 where 6
                       divides w, else w + 2R/10
    profit_ceiling     pceil(3): profit 3 ceil(w / 3)
    circle             circle(2/3): profit 2/3 sqrt(4 R^2 - (w - 2R)^2),
                       rounded down
    ================== ====================================================

    The capacity is ``h / (series + 1)`` of the total weight, rounded down, and
    at least the largest weight.

    Parameters
    ----------
    n : int
        Number of items.
    seed : int
        Non-negative seed.
    instance_class : str
        Name of the class.
    r : int
        The range R of the coefficients.
    h, series : int
        Number of the instance in a series, 1 to ``series``: its capacity.

    Raises
    ------
    UsageError
        If a parameter has an impossible value.

    References
    ----------
    .. [1] D. Pisinger, "Where are the hard knapsack problems?", Computers &
       Operations Research 32 (2005) 2271-2284,
       https://doi.org/10.1016/j.cor.2004.03.002
    """
    if instance_class not in CLASSES:
        raise UsageError(
            f"instance_class: {instance_class!r} is unknown"
            f"{nearest(str(instance_class), CLASSES)} (known: {', '.join(CLASSES)})"
        )
    for field, value, least, most in (
        ("n", n, 1, 10**8),
        ("r", r, 10, 10**9),
        ("series", series, 1, 10**9),
        ("h", h, 1, series),
    ):
        if not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"{field}: {value!r} is not an integer, {least}..{most}")
    profits, weights = CLASSES[instance_class](generator(seed), n, r)
    capacity = max(h * int(weights.sum()) // (series + 1), int(weights.max()))
    return Knapsack(
        profits, weights, capacity, name=f"kp-{instance_class}-n{n}-r{r}-s{seed}"
    )
