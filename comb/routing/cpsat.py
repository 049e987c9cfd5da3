"""CP-SAT with circuit constraints: proven optima of small routing problems."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from combkit.comb.routing.integers import IntegerData, is_integral
from combkit.comb.routing.nearness import Routing, node_count
from combkit.comb.routing.starts import start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Routes, Solution, Tour
from combkit.instances.tsp import TSP

__all__ = ["solve", "supports"]

#: What a route's sum grows by on the way from one node to the next.
Step = Callable[[int, int], int]

#: Nodes up to which the model is worth building: it has a literal an arc.
_MAX_NODES = {"tsp": 500, "atsp": 500, "cvrp": 300}


def supports(problem: Routing) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    nodes, most = node_count(problem), _MAX_NODES[problem.kind]
    if nodes > most:
        return f"{nodes} nodes are too many (at most {most} for {problem.kind})"
    if not is_integral(problem):
        return "only integers are exact here: distances, demands, service times"
    return None


def solve(
    problem: Routing, run: Run, *, log: str | os.PathLike[str] | None = None
) -> Outcome:
    """Search and prove until optimal or the run ends.

    ``run.initial``, or else a constructive solution, becomes a complete hint.
    An iteration is a conflict.

    Parameters
    ----------
    problem : TSP, ATSP or CVRP
        The problem, with integral data.
    run : Run
        The run; ``run.threads`` are CP-SAT's workers.
    log : str or PathLike, optional
        File for CP-SAT's own log.
    """
    if node_count(problem) == 1:
        run.report(Tour([0]), "cpsat")
        return Outcome(Status.OPTIMAL)
    from combkit.mip.cp_search import search

    circuits = _Circuits(problem, start_of(problem, run))
    run.supervise(circuits.build)

    def found(callback: Any) -> None:
        run.report(circuits.solution(callback.boolean_value), "cpsat")

    unpaid = 0.0 if isinstance(problem, CVRP) else problem.unpaid

    def bounded(bound: float) -> None:
        # The objective is integral, so a bound may be rounded up.
        run.report_bound(math.ceil(bound - 1e-6) - unpaid, "cpsat")

    # Cuts for circuits come with this level; a single worker lives by them.
    options = {"linearization_level": 2}
    return search(
        circuits.model, run, found=found, bounded=bounded, options=options, log=log
    )


class _Circuits:
    """The model of a problem: a literal an arc, sums along routes."""

    def __init__(self, problem: Routing, start: Solution | None) -> None:
        from ortools.sat.python import cp_model

        self.model = cp_model.CpModel()
        self._problem = problem
        self._start = start
        self._data = IntegerData(problem)
        self._arcs: dict[tuple[int, int], Any] = {}
        self._sums: list[tuple[list[Any], Step]] = []

    def build(self) -> None:
        """Fill the model; this can take seconds."""
        from ortools.sat.python import cp_model

        problem, model = self._problem, self.model
        nodes = range(node_count(problem))
        demands, capacity = self._data.demands.tolist(), self._data.capacity
        for i in nodes:
            for j in nodes:
                if i != j and demands[i] + demands[j] <= capacity:
                    self._arcs[i, j] = model.new_bool_var("")
        listed = [(i, j, arc) for (i, j), arc in self._arcs.items()]
        matrix = self._data.matrix.tolist()
        if isinstance(problem, CVRP):
            model.add_multiple_circuit(listed)
            self._limit_fleet(problem.vehicles)
            self._limit_sum(lambda i, j: demands[j], capacity)
            if self._data.max_distance is not None:
                service = self._data.service.tolist()
                self._limit_sum(
                    lambda i, j: matrix[i][j] + service[j], self._data.max_distance
                )
        else:
            model.add_circuit(listed)
            self._fix_edges()
        literals = [arc for _, _, arc in listed]
        lengths = [matrix[i][j] for i, j, _ in listed]
        model.minimize(cp_model.LinearExpr.weighted_sum(literals, lengths))
        self._hint()

    def solution(self, chosen: Callable[[Any], bool]) -> Tour | Routes:
        """Return the solution of the arcs whose literals are chosen."""
        used = [ends for ends, arc in self._arcs.items() if chosen(arc)]
        after = {i: j for i, j in used if i != 0}
        routes = []
        for start in [j for i, j in used if i == 0]:
            route, here = [], start
            while here != 0:
                route.append(here)
                here = after[here]
            routes.append(route)
        return (
            Routes(routes) if isinstance(self._problem, CVRP) else Tour([0, *routes[0]])
        )

    def _limit_fleet(self, vehicles: int | None) -> None:
        """Bound the number of routes: from below by what the demands need."""
        leaving = [arc for (i, _), arc in self._arcs.items() if i == 0]
        needed = -(-int(self._data.demands.sum()) // self._data.capacity)
        most = len(leaving) if vehicles is None else vehicles
        self.model.add(sum(leaving) >= needed)
        self.model.add(sum(leaving) <= most)

    def _limit_sum(self, step: Step, limit: int) -> None:
        """Keep the sum of the steps along every route within a limit."""
        model = self.model
        sums = [
            model.new_int_var(0, limit, "") for _ in range(node_count(self._problem))
        ]
        for (i, j), arc in self._arcs.items():
            if i == 0:
                model.add(sums[j] >= step(i, j)).only_enforce_if(arc)
            elif j == 0:
                model.add(sums[i] + step(i, j) <= limit).only_enforce_if(arc)
            else:
                model.add(sums[j] >= sums[i] + step(i, j)).only_enforce_if(arc)
        self._sums.append((sums, step))

    def _fix_edges(self) -> None:
        if isinstance(self._problem, CVRP) or self._problem.fixed_edges is None:
            return
        for i, j in self._problem.fixed_edges.tolist():
            either = [self._arcs[i, j]]
            if isinstance(self._problem, TSP):
                either.append(self._arcs[j, i])
            self.model.add_bool_or(either)

    def _hint(self) -> None:
        """Hint the value of every variable from the start, if there is one."""
        routes = _closed_routes(self._start)
        if not routes:
            return
        used = {arc for route in routes for arc in pairwise(route)}
        for ends, arc in self._arcs.items():
            self.model.add_hint(arc, ends in used)
        for sums, step in self._sums:
            for route in routes:
                total = 0
                for i, j in pairwise(route[:-1]):
                    total += step(i, j)
                    self.model.add_hint(sums[j], total)
            self.model.add_hint(sums[0], 0)


def _closed_routes(start: Solution | None) -> list[list[int]]:
    """Return the routes of a solution from depot to depot; a tour from city 0."""
    if isinstance(start, Tour):
        tour = start.tour.tolist()
        first = tour.index(0)
        return [[*tour[first:], *tour[:first], 0]]
    if isinstance(start, Routes):
        return [[0, *route.tolist(), 0] for route in start.routes if route.size]
    return []
