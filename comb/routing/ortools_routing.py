"""The routing library of OR-Tools, with guided local search.

Its ``Solve`` holds the GIL, so it runs in the calling thread and serves
signals, limits and events from the callbacks that it makes itself. It takes
no seed: it does the same every time.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from typing import Any

from combkit.comb.routing.integers import IntegerData, memory_reason
from combkit.comb.routing.nearness import Routing, node_count
from combkit.comb.routing.starts import start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError, nearest
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Routes, Tour
from combkit.instances.tsp import TSP

__all__ = ["solve", "supports"]

#: Memory of an arc: a Python integer and its place in a list, OR-Tools' copy.
_BYTES_PER_ARC = 48
#: Seconds to hand over an arc, measured; it cannot be interrupted.
_SECONDS_PER_ARC = 2e-7
#: Seconds between two looks at the clock.
_POLL = 0.01
#: Answers given unasked at most: OR-Tools may ask a million times a second and,
#: a moment later, hardly at all.
_MOST_ANSWERS = 256


def supports(problem: Routing) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if isinstance(problem, TSP) and problem.fixed_edges is not None:
        return "fixed edges are not supported"
    return memory_reason(problem, _BYTES_PER_ARC)


def solve(
    problem: Routing, run: Run, *, metaheuristic: str = "guided_local_search"
) -> Outcome:
    """Improve ``run.initial``, or else a constructive solution.

    Fractional data are scaled, see `IntegerData`. An iteration is a solution
    that the search accepts.

    Parameters
    ----------
    problem : TSP, ATSP or CVRP
        The problem.
    run : Run
        The run.
    metaheuristic : str
        greedy_descent, guided_local_search, simulated_annealing, tabu_search or
        generic_tabu_search.
    """
    from ortools.constraint_solver import routing_enums_pb2

    known = routing_enums_pb2.LocalSearchMetaheuristic.Value
    options = {name.lower(): value for name, value in known.items()}
    if metaheuristic not in options:
        raise UsageError(
            f"metaheuristic: {metaheuristic!r} is unknown"
            f"{nearest(metaheuristic, options)}"
        )
    start = start_of(problem, run)
    if not isinstance(problem, CVRP) and problem.n <= 2:
        return Outcome(Status.OPTIMAL)
    if run.should_stop() or run.remaining < _SECONDS_PER_ARC * node_count(problem) ** 2:
        return Outcome(raw_status="no time to build the model")
    return _Model(problem, run, start).solve(options[metaheuristic])


class _Model:
    """OR-Tools' model of a problem, and what its callbacks do."""

    def __init__(self, problem: Routing, run: Run, start: Any) -> None:
        from ortools.constraint_solver import pywrapcp

        self._problem = problem
        self._run = run
        self._data = IntegerData(problem)
        self._start = _routes_of(start)
        self._vehicles = self._fleet_size()
        nodes = node_count(problem)
        self._manager = pywrapcp.RoutingIndexManager(nodes, self._vehicles, 0)
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._best = math.inf
        self._solutions = 0
        self._error: BaseException | None = None
        # A constant on every arc changes no tour, and OR-Tools wants no
        # negative ones. A cvrp has none.
        matrix = self._data.matrix
        matrix = matrix - min(0, int(matrix.min()))
        arcs = self._routing.RegisterTransitMatrix(matrix.tolist())
        self._routing.SetArcCostEvaluatorOfAllVehicles(arcs)
        if isinstance(problem, CVRP):
            self._limit_load()
            self._limit_length(arcs)
        elif problem.fixed_edges is not None:
            self._fix(problem.fixed_edges.tolist())

    def _fleet_size(self) -> int:
        """Return a number of vehicles; without a limit, more than enough."""
        if not isinstance(self._problem, CVRP):
            return 1
        if self._problem.vehicles is not None:
            return min(self._problem.n, self._problem.vehicles)
        load = int(self._data.demands.sum())
        used = max(len(self._start), -(-load // self._data.capacity))
        if not self._start:
            return self._problem.n
        return min(self._problem.n, used + used // 10 + 2)

    def _limit_load(self) -> None:
        demands = self._routing.RegisterUnaryTransitVector(self._data.demands.tolist())
        self._routing.AddDimension(demands, 0, self._data.capacity, True, "load")

    def _limit_length(self, arcs: int) -> None:
        limit = self._data.max_distance
        if limit is None:
            return
        if self._data.service.any():
            spent = self._data.matrix + self._data.service[:, None]
            arcs = self._routing.RegisterTransitMatrix(spent.tolist())
        self._routing.AddDimension(arcs, 0, limit, True, "length")

    def _fix(self, arcs: list[list[int]]) -> None:
        for i, j in arcs:
            end = self._routing.End(0) if j == 0 else self._manager.NodeToIndex(j)
            start = self._manager.NodeToIndex(i)
            self._routing.NextVar(start).SetValue(end)

    def solve(self, metaheuristic: int) -> Outcome:
        """Search until the run ends."""
        from ortools.constraint_solver import pywrapcp

        routing, run = self._routing, self._run
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.local_search_metaheuristic = metaheuristic
        if math.isfinite(run.remaining):
            # A little more than is left: the run itself ends the search, and this
            # limit is for stretches in which OR-Tools asks for no answer.
            parameters.time_limit.FromMilliseconds(int(run.remaining * 1e3) + 100)
        # OR-Tools asks up to a million times a second. This iterator gives
        # most of the answers in C, and looks at the run in between.
        answers = itertools.chain.from_iterable(self._answers())
        routing.AddSearchMonitor(routing.solver().CustomLimit(answers.__next__))
        routing.AddAtSolutionCallback(self._at_solution)
        routing.CloseModelWithParameters(parameters)
        start = self._assignment()
        if start is None:
            routing.SolveWithParameters(parameters)
        else:
            routing.SolveFromAssignmentWithParameters(start, parameters)
        if self._error is not None:
            raise self._error
        return Outcome(
            raw_status=f"routing status {routing.status()}",
            extra={"scale": self._data.scale, "vehicles": self._vehicles},
        )

    def _assignment(self) -> Any:
        """Return the start in OR-Tools' form; None if there is none it takes."""
        if not self._start:
            return None
        index = self._manager.NodeToIndex
        routes = [[index(node) for node in route] for route in self._start]
        return self._routing.ReadAssignmentFromRoutes(routes, True)

    def _answers(self) -> Iterator[Iterator[bool]]:
        """Yield runs of equal answers to "stop now?", each some 10 ms long."""
        count = 1
        before = time.perf_counter()
        while self._error is None and not self._should_stop():
            yield itertools.repeat(False, count)
            now = time.perf_counter()
            factor = _POLL / max(now - before, 1e-6)
            count = max(1, min(int(count * min(2.0, factor)), _MOST_ANSWERS))
            before = now
        yield itertools.repeat(True)

    def _should_stop(self) -> bool:
        try:
            return self._run.should_stop(self._solutions)
        except BaseException as error:
            # Nothing may be raised through OR-Tools.
            self._error = error
            return True

    def _at_solution(self) -> None:
        self._solutions += 1
        cost = self._routing.CostVar().Min()
        if cost < self._best and self._error is None:
            self._best = cost
            try:
                self._run.report(self._solution(), "ortools-routing")
            except BaseException as error:
                self._error = error
        if self._error is not None or self._should_stop():
            self._routing.solver().FinishCurrentSearch()

    def _solution(self) -> Tour | Routes:
        """Return the solution that the callback is made for."""
        routing = self._routing
        routes = []
        for vehicle in range(self._vehicles):
            route = []
            index = routing.NextVar(routing.Start(vehicle)).Value()
            while not routing.IsEnd(index):
                route.append(self._manager.IndexToNode(index))
                index = routing.NextVar(index).Value()
            routes.append(route)
        if isinstance(self._problem, CVRP):
            return Routes([route for route in routes if route])
        return Tour([0, *routes[0]])


def _routes_of(start: Any) -> list[list[int]]:
    """Return the routes of a solution, without the depot."""
    if isinstance(start, Tour):
        tour: list[int] = start.tour.tolist()
        first = tour.index(0)
        return [tour[first + 1 :] + tour[:first]]
    if isinstance(start, Routes):
        return [route.tolist() for route in start.routes if route.size]
    return []
