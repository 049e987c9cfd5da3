"""Randomised double greedy for non-negative functions that nothing constrains."""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular import _kernels_exchange as exchange
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import (
    at_least,
    has_included,
    other_constraint,
    other_goal,
)
from combkit.comb.submodular.session import Session, supervised
from combkit.comb.submodular.states import compiled, state_of
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

_BUCHBINDER = Guarantee(
    "E f(S) >= 1/2 f(O)",
    0.5,
    "Buchbinder, Feldman, Naor, Schwartz, FOCS 2012",
    expected=True,
)


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if reason := (
        other_goal(problem, "value")
        or other_constraint(problem, "unconstrained")
        or has_included(problem)
    ):
        return reason
    return "elements are excluded" if problem.refused.size else None


@supervised
def solve(problem: Submodular, run: Run, *, repeats: int = 1) -> Outcome:
    """Let each element in turn stay or leave, with chances by what each is worth [1]_.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    repeats : int
        Independent tries, in random orders after the first; the best one counts.

    References
    ----------
    .. [1] N. Buchbinder, M. Feldman, J. Naor, R. Schwartz, "A tight linear time
       (1/2)-approximation for unconstrained submodular maximization", FOCS 2012.
    """
    at_least(1, repeats=repeats)
    session = Session(problem, run, "double-greedy")
    f, random = problem.function, session.random()
    whole = state_of(f)
    search = compiled(exchange.double_greedy, session.state, whole)
    order, mix = np.arange(f.n), np.random.default_rng(run.seed)
    best = -math.inf
    for _ in range(repeats):
        kept = np.zeros(f.n, np.bool_)
        search(session.state, whole, order, kept, random, session.picks.count[1:])
        chosen = np.flatnonzero(kept)
        value = f.value(chosen)
        if value > best:
            best = value
            session.report(chosen)
        if run.should_stop(session.calls):
            break
        order = mix.permutation(f.n)
    proven = f.submodular and f.non_negative
    return session.outcome(_BUCHBINDER if proven else None)
