"""Naive greedy: the element that adds most of all, asked anew each time."""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular.guarantees import of_greedy
from combkit.comb.submodular.lazy import conclude
from combkit.comb.submodular.refusals import at_least, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["choose", "solve", "supports"]


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "value")


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
    at_least(0, certificate=certificate)
    session = Session(problem, run, "naive")
    choose(session)
    return conclude(session, certificate, of_greedy(problem))


def choose(session: Session) -> None:
    """Choose the element of largest gain until nothing fits or adds anything."""
    pool = session.candidates()
    left, out = np.array([pool.size]), np.zeros(pool.size)
    scale = np.ones(session.problem.n)
    search = session.compiled(greedy.naive)
    while not session.full and session.going():
        search(session.state, session.rule, pool, scale, left, out, session.picks)
