"""Best reactions in a robust knapsack: profits in, states of items out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.mip.robust import _kernels_knapsack as kernels

__all__ = ["MADE", "REPAIRED", "Recourse"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: States of an item in a policy; 0 is neither.
MADE, REPAIRED = 1, 2


class Recourse:
    """The knapsack of what is made and what is repaired, for any profits.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.

    Attributes
    ----------
    calls : int
        Number of knapsacks solved.
    """

    def __init__(self, problem: RobustKnapsack) -> None:
        self.problem = problem
        self.calls = 0
        heavier = problem.weights + problem.repairs
        nothing = np.zeros(problem.n, dtype=np.int64)
        self._weight = np.stack([nothing, problem.weights, heavier], axis=1)
        self._profit = np.zeros((problem.n, 3))

    def best(self, made: Floats, repaired: Floats) -> tuple[float, Integers]:
        """Return the largest profit and the state of each item.

        Parameters
        ----------
        made, repaired : ndarray of float64, shape (n,)
            Profit of an item that is made, and of one that is repaired, too; an item
            of no profit is left out.

        Returns
        -------
        float
            The profit.
        ndarray of int64, shape (n,)
            0, `MADE` or `REPAIRED`.
        """
        self.calls += 1
        self._set(made, repaired)
        policy = np.empty(self.problem.n, dtype=np.int64)
        value = kernels.fill(self._profit, self._weight, self.problem.capacity, policy)
        return float(value), policy

    def react(self, accepted: Flags, scenario: Floats) -> tuple[float, Integers]:
        """Return the best reaction to a scenario, outsourcing not counted.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The accepted items.
        scenario : ndarray of float64, shape (n,)
            The share of its degradation that each item loses.
        """
        return self.best(*self._worth(accepted, scenario))

    def estimate(self, accepted: Flags, scenario: Floats) -> tuple[float, Floats]:
        """Return a linear estimate of the profit in a scenario, never too small.

        With the weight priced as in the linear relaxation of the accepted items, a
        first stage x earns at most ``constant + slopes @ x``, whatever x is.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The accepted items.
        scenario : ndarray of float64, shape (n,)
            The scenario.

        Returns
        -------
        float
            The constant.
        ndarray of float64, shape (n,)
            The slopes.
        """
        problem = self.problem
        self._set(*self._worth(accepted, scenario))
        scratch = np.empty((2, problem.n), dtype=np.int64)
        price = kernels.relax(self._profit, self._weight, problem.capacity, *scratch)
        lost = problem.degradations * scenario
        made = problem.outsourcing - lost - price * self._weight[:, MADE]
        repaired = problem.outsourcing - price * self._weight[:, REPAIRED]
        gain = np.maximum(0.0, np.maximum(made, repaired))
        slopes = problem.margins + gain
        return price * problem.capacity, slopes

    def _set(self, made: Floats, repaired: Floats) -> None:
        self._profit[:, MADE], self._profit[:, REPAIRED] = made, repaired

    def _worth(self, accepted: Flags, scenario: Floats) -> tuple[Floats, Floats]:
        """Return what an item is worth made, and repaired, if it is accepted."""
        problem = self.problem
        repaired = np.where(accepted, problem.outsourcing, 0.0)
        lost = np.where(accepted, problem.degradations * scenario, 0.0)
        return repaired - lost, repaired
