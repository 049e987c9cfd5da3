"""Hybrid genetic search for vehicle routing.

Children of two solutions are improved by moves between near customers, which may
exceed limits at a price that is adapted, and selected by cost and diversity. Strong on
problems of some hundred customers, where it has the time for thousands of children.

References
----------
.. [1] T. Vidal, T. G. Crainic, M. Gendreau, N. Lahrichi and W. Rei, "A hybrid genetic
   algorithm for multidepot and periodic vehicle routing problems", Operations Research
   60(3), 2012. https://doi.org/10.1287/opre.1120.1048
.. [2] T. Vidal, "Hybrid genetic search for the CVRP: open-source implementation and
   SWAP* neighborhood", Computers & Operations Research 140, 2022.
   https://doi.org/10.1016/j.cor.2021.105643
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from combkit.comb.routing.genetic import (
    LARGEST,
    Lineage,
    Tour,
    Vehicles,
    breed,
    ground_of,
    room_for,
    settings_of,
)
from combkit.comb.routing.limits import limits_of
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.starts import searched, start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Routes

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_granular import Ground

__all__ = ["lineage_of", "solve", "supports"]


def supports(problem: CVRP) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    if problem.n > LARGEST:
        return f"{problem.n:,} customers, more than {LARGEST:,}"
    return None


def solve(
    problem: CVRP,
    run: Run,
    *,
    neighbours: int = 20,
    population: int | None = None,
    generation: int | None = None,
    patience: int = 20_000,
) -> Outcome:
    """Let solutions have children until the run ends; an iteration is a child.

    Starts from ``run.initial``, which may be partial or infeasible, or else from
    savings, and random solutions. With several threads, independent populations live
    side by side.

    Parameters
    ----------
    problem : CVRP or OVRP
        The problem.
    run : Run
        The run.
    neighbours : int
        Near customers that a move may bring a customer to.
    population, generation : int, optional
        Individuals of a population that survive, and that are born until the others
        have to go: 25 and 40, fewer where there are not as many children to come.
    patience : int
        Children without a better solution after which the population begins anew.

    Raises
    ------
    UsageError
        If a number is out of its range.
    InvalidSolutionError
        If ``run.initial`` visits a customer that does not exist: it is of
        another problem.
    """
    settings = settings_of(problem.n, run, neighbours, population, generation, patience)

    def search() -> None:
        start = start_of(problem, run)
        if problem.n > 1 and not run.should_stop():
            given = () if start is None else start.routes
            routes = [(0, route.tolist()) for route in given]
            breed(lineage_of(problem, neighbours, routes), run, settings)

    return searched(problem, run, search)


def lineage_of(problem: CVRP, neighbours: int, start: list[Tour]) -> Lineage:
    """Return a problem in the words of the search.

    Parameters
    ----------
    problem : CVRP or OVRP
        The problem.
    neighbours : int
        Near customers of each one.
    start : list of (int, list of int)
        First routes.
    """

    def ground() -> Ground:
        nodes = np.arange(problem.n + 1)
        dist = problem.distance(nodes[:, None], nodes).astype(np.float64)
        np.fill_diagonal(dist, 0.0)
        if problem.open_ended:
            dist[:, 0] = 0.0
        service = problem.service_time
        capacity, longest = limits_of(problem)
        load = float(problem.demands.sum())
        available = math.inf if problem.vehicles is None else problem.vehicles
        count = room_for(problem.n, load, capacity, available, len(start))
        return ground_of(
            dist,
            near_nodes(problem, neighbours, nodes[1:]) + 1,
            problem.demands,
            [Vehicles(count, capacity, longest)],
            service=None if service is None else service.astype(np.float64),
            place=problem.coords,
        )

    def solution(tours: list[Tour]) -> Routes:
        return Routes([route for _, route in tours])

    return Lineage(problem.n, ground, start, solution)
