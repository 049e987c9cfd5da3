"""Submodular order functions: scans in an order by thresholds, and swaps.

References
----------
.. [1] R. Udwani, "Submodular order functions and assortment optimization", ICML 2023;
   Management Science, 2024. arXiv:2107.02743
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular import _kernels_streams as streams
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import between, has_included, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.comb.submodular.states import state_of
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.base import SetFunction
from combkit.instances.submodular.constraints import Knapsack
from combkit.instances.submodular.problem import Submodular
from combkit.instances.submodular.revenue import Revenue

__all__ = ["order_of", "solve", "supports"]

Integers = NDArray[np.int64]

_UDWANI = "Udwani, arXiv:2107.02743"
#: A new element must add so many times what the one that it replaces added.
_SWAP = 2.0


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if reason := other_goal(problem, "value") or has_included(problem):
        return reason
    if order_of(problem.function) is None:
        return f"no submodular order of a {problem.function.type} is known"
    constraint = problem.constraint
    if isinstance(constraint, Knapsack) and constraint.budgets.size > 1:
        return f"one budget, not {constraint.budgets.size}"
    if not isinstance(constraint, Knapsack) and not constraint.matroid:
        return f"it is for matroids and knapsacks, not a {constraint.type}"
    return None


def order_of(function: SetFunction) -> Integers | None:
    """Return a submodular order of the elements, if one is known.

    Falling prices for revenue; any order for a monotone submodular function.
    """
    if isinstance(function, Revenue):
        return np.argsort(-function.prices, kind="stable")
    if function.monotone and function.submodular:
        return np.arange(function.n)
    return None


@supervised
def solve(problem: Submodular, run: Run, *, epsilon: float = 0.1) -> Outcome:
    """Scan the elements in a submodular order and keep what adds enough [1]_.

    For a cardinality or a knapsack, at thresholds in a grid of ``1 + epsilon``; for
    other matroids, in one scan in which an element may replace another.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    epsilon : float
        Fineness of the grid, between 0 and 1.

    References
    ----------
    See the module.
    """
    between(epsilon=epsilon)
    order = order_of(problem.function)
    assert order is not None
    order = order[~np.isin(order, problem.refused)]
    session = Session(problem, run, "ordered")
    kind = problem.constraint.type
    if kind in ("cardinality", "unconstrained"):
        most = session.picks.chosen.size
        weight, size = np.ones(problem.n), float(most)
        # f(O) = 2 tau k: what is refused adds up to half of it at most.
        share, factor = 0.5, 0.5
    elif isinstance(problem.constraint, Knapsack):
        weight = problem.constraint.costs[0]
        size = float(problem.constraint.limits[0])
        share, factor = 2.0 / 3.0, 1.0 / 3.0
    else:
        _swap(session, order)
        session.report()
        claim = Guarantee("f(S) >= 1/4 f(O)", 0.25, _UDWANI)
        return session.outcome(None if run.should_stop() else claim)
    complete = _thresholds(session, order, weight, size, share, epsilon)
    claim = Guarantee(
        f"f(S) >= ({factor:.2g} - {epsilon:g}) f(O)", factor - epsilon, _UDWANI
    )
    return session.outcome(claim if complete else None)


def _thresholds(
    session: Session,
    order: Integers,
    weight: NDArray[np.float64],
    size: float,
    share: float,
    epsilon: float,
) -> bool:
    """Scan for each guess of the optimum; return whether all were tried.

    The optimum is between the largest value of an element that fits and n times that,
    since f is subadditive.
    """
    run = session.run
    single = session.gains(order)
    single[~np.isin(order, session.fitting())] = 0.0
    largest = float(single.max(initial=0.0))
    if largest <= 0.0:
        session.report()
        return True
    session.report(order[[int(single.argmax())]])
    search = session.compiled(streams.pass_through)
    most = min(session.picks.chosen.size, order.size)
    guesses = math.ceil(math.log(max(1.0, most)) / math.log1p(epsilon)) + 1
    best = largest
    for j in range(guesses):
        if run.should_stop(session.calls):
            return False
        session.restart()
        threshold = share * largest * (1.0 + epsilon) ** j / size
        search(session.state, session.rule, order, weight, threshold, session.picks)
        if session.picks.value[0] > best:
            best = float(session.picks.value[0])
            session.report()
    return True


def _swap(session: Session, order: Integers) -> None:
    """Scan once; an element may replace one that added half as much at most.

    Gains are measured against all that was ever chosen, also what has left since.
    """
    # It holds what has left, too: more than the constraint allows at a time.
    state, rule = state_of(session.problem.function), session.rule
    chosen: list[int] = []
    worth: dict[int, float] = {}
    for e in order.tolist():
        if session.run.should_stop(session.calls):
            break
        more = float(protocol.gain(state, e))
        session.picks.count[greedy.CALLS] += 1
        if more <= 0.0:
            continue
        if _allowed(rule, [*chosen, e]):
            leaves = None
        else:
            # In the circuit of e, the one that added least.
            circuit = [
                j for j in chosen if _allowed(rule, [*(c for c in chosen if c != j), e])
            ]
            if not circuit:
                continue
            leaves = min(circuit, key=lambda j: worth[j])
            if more < _SWAP * worth[leaves]:
                continue
        if leaves is not None:
            chosen.remove(leaves)
        chosen.append(e)
        worth[e] = more
        protocol.add(state, e)
    session.picks.chosen[: len(chosen)] = chosen
    session.picks.count[greedy.CHOSEN] = len(chosen)


def _allowed(rule: object, elements: list[int]) -> bool:
    protocol.free(rule)
    for e in elements:
        if not protocol.fits(rule, e):
            return False
        protocol.take(rule, e)
    return True
