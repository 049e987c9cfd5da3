"""The 0-1 knapsack problem with several capacities."""

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

__all__ = ["MultiKnapsack"]

#: Rounding that a total of float weights may carry, relative to the capacity.
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False, init=False)
class MultiKnapsack(Problem):
    """Multidimensional 0-1 knapsack: largest profit within every capacity.

    Data that are integers, in whatever type, are kept as ``int64`` and judged
    exactly. Where weights or capacities are not integers, a total weight may
    exceed its capacity by a relative rounding of 1e-9.

    Parameters
    ----------
    profits : array_like, shape (n,), int64 or float64
        Non-negative profit of each item.
    weights : array_like, shape (m, n), int64 or float64
        Non-negative use of each resource by each item.
    capacities : array_like, shape (m,), int64 or float64
        Non-negative limit on the total use of each resource.

    Raises
    ------
    InvalidProblemError
        If there is no item or no resource, the shapes differ or a value is
        negative or not finite.

    Examples
    --------
    >>> problem = MultiKnapsack([10, 7, 6], [[5, 4, 3], [1, 1, 9]], [9, 5])
    >>> problem.evaluate(Selection([0, 1]))
    17.0
    >>> problem.check(Selection([1, 2]))
    ['resource 1: total weight 10 exceeds the capacity 5']
    """

    kind: ClassVar[str] = "mkp"
    solution_type: ClassVar[type[Solution]] = Selection

    profits: NDArray[Any]
    weights: NDArray[Any]
    capacities: NDArray[Any]

    def __init__(
        self,
        profits: ArrayLike,
        weights: ArrayLike,
        capacities: ArrayLike,
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        object.__setattr__(self, "profits", numbers("profits", profits, (None,)))
        object.__setattr__(self, "weights", numbers("weights", weights, (None, self.n)))
        object.__setattr__(
            self, "capacities", numbers("capacities", capacities, (self.m,))
        )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)
        require(self.n > 0, "profits", "there is no item")
        require(self.m > 0, "weights", "there is no resource")
        for field, array in (("profits", self.profits), ("weights", self.weights)):
            with np.errstate(over="ignore"):
                largest = float(array.sum(axis=-1, dtype=np.float64).max())
            allowed = MAX_TOTAL if array.dtype == np.int64 else math.inf
            require(largest < allowed, field, f"their sum {largest:g} is too large")

    @property
    def sense(self) -> Sense:
        """Profit is maximised."""
        return "max"

    @property
    def n(self) -> int:
        """Number of items."""
        return int(self.profits.size)

    @property
    def m(self) -> int:
        """Number of resources."""
        return int(self.weights.shape[0])

    @property
    def size(self) -> dict[str, int]:
        """Numbers of items and of resources."""
        return {"n": self.n, "m": self.m}

    @property
    def integral(self) -> bool:
        """Whether weights and capacities are integers, profits aside."""
        return self.weights.dtype == np.int64 and self.capacities.dtype == np.int64

    def evaluate(self, solution: Selection) -> float:
        """Return the total profit of the selected items.

        Raises
        ------
        InvalidSolutionError
            If an item is unknown.
        """
        if violations := unknown(solution.selected, self.n, "item", "items"):
            raise InvalidSolutionError(violations)
        return float(total(self.profits[solution.selected]))

    def check(self, solution: Selection) -> list[str]:
        """Return every violation in plain words; all are numbered from 0."""
        if violations := unknown(solution.selected, self.n, "item", "items"):
            return violations
        violations = repeated(solution.selected, "item")
        chosen = self.weights[:, np.unique(solution.selected)]
        for i, capacity in enumerate(self.capacities.tolist()):
            weight = total(chosen[i])
            slack = 0 if self.integral else _TOLERANCE * capacity
            if weight > capacity + slack:
                violations.append(
                    f"resource {i}: total weight {weight} exceeds the capacity "
                    f"{capacity}"
                )
        return violations
