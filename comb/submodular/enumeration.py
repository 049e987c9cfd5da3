"""Partial enumeration for a knapsack: greedy from every small seed (Sviridenko)."""

from __future__ import annotations

import itertools
import math

import numpy as np

from combkit.comb.submodular import _kernels_exchange as exchange
from combkit.comb.submodular import density
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import at_least
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.constraints import Knapsack
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

supports = density.supports

_SVIRIDENKO = Guarantee(
    "f(S) >= (1 - 1/e) f(O)",
    1.0 - 1.0 / math.e,
    "Sviridenko, Operations Research Letters 32, 2004",
)


@supervised
def solve(
    problem: Submodular, run: Run, *, seed_size: int = 3, certificate: int = 12
) -> Outcome:
    """Start the density greedy from all sets of at most three elements [1]_.

    Seeds grow: those of one element first, so that what is found early is good, and
    the rest raises it. The guarantee holds when all seeds of three were tried.

    Parameters
    ----------
    problem : Submodular
        The problem, under knapsacks.
    run : Run
        The run; an iteration is a gain.
    seed_size : int
        Largest seed.
    certificate : int
        Number of sets, on the way and beyond, whose gains bound the optimum.

    References
    ----------
    .. [1] M. Sviridenko, "A note on maximizing a submodular set function subject to
       a knapsack constraint", Operations Research Letters 32, 2004.
    """
    at_least(0, seed_size=seed_size, certificate=certificate)
    constraint = problem.constraint
    assert isinstance(constraint, Knapsack)
    session = Session(problem, run, "enumeration")
    fixed, pool = session.chosen.copy(), session.candidates()
    scale, out = density.density(constraint), np.zeros(pool.size)
    chosen, calls = np.zeros(problem.n, np.int64), session.picks.count[1:]
    search = session.compiled(exchange.from_seed)
    best, order, complete = -math.inf, fixed, True
    for size in range(seed_size + 1):
        for seed in itertools.combinations(pool.tolist(), size):
            start = np.concatenate([fixed, np.array(seed, dtype=np.int64)])
            count, value = search(
                session.state,
                session.rule,
                start,
                pool.copy(),
                scale,
                out,
                chosen,
                calls,
            )
            if count >= 0 and value > best:
                best, order = value, chosen[:count].copy()
            if run.should_stop(session.calls):
                complete = False
                break
        session.report(order)
        if not complete:
            break
    proven = (
        complete
        and seed_size >= min(3, pool.size)
        and constraint.budgets.size == 1
        and session.certifiable
    )
    if certificate:
        session.certify(order, certificate)
    return session.outcome(_SVIRIDENKO if proven else None)
