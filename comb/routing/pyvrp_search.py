"""One run of PyVRP, whatever the problem: its search, our clock and reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from combkit.instances.run import Run
from combkit.instances.seeds import native_seed

__all__ = ["PyVRPSearch"]


class PyVRPSearch(ABC):
    """A run of PyVRP; what a kind of problem is in its terms, subclasses know.

    Parameters
    ----------
    run : Run
        The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._closed = False
        self._iterations = -1
        #: Distances from here on stand for legs that must not be.
        self.forbidden = float("inf")

    @abstractmethod
    def data(self) -> Any:
        """Return the problem as ``pyvrp.ProblemData``."""

    @abstractmethod
    def start(self, data: Any) -> Any:
        """Return the ``pyvrp.Solution`` to start from, None for a random one."""

    @abstractmethod
    def solution_of(self, found: Any) -> Any:
        """Return a ``pyvrp.Solution`` as one of ours, None if it is not allowed."""

    def neighbours(self, data: Any) -> dict[Any, list[Any]]:
        """Return near activities of each one, as PyVRP would."""
        from pyvrp.search import compute_neighbours

        return dict(compute_neighbours(data))

    def run(self) -> None:
        """Search until the run ends; what still comes after that is left out."""
        try:
            self._run.supervise(self._solve, self._close)
        finally:
            self._close()

    def _close(self) -> None:
        """Ask the search to end, and report nothing more."""
        self._closed = True

    def _solve(self) -> None:
        """Build the model and search; runs in a thread of its own.

        Does what ``pyvrp.solve`` does, except for the neighbours: PyVRP sorts
        all distances for them, which takes seconds for thousands of clients
        and cannot be interrupted.
        """
        import pyvrp
        from pyvrp.search import OPERATORS, LocalSearch, PerturbationManager

        data = self.data()
        rng = pyvrp.RandomNumberGenerator(native_seed(self._run.seed))
        search = LocalSearch(data, rng, self.neighbours(data), PerturbationManager())
        for operator in OPERATORS:
            if operator.supports(data):
                search.add_operator(operator(data))
        # A unit of load must be able to cost more than any detour.
        lengths = data.distance_matrix(0)
        longest = float(lengths[lengths < self.forbidden].max(initial=1))
        longest *= max(kind.unit_distance_cost for kind in data.vehicle_types())
        limits = pyvrp.PenaltyParams()
        limits = pyvrp.PenaltyParams(max_penalty=max(limits.max_penalty, longest))
        penalties = pyvrp.PenaltyManager(limits.midpoint_penalties(data), limits)
        first = self.start(data)
        if first is None:
            first = search(
                pyvrp.Solution.make_random(data, rng),
                penalties.max_cost_evaluator(),
                exhaustive=True,
            )
        algorithm = pyvrp.IteratedLocalSearch(
            data,
            penalties,
            search,
            first,
            pyvrp.IteratedLocalSearchParams(callbacks=self._callbacks()),
        )
        result = algorithm.run(self._stop, collect_stats=False, display=False)
        self._found(result.best)

    def _callbacks(self) -> Any:
        import pyvrp

        found = self._found

        class Callbacks(pyvrp.IteratedLocalSearchCallbacks):
            def on_best(self, best: Any) -> None:
                found(best)

        return Callbacks()

    def _stop(self, best_cost: float) -> bool:
        self._iterations += 1
        return self._closed or self._run.should_stop(self._iterations)

    def _found(self, best: Any) -> None:
        if self._closed or not best.is_feasible():
            return
        solution = self.solution_of(best)
        if solution is not None:
            self._run.report(solution, "pyvrp")
