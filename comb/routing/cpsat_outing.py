"""CP-SAT with a circuit that may leave nodes out: proven optima of small outings."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from combkit.comb.routing import greedy_outing
from combkit.comb.routing.outing_search import obstacle
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Solution, Tour

__all__ = ["solve", "supports"]

#: Nodes up to which the model is worth building: it has a literal an arc.
_MAX_NODES = 300


def supports(problem: OP | PCTSP) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if problem.n >= _MAX_NODES:
        return f"{problem.n + 1} nodes are too many (at most {_MAX_NODES})"
    data: list[Any] = [problem.prizes]
    data += [problem.penalties] if isinstance(problem, PCTSP) else []
    if not problem.integral or any(array.dtype != np.int64 for array in data):
        return "only integers are exact here: distances, prizes, penalties"
    return None


def solve(
    problem: OP | PCTSP, run: Run, *, log: str | os.PathLike[str] | None = None
) -> Outcome:
    """Search and prove until optimal or the run ends.

    ``run.initial``, or else a greedy tour, becomes a complete hint. An iteration is
    a conflict.

    Parameters
    ----------
    problem : OP or PCTSP
        The problem, with integral data.
    run : Run
        The run; ``run.threads`` are CP-SAT's workers.
    log : str or PathLike, optional
        File for CP-SAT's own log.
    """
    if reason := obstacle(problem):
        return Outcome(Status.INFEASIBLE, raw_status=reason)
    if run.initial is None:
        greedy_outing.solve(problem, run)
    if problem.n == 0:
        run.report(Tour([0]), "cpsat")
        return Outcome(Status.OPTIMAL)
    from combkit.mip.cp_search import search

    circuit = _Circuit(problem)
    start = run.initial or run.solution
    run.supervise(lambda: circuit.build(start))
    rounded = math.floor if problem.sense == "max" else math.ceil
    noise = 1e-6 if problem.sense == "max" else -1e-6

    def found(callback: Any) -> None:
        run.report(circuit.solution(callback.boolean_value), "cpsat")

    def bounded(bound: float) -> None:
        # The objective is integral.
        run.report_bound(float(rounded(bound + noise)), "cpsat")

    # Cuts for circuits come with this level; a single worker lives by them.
    options = {"linearization_level": 2}
    return search(
        circuit.model, run, found=found, bounded=bounded, options=options, log=log
    )


class _Circuit:
    """The model: a literal an arc, and one a node that is left out."""

    def __init__(self, problem: OP | PCTSP) -> None:
        from ortools.sat.python import cp_model

        self.model = cp_model.CpModel()
        self._problem = problem
        self._arcs: dict[tuple[int, int], Any] = {}

    def build(self, start: Solution | None) -> None:
        """Fill the model and hint a tour."""
        from ortools.sat.python import cp_model

        problem, model = self._problem, self.model
        nodes = range(problem.n + 1)
        # The loop of the depot stands for the tour that stays there.
        self._arcs = {(i, j): model.new_bool_var("") for i in nodes for j in nodes}
        model.add_circuit([(i, j, arc) for (i, j), arc in self._arcs.items()])
        alone = self._arcs[0, 0]
        for i in nodes[1:]:
            model.add_implication(alone, self._arcs[i, i])
        ways = {ends: arc for ends, arc in self._arcs.items() if ends[0] != ends[1]}
        matrix = problem.distances()
        sum_of = cp_model.LinearExpr.weighted_sum
        length = sum_of(list(ways.values()), [int(matrix[ends]) for ends in ways])
        out = [self._arcs[i, i] for i in nodes[1:]]
        left = sum_of(out, problem.prizes[1:].tolist())
        every = int(problem.prizes.sum())
        if isinstance(problem, OP):
            model.add(length <= math.floor(problem.limit))
            model.maximize(every - left)
        else:
            model.add(every - left >= math.ceil(problem.quota))
            model.minimize(length + sum_of(out, problem.penalties[1:].tolist()))
        if isinstance(start, Tour):
            self._hint(start)

    def solution(self, chosen: Callable[[Any], bool]) -> Tour:
        """Return the tour of the arcs whose literals are chosen."""
        after = {i: j for (i, j), arc in self._arcs.items() if chosen(arc)}
        tour, here = [0], after[0]
        while here != 0:
            tour.append(here)
            here = after[here]
        return Tour(tour)

    def _hint(self, start: Tour) -> None:
        tour = start.tour.tolist()
        used = set(zip(tour, [*tour[1:], tour[0]], strict=True))
        used |= {(i, i) for i in range(self._problem.n + 1) if i not in set(tour)}
        for ends, arc in self._arcs.items():
            self.model.add_hint(arc, ends in used)
