"""The two-stage robust knapsack problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Problem, Sense, frozen_array, missing, require
from combkit.instances.solutions import FirstStage, Solution
from combkit.instances.subsets import MAX_TOTAL

__all__ = ["RobustKnapsack"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: What a scenario may exceed its set by, and an entry of x be off 0 or 1.
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class RobustKnapsack(Problem):
    """Two-stage robust knapsack: accept items, lose profit, then make or repair.

    Accept items first. Then an adversary degrades profits: item i by the share
    ``xi_i`` of its degradation, all shares together at most the budget. Then each
    accepted item is made for its profit less what it lost, made and repaired for its
    whole profit at a larger weight, or given to somebody else, which costs
    ``outsourcing - profit``. With y and r for made and repaired items it is

    ``max_x min_xi max_{r <= y <= x} sum_i (profit_i - outsourcing_i) x_i +
    (outsourcing_i - degradation_i xi_i) y_i + degradation_i xi_i r_i``

    under ``sum_i weight_i y_i + repair_i r_i <= capacity``, x, y and r binary,
    ``0 <= xi <= 1`` and ``sum_i xi_i <= budget``.

    Parameters
    ----------
    profits, degradations : array_like, shape (n,)
        Profit of each item, and what it can lose of it; non-negative.
    repairs, weights : array_like, shape (n,), int64
        Weight of a repair, and of the item itself; non-negative integers.
    outsourcing : array_like, shape (n,)
        What it costs to have an item made elsewhere; non-negative.
    capacity : int
        Non-negative limit on the weight.
    budget : float
        Non-negative limit on the sum of the shares.

    Raises
    ------
    InvalidProblemError
        If there is no item, the lengths differ, a value is negative or not finite,
        or weights or the capacity are not integers.

    References
    ----------
    A. N. Arslan, B. Detienne, "Decomposition-based approaches for a class of two-stage
    robust binary optimization problems", INFORMS Journal on Computing 34(2), 2022.

    Examples
    --------
    >>> problem = RobustKnapsack([6, 5], [4, 1], [2, 1], [3, 3], [8, 7], 6, 1)
    >>> problem.evaluate(FirstStage([1, 1], scenario=[1, 0]))
    7.0
    """

    kind: ClassVar[str] = "rkp"
    solution_type: ClassVar[type[Solution]] = FirstStage
    #: Worst cases are optima of linear programs in floating point.
    optimality_gap: ClassVar[float] = 1e-6

    profits: Floats = field(default_factory=missing("profits"))
    degradations: Floats = field(default_factory=missing("degradations"))
    repairs: Integers = field(default_factory=missing("repairs"))
    weights: Integers = field(default_factory=missing("weights"))
    outsourcing: Floats = field(default_factory=missing("outsourcing"))
    capacity: int = field(default_factory=missing("capacity"))
    budget: float = field(default_factory=missing("budget"))

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        n = frozen_array("profits", self.profits, np.float64, (None,)).size
        require(n > 0, "profits", "there is no item")
        for name, dtype in (
            ("profits", np.float64),
            ("degradations", np.float64),
            ("repairs", np.int64),
            ("weights", np.int64),
            ("outsourcing", np.float64),
        ):
            array = frozen_array(name, getattr(self, name), dtype, (n,), minimum=0)
            put(name, array)
            sum_ = float(array.sum(dtype=np.float64))
            require(sum_ < MAX_TOTAL, name, f"their sum {sum_:g} is too large")
        limit = frozen_array("capacity", self.capacity, np.int64, (), minimum=0)
        put("capacity", int(limit))
        budget = frozen_array("budget", self.budget, np.float64, (), minimum=0)
        put("budget", float(budget))

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
    def margins(self) -> Floats:
        """What accepting an item earns before any reaction, shape (n,)."""
        margins: Floats = self.profits - self.outsourcing
        return margins

    def evaluate(self, solution: FirstStage) -> float:
        """Return the profit of a first stage in the scenario that comes with it.

        It is the worst case if the scenario is a worst one: see
        `combkit.mip.robust.evaluate`.

        Raises
        ------
        InvalidSolutionError
            If a length is wrong, an entry is not 0 or 1, or there is no scenario.
        """
        if violations := self._strange(solution):
            raise InvalidSolutionError(violations)
        xi = solution.scenario
        assert xi is not None
        items = np.flatnonzero(solution.first_stage > 0.5)
        # The most that is made of each capacity, item by item.
        best = np.zeros(min(self.capacity, self._weight_of(items)) + 1)
        for i in items.tolist():
            lost = self.degradations[i] * xi[i]
            before = best.copy()
            for weight, worth in (
                (self.weights[i], self.outsourcing[i] - lost),
                (self.weights[i] + self.repairs[i], self.outsourcing[i]),
            ):
                if weight < best.size:
                    with_it = before[: best.size - weight] + worth
                    best[weight:] = np.maximum(best[weight:], with_it)
        return float(self.margins[items].sum() + best.max())

    def check(self, solution: FirstStage) -> list[str]:
        """Return every violation in plain words; items are numbered from 0."""
        if violations := self._strange(solution):
            return violations
        xi = solution.scenario
        assert xi is not None
        violations = [
            f"share {xi[i]:.15g} of item {i} is not between 0 and 1"
            for i in np.flatnonzero(
                (xi < -_TOLERANCE) | (xi > 1.0 + _TOLERANCE)
            ).tolist()
        ]
        if xi.sum() > self.budget + _TOLERANCE * max(1.0, self.budget):
            violations.append(
                f"shares of {xi.sum():.15g} exceed the budget {self.budget:.15g}"
            )
        return violations

    def _weight_of(self, items: Integers) -> int:
        return int((self.weights[items] + self.repairs[items]).sum())

    def _strange(self, solution: FirstStage) -> list[str]:
        """Return what keeps a solution from being judged."""
        x, xi = solution.first_stage, solution.scenario
        if x.size != self.n:
            return [f"{x.size} first-stage values for {self.n} items"]
        wrong = np.flatnonzero(np.abs(x - (x > 0.5)) > _TOLERANCE)
        if wrong.size:
            return [
                f"first-stage value {x[i]:.15g} of item {i} is neither 0 nor 1"
                for i in wrong.tolist()
            ]
        if xi is None:
            return ["no scenario comes with the first stage"]
        if xi.size != self.n:
            return [f"{xi.size} shares in the scenario for {self.n} items"]
        return []
