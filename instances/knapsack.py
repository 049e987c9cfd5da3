"""The 0-1 knapsack problem."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Problem, Sense, require
from combkit.instances.solutions import Selection, Solution
from combkit.instances.subsets import MAX_TOTAL, numbers, repeated, total, unknown

__all__ = ["Knapsack"]

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
        object.__setattr__(self, "profits", numbers("profits", profits, (None,)))
        object.__setattr__(self, "weights", numbers("weights", weights, (self.n,)))
        limit = numbers("capacity", capacity, ()).item()
        object.__setattr__(self, "capacity", limit)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)
        self._validate()

    def _validate(self) -> None:
        require(self.n > 0, "profits", "there is no item")
        require(self.capacity > 0, "capacity", f"{self.capacity} is not positive")
        for field, array, limit in (
            ("profits", self.profits, MAX_TOTAL),
            ("weights", self.weights, _MAX_WEIGHT),
        ):
            with np.errstate(over="ignore"):
                sum_ = float(array.sum(dtype=np.float64))
            allowed = limit if array.dtype == np.int64 else math.inf
            require(sum_ < allowed, field, f"their sum {sum_:g} is too large")

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
        return float(total(self.profits[solution.selected]))

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; items are numbered from 0."""
        if violations := self._unknown(solution):
            return violations
        violations = repeated(solution.selected, "item")
        weight = total(self.weights[np.unique(solution.selected)])
        slack = 0 if self.integral else _TOLERANCE * self.capacity
        if weight > self.capacity + slack:
            violations.append(
                f"total weight {weight} exceeds the capacity {self.capacity}"
            )
        return violations

    def _unknown(self, solution: Selection) -> list[str]:
        return unknown(solution.selected, self.n, "item", "items")
