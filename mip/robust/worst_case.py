"""The worst case of a first stage, with a bracket that proves it.

For a first stage x the adversary's problem is ``min_xi max_(y, r) profit``, linear in
xi: it equals ``max min`` over mixtures of policies. Column generation finds both: the
mixture promises a profit whatever happens, the scenario allows no more.

References
----------
.. [1] A. N. Arslan, B. Detienne, "Decomposition-based approaches for a class of
   two-stage robust binary optimization problems", INFORMS Journal on Computing
   34(2), 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.solutions import FirstStage
from combkit.mip.highs_model import build, run_native
from combkit.mip.robust.recourse import MADE, Recourse
from combkit.mip.robust.worst import Worst

__all__ = ["Adversary", "WorstMixture", "evaluate", "largest_loss", "scenario_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Relative width of a bracket that counts as closed.
CLOSED = 1e-9
#: Most policies that are kept for the next first stage.
_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class WorstMixture(Worst):
    """The worst case of a first stage, and the mixture of reactions that proves it.

    Parameters
    ----------
    lower, upper : float
        The worst case is at least and at most that.
    solution : FirstStage
        The first stage, and a scenario in which no reaction earns more than `upper`.
    policies : ndarray of int64, shape (k, n)
        Reactions of which a mixture earns `lower` in every scenario.
    mixture : ndarray of float64, shape (k,)
        Their shares.
    """

    policies: Integers
    mixture: Floats


def evaluate(problem: RobustKnapsack, solution: FirstStage) -> WorstMixture:
    """Return the worst case of a first stage as a certified bracket.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    solution : FirstStage
        The first stage; its scenario, if any, is not looked at.

    Raises
    ------
    InvalidSolutionError
        If it is no first stage of the problem.
    """
    # Any scenario will do to have x checked.
    problem.evaluate(FirstStage(solution.first_stage, np.zeros(problem.n)))
    return Adversary(problem).worst(solution.first_stage > 0.5)


def largest_loss(losses: Floats, budget: float) -> float:
    """Return the most that shares within a budget can take of some losses.

    Parameters
    ----------
    losses : ndarray of float64, shape (n,)
        What each item would lose.
    budget : float
        Most shares.
    """
    ordered = np.sort(losses)[::-1]
    whole = min(int(budget), ordered.size)
    rest = ordered[whole] * (budget - whole) if whole < ordered.size else 0.0
    return float(ordered[:whole].sum() + rest)


def scenario_of(prices: Floats, budget: float) -> Floats:
    """Return shadow prices as a scenario, which rounding may not take out of its set.

    Parameters
    ----------
    prices : ndarray of float64, shape (n,)
        Prices of the rows of the adversary.
    budget : float
        Most shares.
    """
    shares = np.clip(prices, 0.0, 1.0)
    total = float(shares.sum())
    scenario: Floats = shares * (budget / total) if total > budget else shares
    return scenario


class Adversary:
    """Finds worst cases; keeps the policies that were found for the next ones.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    """

    def __init__(self, problem: RobustKnapsack) -> None:
        self.problem = problem
        self.recourse = Recourse(problem)
        self.policies: list[Integers] = []

    def worst(self, accepted: Flags, floor: float = -np.inf) -> WorstMixture:
        """Return the worst case of accepted items.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The accepted items.
        floor : float
            Profit below which the exact one is of no interest: the bracket stays open
            once its upper end is not above.
        """
        problem, recourse = self.problem, self.recourse
        sunk = float(problem.margins[accepted].sum())
        known = [p for p in self.policies if not p[~accepted].any()]
        master = _Mixture(problem, accepted)
        for policy in [np.zeros(problem.n, dtype=np.int64), *known]:
            master.add(policy)
        upper, scenario = np.inf, np.zeros(problem.n)
        while True:
            shares, found = master.solve()
            lower = master.promise(shares)
            value, policy = recourse.react(accepted, found)
            if value < upper:
                upper, scenario = value, found
            closed = upper - lower <= CLOSED * max(1.0, upper)
            # A policy that is there already would change nothing: rounding is left.
            if closed or sunk + upper <= floor or not master.add(policy):
                break
            self.policies.append(policy)
        del self.policies[:-_KEPT]
        x = accepted.astype(np.float64)
        return WorstMixture(
            sunk + min(lower, upper),
            sunk + upper,
            FirstStage(x, scenario),
            *master.used(shares),
        )


class _Mixture:
    """The master program: shares of policies that promise the largest profit.

    ``min budget lam + sum mu - sum_k alpha_k worth_k`` under ``lam + mu_i >= sum_k
    alpha_k loss_ki``: the shadow prices of these rows are the adversary's shares.
    """

    def __init__(self, problem: RobustKnapsack, accepted: Flags) -> None:
        self._problem = problem
        self._items = np.flatnonzero(accepted)
        m = self._items.size
        rows = sp.hstack([np.ones((m, 1)), sp.eye_array(m)], format="csr")
        last = sp.csr_array((1, m + 1))
        zeros, ones = np.zeros(m + 1), np.ones(m)
        program = MIP(
            np.r_[problem.budget, ones],
            sp.vstack([rows, last], format="csr"),
            np.r_[np.zeros(m), 1.0],
            np.r_[np.full(m, np.inf), 1.0],
            zeros,
            np.full(m + 1, np.inf),
            np.zeros(m + 1, dtype=np.uint8),
        )
        self._highs = build(program)
        self._seen: set[bytes] = set()
        self.policies: list[Integers] = []

    def add(self, policy: Integers) -> bool:
        """Add a policy; return whether it is new."""
        key = policy.tobytes()
        if key in self._seen:
            return False
        self._seen.add(key)
        self.policies.append(policy)
        problem, items = self._problem, self._items
        worth = float(problem.outsourcing[policy > 0].sum())
        at = np.flatnonzero(policy[items] == MADE)
        index = np.r_[at, items.size].astype(np.int32)
        value = np.r_[-problem.degradations[items[at]], 1.0]
        self._highs.addCol(-worth, 0.0, np.inf, index.size, index, value)
        return True

    def solve(self) -> tuple[Floats, Floats]:
        """Return the shares of the policies and the adversary's scenario."""
        run_native(self._highs, 1)
        solution = self._highs.getSolution()
        first = self._items.size + 1
        shares = np.maximum(np.array(solution.col_value)[first:], 0.0)
        scenario = np.zeros(self._problem.n)
        dual = np.array(solution.row_dual)[: self._items.size]
        scenario[self._items] = scenario_of(dual, self._problem.budget)
        return shares / shares.sum(), scenario

    def promise(self, shares: Floats) -> float:
        """Return what a mixture earns in its worst scenario, without what is sunk."""
        problem, policies = self._problem, np.array(self.policies)
        worth = shares @ ((policies > 0) @ problem.outsourcing)
        exposed = (shares @ (policies == MADE)) * problem.degradations
        return float(worth - largest_loss(exposed, problem.budget))

    def used(self, shares: Floats) -> tuple[Integers, Floats]:
        """Return the policies with a share, and the shares."""
        some = np.flatnonzero(shares > 0.0)
        return np.array(self.policies)[some], shares[some]
