"""Robust knapsack by branch and price: mixtures of policies, branching on items.

At a node the problem is the linear program ``max sum_i (profit_i - outsourcing_i) x_i +
sum_k alpha_k worth_k - budget lam - sum_i mu_i`` over shares alpha of policies, with
``lam + mu_i >= sum_k alpha_k loss_ki`` for the adversary and ``sum_k alpha_k y_ki <=
x_i``. Policies are priced by the knapsack of three states [1]_. Every pricing bounds
the node, which is left as soon as it cannot be better than the best known.

References
----------
.. [1] A. N. Arslan, B. Detienne, "Decomposition-based approaches for a class of
   two-stage robust binary optimization problems", INFORMS Journal on Computing
   34(2), 2022.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Outcome, Run
from combkit.mip.highs_model import build, run_native
from combkit.mip.robust.judge import Judge
from combkit.mip.robust.recourse import MADE, Recourse
from combkit.mip.robust.safe import safe_start
from combkit.mip.robust.worst_case import scenario_of

__all__ = ["solve"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SOURCE = "bp"
#: Relative difference of the two bounds of a node that counts as none.
_CLOSED = 1e-7
#: Distance to 0 or 1 from which an entry of x is fractional.
_FRACTION = 1e-6


def solve(problem: RobustKnapsack, run: Run) -> Outcome:
    """Branch on items, best bound first, with policies priced at every node.

    An iteration is a node.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        The run.

    References
    ----------
    See the module.
    """
    run.report(safe_start(problem), "greedy")
    judge = run.supervise(lambda: Judge(problem, run, _SOURCE))
    if run.solution is not None:
        judge.judge(run.solution.first_stage > 0.5)
    master = _Master(problem)
    ticket = itertools.count()
    open_nodes = [
        (-np.inf, next(ticket), _Node(np.zeros(problem.n), np.ones(problem.n)))
    ]
    nodes = 0
    while open_nodes:
        bound = -open_nodes[0][0]
        if np.isfinite(bound):
            run.report_bound(max(bound, judge.best), _SOURCE)
            if bound <= judge.best:
                break
        if run.should_stop(nodes):
            return Outcome(extra={**judge.facts(), "policies": master.policies})
        _, _, node = heapq.heappop(open_nodes)
        nodes += 1
        value, x = master.solve(node, judge)
        if x is None or value <= judge.best:
            # Cut short by the clock, its parent's bound is all that is known.
            if x is None and run.should_stop(nodes):
                heapq.heappush(open_nodes, (-bound, next(ticket), node))
            continue
        # Of an integral x the worst case is the node's own value.
        judge.judge(x > 0.5)
        apart = np.abs(x - np.round(x))
        if apart.max() <= _FRACTION or value <= judge.best:
            continue
        item = int(apart.argmax())
        for child in node.split(item):
            heapq.heappush(open_nodes, (-value, next(ticket), child))
    run.report_bound(judge.best, _SOURCE)
    return Outcome(extra={**judge.facts(), "policies": master.policies})


@dataclass(frozen=True, eq=False, slots=True)
class _Node:
    """Bounds of x: 0 and 0 of an item that is refused, 1 and 1 of an accepted one."""

    lower: Floats
    upper: Floats

    def split(self, item: int) -> tuple[_Node, _Node]:
        """Return the nodes that refuse and that accept an item."""
        lower, upper = self.lower.copy(), self.upper.copy()
        upper[item], lower[item] = 0.0, 1.0
        return _Node(self.lower, upper), _Node(lower, self.upper)


class _Master:
    """The linear program of all nodes; its policies stay, its bounds change."""

    def __init__(self, problem: RobustKnapsack) -> None:
        self._problem = problem
        self._recourse = Recourse(problem)
        n = problem.n
        one, none = sp.eye_array(n), sp.csr_array((n, n))
        rows = sp.vstack(
            [
                sp.hstack([none, np.ones((n, 1)), one]),
                sp.hstack([one, sp.csr_array((n, n + 1))]),
                sp.csr_array((1, 2 * n + 1)),
            ],
            format="csr",
        )
        program = MIP(
            np.r_[problem.margins, -problem.budget, -np.ones(n)],
            rows,
            np.r_[np.zeros(2 * n), 1.0],
            np.r_[np.full(2 * n, np.inf), 1.0],
            np.zeros(2 * n + 1),
            np.r_[np.ones(n), np.full(n + 1, np.inf)],
            np.zeros(2 * n + 1, dtype=np.uint8),
            maximize=True,
        )
        self._highs = build(program)
        self._known: set[bytes] = set()
        self._add(np.zeros(n, dtype=np.int64))

    @property
    def policies(self) -> int:
        """Number of policies."""
        return len(self._known)

    def solve(self, node: _Node, judge: Judge) -> tuple[float, Floats | None]:
        """Return a bound of a node, and its x where it may be better than the best.

        Parameters
        ----------
        node : _Node
            The node.
        judge : Judge
            Who knows the best objective, and when time is out.
        """
        problem, highs, n = self._problem, self._highs, self._problem.n
        highs.changeColsBounds(n, np.arange(n, dtype=np.int32), node.lower, node.upper)
        sunk = problem.margins
        refused = node.upper < 0.5
        bound = np.inf
        while not judge.run.should_stop():
            run_native(highs, 1)
            value = highs.getInfo().objective_function_value
            point = highs.getSolution()
            # The rows hold from below: their prices are not positive.
            dual = -np.array(point.row_dual)
            xi, pi = scenario_of(dual[:n], problem.budget), np.maximum(dual[n:-1], 0.0)
            repaired = np.where(refused, 0.0, problem.outsourcing - pi)
            made = repaired - np.where(refused, 0.0, problem.degradations * xi)
            most, policy = self._recourse.best(made, repaired)
            gain = sunk + pi
            free = np.where(gain > 0.0, node.upper, node.lower) @ gain
            bound = min(bound, most + float(free))
            if bound <= judge.best:
                return bound, None
            closed = bound - value <= _CLOSED * max(1.0, abs(bound))
            if closed or not self._add(policy):
                return bound, np.array(point.col_value)[:n]
        return bound, None

    def _add(self, policy: Integers) -> bool:
        """Add a policy; return whether it is new."""
        key = policy.tobytes()
        if key in self._known:
            return False
        self._known.add(key)
        problem, n = self._problem, self._problem.n
        used, exposed = np.flatnonzero(policy), np.flatnonzero(policy == MADE)
        index = np.r_[exposed, n + used, 2 * n].astype(np.int32)
        value = np.r_[-problem.degradations[exposed], -np.ones(used.size), 1.0]
        worth = float(problem.outsourcing[used].sum())
        self._highs.addCol(worth, 0.0, np.inf, index.size, index, value)
        return True
