"""Facility location, coverage and additive functions through HiGHS."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.comb.as_mip import solve_as_mip
from combkit.comb.submodular.refusals import other_goal
from combkit.instances.mip import MIP
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.constraints import (
    Cardinality,
    Constraint,
    Knapsack,
    LaminarMatroid,
    PartitionMatroid,
    Unconstrained,
)
from combkit.instances.submodular.coverage import Coverage, Modular
from combkit.instances.submodular.problem import Submodular
from combkit.instances.submodular.similarity import FacilityLocation

__all__ = ["model", "solve", "supports"]

Floats = NDArray[np.float64]

_FUNCTIONS = (FacilityLocation, Coverage, Modular)
_CONSTRAINTS = (
    Unconstrained,
    Cardinality,
    Knapsack,
    PartitionMatroid,
    LaminarMatroid,
)


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if reason := other_goal(problem, "value", "cover"):
        return reason
    if not isinstance(problem.function, _FUNCTIONS):
        return f"no integer program of a {problem.function.type} is known"
    if not isinstance(problem.constraint, _CONSTRAINTS):
        return f"no rows of a {problem.constraint.type} are known"
    return None


def solve(problem: Submodular, run: Run) -> Outcome:
    """Solve as an integer program; an iteration is a node."""
    from combkit.mip import highs

    costs = problem.costs
    if problem.goal == "cover":
        integral = costs is None or bool((costs == np.floor(costs)).all())
    else:
        integral = isinstance(problem.function, Coverage) and (
            problem.function.weights is None
        )
    return solve_as_mip(
        problem, model(problem), run, highs.solve, "highs", integral=integral
    )


def model(problem: Submodular) -> MIP:
    """Return the integer program, a variable an element first.

    Facility location has a variable for each similarity that is not zero: how much a
    point is served by an element. Coverage has one for each item.
    """
    n = problem.n
    links, worth = _parts(problem)
    others = worth.size - n
    rows, upper = _rows(problem.constraint, n)
    blocks: list[Any] = [
        links[0],
        sp.hstack([rows, sp.csr_array((rows.shape[0], others))]),
    ]
    low = [np.full(links[0].shape[0], -np.inf), np.full(upper.size, -np.inf)]
    high = [links[1], upper]
    objective = worth
    if problem.quota is not None:
        blocks.append(sp.csr_array(worth[None]))
        low.append(np.array([problem.quota]))
        high.append(np.array([np.inf]))
        costs = np.ones(n) if problem.costs is None else problem.costs
        objective = np.concatenate([costs, np.zeros(others)])
    lower, most = np.zeros(n + others), np.ones(n + others)
    lower[problem.required] = 1.0
    most[problem.refused] = 0.0
    integer = np.zeros(n + others, np.uint8)
    integer[:n] = 1
    return MIP(
        objective,
        sp.csr_array(sp.vstack(blocks)),
        np.concatenate(low),
        np.concatenate(high),
        lower,
        most,
        integer,
        maximize=problem.quota is None,
        name=problem.name,
    )


def _parts(problem: Submodular) -> tuple[tuple[Any, Floats], Floats]:
    """Return the rows that link elements to what they bring, and the worth of all."""
    f, n = problem.function, problem.n
    if isinstance(f, Modular):
        empty = sp.csr_array((0, n)), np.zeros(0)
        return empty, f.values.astype(np.float64)
    if isinstance(f, Coverage):
        items = f.sets.shape[1]
        weights = np.ones(items) if f.weights is None else f.weights
        # An item counts if some set has it.
        rows = sp.hstack([-f.sets.T.astype(np.float64), sp.eye_array(items)])
        return (rows, np.zeros(items)), np.concatenate([np.zeros(n), weights])
    assert isinstance(f, FacilityLocation)
    served = sp.coo_array(f.similarity)
    element, point = served.coords
    count = served.nnz
    weights = np.ones(f.similarity.shape[1]) if f.weights is None else f.weights
    each = np.arange(count)
    ones = np.ones(count)
    # A point is served once, and by chosen elements only.
    shape = (f.similarity.shape[1], count)
    once = sp.csr_array((ones, (point, each)), shape=shape)
    open_ = sp.csr_array((-ones, (each, element)), shape=(count, n))
    rows = sp.vstack(
        [
            sp.hstack([sp.csr_array((shape[0], n)), once]),
            sp.hstack([open_, sp.eye_array(count)]),
        ]
    )
    worth = np.concatenate([np.zeros(n), weights[point] * served.data])
    return (rows, np.concatenate([np.ones(shape[0]), np.zeros(count)])), worth


def _rows(constraint: Constraint, n: int) -> tuple[Any, Floats]:
    """Return the rows of a constraint on the elements, and their upper bounds."""
    if isinstance(constraint, Cardinality):
        return sp.csr_array(np.ones((1, n))), np.array([float(constraint.k)])
    if isinstance(constraint, Knapsack):
        return sp.csr_array(constraint.costs), constraint.budgets
    if isinstance(constraint, PartitionMatroid):
        groups = constraint.limits.size
        shape = (groups, n)
        rows = sp.csr_array(
            (np.ones(n), (constraint.groups, np.arange(n))), shape=shape
        )
        return rows, constraint.limits.astype(np.float64)
    if isinstance(constraint, LaminarMatroid):
        limits = constraint.limits.astype(np.float64)
        return constraint.sets.astype(np.float64), limits
    return sp.csr_array((0, n)), np.zeros(0)
