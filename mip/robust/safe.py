"""A first stage that no scenario harms: the answer until better ones are found."""

from __future__ import annotations

import numpy as np

from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.solutions import FirstStage

__all__ = ["safe_start"]


def safe_start(problem: RobustKnapsack) -> FirstStage:
    """Return items that fit together even if all are repaired.

    They earn their whole profits in every scenario, so that any scenario is a worst
    one. They are chosen by profit a weight; nothing is compiled for it.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    """
    heavy = problem.weights + problem.repairs
    left = problem.capacity
    accepted = np.zeros(problem.n)
    for i in np.argsort(-problem.profits / np.maximum(heavy, 1e-9), kind="stable"):
        if heavy[i] <= left:
            accepted[i] = 1.0
            left -= int(heavy[i])
    return FirstStage(accepted, np.zeros(problem.n))
