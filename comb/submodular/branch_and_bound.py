"""Exact maximisation of a submodular function: branch on the element that adds most.

At a set S of a partial choice, any choice T that extends it by elements that are not
refused yet has ``f(T) <= f(S) + sum_{e in T - S} max(0, f(e | S))``, by submodularity
alone; the constraint limits the sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.bounds import heaviest, rounded_up
from combkit.comb.submodular.refusals import is_not_submodular, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

#: Elements up to which an answer can be hoped for.
_MOST = 500
#: Relative improvement below which a branch is not worth while.
_PROGRESS = 1e-9


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if reason := other_goal(problem, "value") or is_not_submodular(problem):
        return reason
    if problem.n > _MOST:
        return f"{problem.n} elements are too many (at most {_MOST})"
    return None


@supervised
def solve(problem: Submodular, run: Run) -> Outcome:
    """Search all allowed sets, but for those that bounds rule out.

    Starts from ``run.initial`` or the greedy set. An iteration is a gain.
    """
    session = Session(problem, run, "branch-and-bound")
    if run.solution is None:
        session.report()
    search = _Search(session)
    search.run()
    if search.complete and run.objective is not None:
        # What was ruled out may be better by rounding only.
        run.report_bound(run.objective, "branch-and-bound")
        return Outcome(Status.OPTIMAL, extra={"nodes": search.nodes})
    return Outcome(extra={"nodes": search.nodes})


class _Search:
    """Depth first; a node is a set and the elements that may still be added."""

    def __init__(self, session: Session) -> None:
        self._session, self._problem = session, session.problem
        self.nodes = 0
        self.complete = False

    def run(self) -> None:
        """Search until the end or until the run has to end."""
        session, run = self._session, self._session.run
        start = session.chosen.tolist()
        stack = [(start, session.candidates())]
        while stack:
            if run.should_stop(session.calls):
                return
            chosen, pool = stack.pop()
            self.nodes += 1
            value, gains, pool = self._look(chosen, pool)
            assert run.objective is not None
            if value > run.objective:
                session.report(np.array(chosen, dtype=np.int64))
            if not pool.size or self._bound(chosen, value, gains, pool) <= (
                run.objective + _PROGRESS * abs(run.objective)
            ):
                continue
            best = int(gains.argmax())
            rest = np.delete(pool, best)
            stack.append((chosen, rest))
            stack.append(([*chosen, int(pool[best])], rest))
        self.complete = True

    def _look(
        self, chosen: list[int], pool: NDArray[np.int64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.int64]]:
        """Return the value of a set, and the gains of what fits and adds something."""
        session = self._session
        protocol.clear(session.state)
        protocol.free(session.rule)
        value = 0.0
        for e in chosen:
            value += protocol.gain(session.state, e)
            protocol.add(session.state, e)
            protocol.take(session.rule, e)
        pool = np.array([e for e in pool if protocol.fits(session.rule, e)], np.int64)
        gains = session.gains(pool)
        session.picks.count[greedy.CALLS] += len(chosen)
        useful = gains > 0.0
        return value, gains[useful], pool[useful]

    def _bound(
        self,
        chosen: list[int],
        value: float,
        gains: NDArray[np.float64],
        pool: NDArray[np.int64],
    ) -> float:
        weights = np.zeros(self._problem.n)
        weights[pool] = gains
        left = heaviest(self._problem.constraint, weights, chosen)
        return rounded_up(value + left)
