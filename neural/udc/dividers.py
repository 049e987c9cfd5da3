"""Dividers without a network: rough solutions of the whole, quickly.

Tours come from random insertion, greedy edges or a space-filling curve. Those who
choose whom to visit leave nodes out of such a tour until that does not pay; fleets
and salesmen cut it into the best routes of this order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs import greedy
from combkit.comb.packing import greedy_knapsack
from combkit.comb.routing import minmax, patching, savings
from combkit.comb.routing.fleet import fit_fleet
from combkit.comb.routing.greedy_tsp import curve_tour, greedy_tour
from combkit.comb.routing.insertion import insertion_tour
from combkit.comb.routing.outing_search import OutingSearch, everywhere
from combkit.comb.routing.split import split_tour
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.problem import Problem
from combkit.instances.run import Run
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import ATSP, TSP

__all__ = ["decoded", "divide"]

Integers = NDArray[np.int64]

#: Visited nodes beside which a node may be put in.
_NEAR = 16


def divide(problem: Problem, divider: str, run: Run, rng: np.random.Generator) -> Any:
    """Return a rough solution of the whole problem, None where there is none.

    Parameters
    ----------
    problem : Problem
        The problem.
    divider : str
        One of the dividers of its kind in `kinds.KINDS`, ``neural`` excepted.
    run : Run
        The run.
    rng : Generator
        Random numbers, which only insertion needs.
    """
    if divider == "greedy":
        solve = greedy.solve if problem.kind == "mis" else greedy_knapsack.solve
        return _found(problem, run, solve)
    if divider == "savings":
        return _found(problem, run, savings.solve)
    if divider == "patching":
        return _found(problem, run, patching.solve)
    if isinstance(problem, TSP | ATSP):
        return Tour(_tour(problem, divider, rng))
    if isinstance(problem, OP | PCTSP | MTSP):
        return decoded(problem, _tour(everywhere(problem), divider, rng), run)
    if isinstance(problem, CVRP):
        return decoded(problem, _tour(_customers(problem), divider, rng) + 1, run)
    raise TypeError(f"no divider for {problem.kind}")


def decoded(problem: Any, order: Integers, run: Run) -> Any:
    """Return the solution that an order of nodes stands for.

    Parameters
    ----------
    problem : TSP, CVRP, OVRP, OP, PCTSP or MTSP
        The problem.
    order : ndarray of int64
        All cities; all customers without the depot; some nodes with the depot.
    run : Run
        The run.
    """
    if isinstance(problem, OP | PCTSP):
        search = OutingSearch(problem, run, "divider", _NEAR, 0)
        search.begin(np.roll(order, -int(np.argmax(order == 0))))
        return search.tour
    if isinstance(problem, MTSP):
        return Routes(minmax.split(problem, order))
    if isinstance(problem, CVRP):
        return Routes(fit_fleet(problem, split_tour(problem, order)))
    return Tour(order)


def _found(problem: Problem, run: Run, solve: Any) -> Any:
    """Return what a constructive solver reports."""
    part = Run(problem, stop=run.stop, start=run.start, seed=run.seed)
    solve(problem, part)
    return part.solution


def _customers(problem: CVRP) -> TSP:
    """Return the problem of one tour of all customers."""
    if problem.matrix is not None:
        matrix = problem.matrix[1:, 1:]
        return TSP(matrix=np.minimum(matrix, matrix.T))
    return TSP(np.asarray(problem.coords)[1:], metric=problem.metric)


def _tour(problem: TSP | ATSP, divider: str, rng: np.random.Generator) -> Integers:
    """Return a rough tour."""
    if divider == "insertion" or isinstance(problem, ATSP):
        return insertion_tour(problem, rng)
    if divider == "greedy-edge":
        return greedy_tour(problem)
    if problem.coords is None:
        raise UsageError("divider='space-filling': there are no coordinates")
    return curve_tour(problem)
