"""The 0-1 knapsack problem."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.problem import Problem, Sense, frozen_array, require
from combkit.instances.solutions import Selection, Solution

__all__ = ["Knapsack"]

#: Objectives are floats: up to here every integer profit is exact.
_MAX_PROFIT = 2**53
_MAX_WEIGHT = 2**62
#: Rounding that a total of float weights may carry, relative to the capacity.
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False, init=False)
class Knapsack(Problem):
    """0-1 knapsack: choose items of largest total profit that fit.

    Data that are integers, in whatever type, are kept as ``int64`` and judged
    exactly. Where weights or capacity are not integers, the total weight may
    exceed the capacity by a relative rounding of 1e-9.

    Parameters
    ----------
    profits : array_like, shape (n,), int64 or float64
        Non-negative profit of each item.
    weights : array_like, shape (n,), int64 or float64
        Non-negative weight of each item.
    capacity : int or float
        Positive limit on the total weight.

    Raises
    ------
    InvalidProblemError
        If there is no item, the lengths differ or a value is negative or not
        finite.

    Examples
    --------
    >>> problem = Knapsack([10, 7, 6], [5, 4, 3], 7)
    >>> problem.evaluate(Selection([1, 2]))
    13.0
    >>> problem.check(Selection([0, 1]))
    ['total weight 9 exceeds the capacity 7']
    """

    kind: ClassVar[str] = "kp"
    solution_type: ClassVar[type[Solution]] = Selection

    profits: NDArray[Any]
    weights: NDArray[Any]
    capacity: int | float

    def __init__(
        self,
        profits: ArrayLike,
        weights: ArrayLike,
        capacity: float,
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        object.__setattr__(self, "profits", _numbers("profits", profits, (None,)))
        object.__setattr__(self, "weights", _numbers("weights", weights, (self.n,)))
        limit = _numbers("capacity", capacity, ()).item()
        object.__setattr__(self, "capacity", limit)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)
        self._validate()

    def _validate(self) -> None:
        require(self.n > 0, "profits", "there is no item")
        require(self.capacity > 0, "capacity", f"{self.capacity} is not positive")
        for field, array, limit in (
            ("profits", self.profits, _MAX_PROFIT),
            ("weights", self.weights, _MAX_WEIGHT),
        ):
            with np.errstate(over="ignore"):
                total = float(array.sum(dtype=np.float64))
            allowed = limit if array.dtype == np.int64 else math.inf
            require(total < allowed, field, f"their sum {total:g} is too large")

    @property
    def sense(self) -> Sense:
        """Profit is maximised."""
        return "max"

    @property
    def n(self) -> int:
        """Number of items."""
        return int(self.profits.size)

    @property
    def size(self) -> dict[str, int]:
        """Number of items."""
        return {"n": self.n}

    @property
    def integral(self) -> bool:
        """Whether weights and capacity are integers, profits aside."""
        return self.weights.dtype == np.int64 and isinstance(self.capacity, int)

    def evaluate(self, solution: Selection) -> float:
        """Return the total profit of the selected items.

        Raises
        ------
        InvalidSolutionError
            If an item is unknown.
        """
        if unknown := self._unknown(solution):
            raise InvalidSolutionError(unknown)
        return float(_total(self.profits[solution.selected]))

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; items are numbered from 0."""
        if violations := self._unknown(solution):
            return violations
        items, counts = np.unique(solution.selected, return_counts=True)
        violations = [
            f"item {item} is selected {count} times"
            for item, count in zip(items[counts > 1], counts[counts > 1], strict=True)
        ]
        weight = _total(self.weights[items])
        slack = 0 if self.integral else _TOLERANCE * self.capacity
        if weight > self.capacity + slack:
            violations.append(
                f"total weight {weight} exceeds the capacity {self.capacity}"
            )
        return violations

    def _unknown(self, solution: Selection) -> list[str]:
        chosen = solution.selected
        return [
            f"item {item} does not exist: items are 0 to {self.n - 1}"
            for item in chosen[(chosen < 0) | (chosen >= self.n)]
        ]


def _numbers(field: str, values: ArrayLike, shape: tuple[int | None, ...]) -> Any:
    """Convert a field to int64 where it is integral and to float64 elsewhere."""
    try:
        raw = np.asarray(values)
    except ValueError:
        raise InvalidProblemError(field, "rows of different lengths") from None
    if raw.dtype.kind in "iu" and raw.ndim == len(shape):
        return frozen_array(field, raw, np.int64, shape, minimum=0)
    array = frozen_array(field, raw, np.float64, shape, minimum=0)
    if bool(np.all((array == np.floor(array)) & (array < _MAX_PROFIT))):
        return frozen_array(field, array, np.int64, shape)
    return array


def _total(values: NDArray[Any]) -> int | float:
    """Return the sum: exact for integers, correctly rounded for floats."""
    if values.dtype == np.int64:
        return int(values.sum())
    return math.fsum(values.tolist())
