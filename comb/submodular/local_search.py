"""Local search: exchanges, additions and removals under any constraint."""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular import _kernels_exchange as exchange
from combkit.comb.submodular import naive
from combkit.comb.submodular.guarantees import of_greedy
from combkit.comb.submodular.refusals import at_least, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

#: Least relative gain of an exchange: more is progress, less is rounding.
_PROGRESS = 1e-9


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "value")


@supervised
def solve(
    problem: Submodular, run: Run, *, progress: float = _PROGRESS, certificate: int = 12
) -> Outcome:
    """Exchange an element for a better one, add or remove one, while it pays.

    Starts from ``run.initial``, or else from the greedy set, whose guarantee it keeps.
    A local optimum of a monotone function under a matroid has the factor 1/2 from
    any start [1]_.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    progress : float
        Least relative gain of a step.
    certificate : int
        Number of sets, within the final one and beyond, whose gains bound the
        optimum.

    References
    ----------
    .. [1] M. L. Fisher, G. L. Nemhauser, L. A. Wolsey, "An analysis of approximations
       for maximizing submodular set functions II", Math. Programming Study 8, 1978.
    """
    at_least(0, certificate=certificate)
    if not progress >= 0.0:
        raise UsageError(f"progress={progress:g}: at least 0")
    session = Session(problem, run, "local-search")
    guarantee = None
    if isinstance(run.initial, Selection):
        chosen = run.initial.selected.tolist()
    else:
        naive.choose(session)
        chosen = session.chosen.tolist()
        if session.ended or session.full:
            guarantee = of_greedy(problem)
    session.report(np.array(chosen, dtype=np.int64))
    fixed = set(problem.required.tolist())
    search = session.compiled(exchange.exchange)
    calls, exchanges = session.picks.count[1:], 0
    value = problem.function.value(np.array(chosen, dtype=np.int64))
    tried = 0
    # A local optimum: all places were tried in vain since the last step.
    place = len(chosen)
    while tried <= len(chosen) and not run.should_stop(session.calls):
        if place == len(chosen) or chosen[place] not in fixed:
            taken = np.concatenate([problem.refused, np.array(chosen, dtype=np.int64)])
            others = np.delete(np.arange(problem.n), taken.astype(np.int64))
            row = np.array([*chosen, 0], dtype=np.int64)
            out = np.zeros(others.size)
            e, new = search(
                session.state, session.rule, row, len(chosen), place, others, out, calls
            )
            if new > value + progress * abs(value):
                if place < len(chosen):
                    del chosen[place]
                chosen += [int(e)] if e >= 0 else []
                value, exchanges, tried = new, exchanges + 1, -1
        tried += 1
        place = place + 1 if place < len(chosen) else 0
    session.report(np.array(chosen, dtype=np.int64))
    if certificate:
        session.certify(np.array(chosen, dtype=np.int64), certificate)
    return session.outcome(guarantee, exchanges=exchanges)
