"""What the network sees of an item, whatever the scale of the instance is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.robust.knapsack import RobustKnapsack

__all__ = ["FEATURES", "Items"]

Floats = NDArray[np.float64]

#: Outsourcing cost, what is lost, weight, weight with a repair, loss a repair weight.
FEATURES = 5
#: Largest value of a feature: beyond, an item is as heavy or dear as any.
_MOST = 20.0


class Items:
    """The items of an instance, scaled: capacity and mean outsourcing cost are 1.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    """

    def __init__(self, problem: RobustKnapsack) -> None:
        n = problem.n
        #: What the network's value is multiplied by.
        self.scale = max(float(problem.outsourcing.sum()), 1e-9)
        money = n / self.scale
        weight = n / max(float(problem.capacity), 1e-9)
        self.dear = problem.outsourcing * money
        self.losses = problem.degradations * money
        self.weights = problem.weights * weight
        self.heavy = (problem.weights + problem.repairs) * weight

    def features(self, scenarios: Floats) -> Floats:
        """Return the features of the items in some scenarios.

        Parameters
        ----------
        scenarios : ndarray of float64, shape (..., n)
            The scenarios.

        Returns
        -------
        ndarray of float64, shape (..., n, 5)
            Outsourcing cost, what is lost of it, weight, weight with a repair, and
            what is lost a unit of the repair's weight.
        """
        lost = scenarios * self.losses
        repair = np.maximum(self.heavy - self.weights, 1e-3)
        columns = [
            np.broadcast_to(self.dear, lost.shape),
            lost,
            np.broadcast_to(self.weights, lost.shape),
            np.broadcast_to(self.heavy, lost.shape),
            lost / repair,
        ]
        stacked: Floats = np.minimum(np.stack(columns, axis=-1), _MOST)
        return stacked
