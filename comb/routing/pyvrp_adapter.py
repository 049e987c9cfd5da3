"""PyVRP's iterated local search for capacitated vehicle routing.

References
----------
.. [1] N. A. Wouda, L. Lan and W. Kool, "PyVRP: a high-performance VRP solver
   package", INFORMS J. Computing 36(4), 2024.
   https://doi.org/10.1287/ijoc.2023.0055
"""

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.comb.routing.integers import IntegerData, memory_reason
from combkit.comb.routing.nearness import is_symmetric, near_nodes, node_count
from combkit.comb.routing.pyvrp_search import PyVRPSearch
from combkit.comb.routing.starts import start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Routes
from combkit.instances.vrptw import VRPTW

__all__ = ["solve", "supports"]

#: Memory of an arc: the matrix, which PyVRP shares, and what making it takes.
_BYTES_PER_ARC = 24
#: PyVRP's own default for what is not limited.
_UNLIMITED = int(np.iinfo(np.int64).max)


def supports(problem: CVRP) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if isinstance(problem, VRPTW) and problem.vehicle_cost > 0.0:
        return "it minimises the distance only, not the vehicles first"
    return memory_reason(problem, _BYTES_PER_ARC)


def solve(problem: CVRP, run: Run) -> Outcome:
    """Improve ``run.initial``, or else routes built by savings.

    Fractional data are scaled, see `IntegerData`. An iteration is PyVRP's.
    Solutions that violate the problem are never reported.
    """
    start = start_of(problem, run)
    if run.should_stop():
        return Outcome()
    search = _Search(problem, run, start)
    search.run()
    return Outcome(extra={"scale": search.scale})


class _Search(PyVRPSearch):
    """One run of PyVRP on routes from one depot."""

    def __init__(self, problem: CVRP, run: Run, start: Any) -> None:
        super().__init__(run)
        self._problem = problem
        self._start = start if isinstance(start, Routes) else None
        self.scale = 1.0

    def start(self, data: Any) -> Any:
        """Return the start; PyVRP counts clients from 0, without the depot."""
        import pyvrp

        if self._start is None:
            return None
        routes = [(route - 1).tolist() for route in self._start.routes]
        return pyvrp.Solution(data, [route for route in routes if route])

    def solution_of(self, found: Any) -> Routes:
        """Return routes of customers from 1."""
        return Routes(
            [stop.idx + 1 for stop in route.schedule() if stop.is_client()]
            for route in found.routes()
        )

    def neighbours(self, data: Any) -> dict[Any, list[Any]]:
        """Return the nearest other clients of each client."""
        import pyvrp
        from pyvrp.search import NeighbourhoodParams

        if isinstance(self._problem, VRPTW) or not is_symmetric(self._problem):
            return super().neighbours(data)
        customers = np.arange(1, self._problem.n + 1)
        near = near_nodes(
            self._problem, NeighbourhoodParams().num_neighbours, customers
        )
        client = pyvrp.ActivityType.CLIENT
        clients = [pyvrp.Activity(client, k) for k in range(self._problem.n)]
        return {
            clients[k]: [clients[other] for other in row]
            for k, row in enumerate(near.tolist())
        }

    def data(self) -> Any:
        """Return the problem in PyVRP's terms."""
        import pyvrp

        problem, data = self._problem, IntegerData(self._problem)
        self.scale = data.scale
        matrix: Any = np.ascontiguousarray(data.matrix)
        # Only durations contain service, so a length limit is one on them.
        limit = _UNLIMITED if data.max_distance is None else data.max_distance
        windows = [(0, _UNLIMITED)] * node_count(problem)
        if data.ready is not None and data.due is not None:
            windows = list(zip(data.ready.tolist(), data.due.tolist(), strict=True))
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0)] * node_count(problem),
            clients=[
                pyvrp.Client(
                    k,
                    delivery=[demand],
                    service_duration=service,
                    tw_early=early,
                    tw_late=late,
                )
                for k, (demand, service, (early, late)) in enumerate(
                    zip(
                        data.demands[1:].tolist(),
                        data.service[1:].tolist(),
                        windows[1:],
                        strict=True,
                    ),
                    start=1,
                )
            ],
            depots=[pyvrp.Depot(0)],
            vehicle_types=[
                pyvrp.VehicleType(
                    problem.vehicles or problem.n,
                    capacity=[data.capacity],
                    shift_duration=limit,
                    tw_early=windows[0][0],
                    tw_late=windows[0][1],
                )
            ],
            distance_matrices=[matrix],
            duration_matrices=[matrix],
        )
