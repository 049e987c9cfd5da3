"""Naive greedy: the element that adds most of all, asked anew each time."""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular.guarantees import of_greedy
from combkit.comb.submodular.lazy import aim, conclude
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if problem.goal != "value":
        return f"the goal is a {problem.goal}, not a value"
    return None


@supervised
def solve(problem: Submodular, run: Run, *, certificate: int = 12) -> Outcome:
    """Choose the element of largest gain until nothing fits or adds anything.

    For functions that are not submodular too, of which it promises nothing.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    certificate : int
        Number of sets, on the way and beyond, whose gains bound the optimum.
    """
    if certificate < 0:
        raise UsageError(f"certificate={certificate}: at least 0")
    session = Session(problem, run, "naive")
    pool = session.candidates()
    left, out = np.array([pool.size]), np.zeros(pool.size)
    _, scale = aim(problem)
    search = session.compiled(greedy.naive)
    while session.size < session.picks.chosen.size and session.going():
        search(session.state, session.rule, pool, scale, left, out, session.picks)
    return conclude(session, certificate, of_greedy(problem))
