"""Packing and covering as mixed-integer programs."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from combkit.instances.knapsack import Knapsack
from combkit.instances.mip import MIP
from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.set_cover import SetCover

__all__ = ["Binary", "is_integral", "model"]

#: Problems whose solutions are vectors of zeros and ones.
Binary = Knapsack | MultiKnapsack | SetCover


def model(problem: Binary) -> MIP:
    """Return the integer program of a problem, a variable an item or set."""
    n = problem.n
    if not isinstance(problem, SetCover):
        if isinstance(problem, Knapsack):
            capacities = np.array([problem.capacity])
        else:
            capacities = problem.capacities
        weights = np.atleast_2d(problem.weights).astype(np.float64)
        return MIP(
            problem.profits,
            sp.csr_array(weights),
            np.full(capacities.size, -np.inf),
            capacities,
            np.zeros(n),
            np.ones(n),
            np.ones(n, np.uint8),
            maximize=True,
            name=problem.name,
        )
    ones = np.ones(problem.members.size)
    columns = (ones, problem.members, problem.offsets)
    return MIP(
        problem.costs,
        sp.csc_array(columns, shape=(problem.elements, n)).tocsr(),
        np.ones(problem.elements),
        np.full(problem.elements, np.inf),
        np.zeros(n),
        np.ones(n),
        np.ones(n, np.uint8),
        name=problem.name,
    )


def is_integral(problem: Binary) -> bool:
    """Whether all objectives are integers."""
    values = problem.costs if isinstance(problem, SetCover) else problem.profits
    return bool(values.dtype == np.int64)
