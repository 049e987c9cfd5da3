"""CP-SAT with circuit constraints: proven optima of small routing problems."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from combkit.comb.routing.integers import IntegerData, is_integral
from combkit.comb.routing.nearness import Routing, node_count
from combkit.comb.routing.starts import start_of
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import SolverError
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import native_seed
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


def solve(problem: Routing, run: Run) -> Outcome:
    """Search and prove until optimal or the run ends.

    ``run.initial``, or else a constructive solution, becomes a complete hint.
    An iteration is a solution found.

    Parameters
    ----------
    problem : TSP, ATSP or CVRP
        The problem, with integral data.
    run : Run
        The run; ``run.threads`` are CP-SAT's workers.
    """
    if node_count(problem) == 1:
        run.report(Tour([0]), "cpsat")
        return Outcome(Status.OPTIMAL)
    search = _Search(problem, run, start_of(problem, run))
    run.supervise(search.solve, search.interrupt)
    return search.outcome()


class _Search:
    """The model of a problem and one search on it."""

    def __init__(self, problem: Routing, run: Run, start: Solution | None) -> None:
        from ortools.sat.python import cp_model

        self._problem = problem
        self._run = run
        self._start = start
        self._data = IntegerData(problem)
        self._model = cp_model.CpModel()
        self._solver = cp_model.CpSolver()
        self._arcs: dict[tuple[int, int], Any] = {}
        self._sums: list[tuple[list[Any], Step]] = []
        self._error: BaseException | None = None
        self._solutions = 0
        self._status: Any = cp_model.UNKNOWN

    # -- the model ---------------------------------------------------------

    def _build(self) -> None:
        from ortools.sat.python import cp_model

        problem, model = self._problem, self._model
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

    def _limit_fleet(self, vehicles: int | None) -> None:
        """Bound the number of routes: from below by what the demands need."""
        leaving = [arc for (i, _), arc in self._arcs.items() if i == 0]
        needed = -(-int(self._data.demands.sum()) // self._data.capacity)
        most = len(leaving) if vehicles is None else vehicles
        self._model.add(sum(leaving) >= needed)
        self._model.add(sum(leaving) <= most)

    def _limit_sum(self, step: Step, limit: int) -> None:
        """Keep the sum of the steps along every route within a limit."""
        model = self._model
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
            self._model.add_bool_or(either)

    def _hint(self) -> None:
        """Hint the value of every variable from the start, if there is one."""
        routes = _closed_routes(self._start)
        if not routes:
            return
        used = {arc for route in routes for arc in pairwise(route)}
        for ends, arc in self._arcs.items():
            self._model.add_hint(arc, ends in used)
        for sums, step in self._sums:
            for route in routes:
                total = 0
                for i, j in pairwise(route[:-1]):
                    total += step(i, j)
                    self._model.add_hint(sums[j], total)
            self._model.add_hint(sums[0], 0)

    # -- the search --------------------------------------------------------

    def solve(self) -> None:
        """Build and search; runs in a thread of its own."""
        from ortools.sat.python import cp_model

        found = self._found

        class Callback(cp_model.CpSolverSolutionCallback):
            def on_solution_callback(self) -> None:
                found(self.boolean_value)

        self._build()
        if self._run.should_stop():
            return
        parameters = self._solver.parameters
        parameters.num_workers = self._run.threads
        # Its own Ctrl-C handler would displace the run's, and aborts the process.
        parameters.catch_sigint_signal = False
        # Cuts for circuits come with this level; a single worker lives by them.
        parameters.linearization_level = 2
        parameters.random_seed = native_seed(self._run.seed)
        if math.isfinite(self._run.remaining):
            # The run interrupts in time; this is for when nobody does.
            parameters.max_time_in_seconds = self._run.remaining + 0.2
        self._solver.best_bound_callback = self._bounded
        self._status = self._solver.solve(self._model, Callback())
        if self._status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self._bounded(self._solver.best_objective_bound)

    def interrupt(self) -> None:
        """Ask the search to end."""
        self._solver.stop_search()

    def outcome(self) -> Outcome:
        """Say what the search has proven."""
        from ortools.sat.python import cp_model

        if self._error is not None:
            raise self._error
        name = self._solver.status_name(self._status)
        if self._status == cp_model.MODEL_INVALID:
            raise SolverError("cpsat: the model was refused", name)
        proven = {
            cp_model.OPTIMAL: Status.OPTIMAL,
            cp_model.INFEASIBLE: Status.INFEASIBLE,
        }
        return Outcome(proven.get(self._status), raw_status=name)

    def _found(self, value: Callable[[Any], bool]) -> None:
        """Report a solution; nothing may be raised through CP-SAT."""
        used = [ends for ends, arc in self._arcs.items() if value(arc)]
        try:
            self._solutions += 1
            self._run.report(_solution_of(self._problem, used), "cpsat")
            if self._run.should_stop(self._solutions):
                self._solver.stop_search()
        except BaseException as error:
            self._error = error
            self._solver.stop_search()

    def _bounded(self, bound: float) -> None:
        try:
            # The objective is integral, so a bound may be rounded up.
            self._run.report_bound(float(math.ceil(bound - 1e-6)), "cpsat")
        except BaseException as error:
            self._error = error
            self._solver.stop_search()


def _closed_routes(start: Solution | None) -> list[list[int]]:
    """Return the routes of a solution from depot to depot; a tour from city 0."""
    if isinstance(start, Tour):
        tour = start.tour.tolist()
        first = tour.index(0)
        return [[*tour[first:], *tour[:first], 0]]
    if isinstance(start, Routes):
        return [[0, *route.tolist(), 0] for route in start.routes if route.size]
    return []


def _solution_of(problem: Routing, used: list[tuple[int, int]]) -> Tour | Routes:
    """Return the solution that uses the given arcs."""
    after = {i: j for i, j in used if i != 0}
    routes = []
    for start in [j for i, j in used if i == 0]:
        route, here = [], start
        while here != 0:
            route.append(here)
            here = after[here]
        routes.append(route)
    return Routes(routes) if isinstance(problem, CVRP) else Tour([0, *routes[0]])
