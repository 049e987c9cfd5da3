"""The 0-1 knapsack reduced to what is left to decide, in exact integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.knapsack import Knapsack

__all__ = ["Core", "reduce", "unsupported"]

Integers = NDArray[np.int64]

#: Sums of profits or weights from here on could overflow the state arrays.
_MAX_TOTAL = 2**62
#: Largest power of ten that data are multiplied with.
_MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Core:
    """The items worth a decision, with positive integer data.

    Parameters
    ----------
    items : ndarray, shape (m,)
        Their numbers in the problem.
    profits, weights : ndarray, shape (m,), int64
        Scaled data; every weight is at most ``capacity``, not all fit.
    capacity : int
        Scaled capacity.
    taken : ndarray
        Numbers of the items that are in every answer.
    base, unit, scale : int
        A core profit v stands for the profit ``(base + unit * v) / scale``.
    """

    items: Integers
    profits: Integers
    weights: Integers
    capacity: int
    taken: Integers
    base: int
    unit: int
    scale: int

    def value(self, profit: int) -> float:
        """Return the problem's profit of a core profit, correctly rounded."""
        return (self.base + self.unit * profit) / self.scale

    def selection(self, chosen: Integers) -> Integers:
        """Return the problem's items of chosen core items."""
        return np.sort(np.concatenate([self.taken, self.items[chosen]]))


def unsupported(problem: Knapsack) -> str | None:
    """Return why the data cannot be made integers that fit, or None."""
    for field, arrays in (
        ("profits", (problem.profits,)),
        ("weights", (problem.weights, np.array([problem.capacity]))),
    ):
        if (digits := _digits(arrays)) is None:
            return f"{field}: not integers after scaling by up to 1e{_MAX_DIGITS}"
        total = float(arrays[0].sum(dtype=np.float64)) * 10.0**digits
        if total >= _MAX_TOTAL:
            return f"{field}: their sum {total:g} after scaling is 2**62 or more"
    return None


def reduce(problem: Knapsack) -> Core:
    """Scale to integers; settle what needs no search.

    Decimal fractions are multiplied by a power of ten and judged exactly, so
    that the tolerance of float weights is not made use of.

    Raises
    ------
    ValueError
        If the data are ``unsupported``.
    """
    capacity = np.array([problem.capacity])
    weight_digits = _digits((problem.weights, capacity))
    profit_digits = _digits((problem.profits,))
    if weight_digits is None or profit_digits is None:
        raise ValueError("the data are not integers after scaling")
    weights = _scaled(problem.weights, weight_digits)
    profits = _scaled(problem.profits, profit_digits)
    # The capacity may exceed what the data sum up to, and int64 with it.
    room = min(
        int(_scaled(capacity, weight_digits)[0])
        if float(problem.capacity) * 10.0**weight_digits < _MAX_TOTAL
        else _MAX_TOTAL,
        int(weights.sum()),
    )
    useful = (profits > 0) & (weights <= room)
    fits = int(weights[useful].sum()) <= room
    sure = useful & (fits | (weights == 0))
    items = np.flatnonzero(useful & ~sure)
    taken = np.flatnonzero(sure)
    unit = int(np.gcd.reduce(profits[items])) if items.size else 1
    divisor = int(np.gcd.reduce(weights[items])) if items.size else 1
    return Core(
        items=items,
        profits=profits[items] // unit,
        weights=weights[items] // divisor,
        capacity=room // divisor,
        taken=taken,
        base=int(profits[taken].sum()),
        unit=unit,
        scale=10**profit_digits,
    )


def _digits(arrays: tuple[NDArray[Any], ...]) -> int | None:
    """Return how many decimal digits make all values integers, None if more."""
    if all(array.dtype.kind == "i" for array in arrays):
        return 0
    for digits in range(_MAX_DIGITS + 1):
        if all(_decimal(array, 10.0**digits) for array in arrays):
            return digits
    return None


def _decimal(array: NDArray[Any], factor: float) -> bool:
    """Whether each value is the float nearest to an integer over ``factor``."""
    with np.errstate(over="ignore"):
        scaled = np.rint(array.astype(np.float64) * factor)
    return bool(np.all((scaled / factor == array) & (scaled < 2.0**53)))


def _scaled(array: NDArray[Any], digits: int) -> Integers:
    if array.dtype.kind == "i":
        integers: Integers = array * 10**digits
        return integers
    return np.rint(array * 10.0**digits).astype(np.int64)
