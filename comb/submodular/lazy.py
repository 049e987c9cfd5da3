"""Lazy greedy: the element that adds most, without asking for all gains anew."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular.guarantees import Guarantee, of_greedy
from combkit.comb.submodular.refusals import at_least, is_not_submodular, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.constraints import NOISE
from combkit.instances.submodular.problem import Submodular

__all__ = ["aim", "choose", "conclude", "maximise", "solve", "supports"]

#: Gains between two looks at the clock: some milliseconds of the slowest functions.
_CALLS = 1_000
#: Times that the free bound of the heap is computed.
_LOOKS = 12


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "value", "cover") or is_not_submodular(problem)


@supervised
def solve(problem: Submodular, run: Run, *, certificate: int = 12) -> Outcome:
    """Choose the element of largest gain until nothing fits or adds anything [1]_.

    For a cover, gains count up to the quota and are divided by costs. The same set as
    `naive` with far fewer gains. The bound comes from the heap, for free, and then
    from exact gains.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    certificate : int
        Number of sets, on the way and beyond, at which all gains are computed to
        tighten the bound; 0 leaves it at what the heap gives.

    References
    ----------
    .. [1] M. Minoux, "Accelerated greedy algorithms for maximizing submodular set
       functions", Optimization Techniques, 1978.
    """
    at_least(0, certificate=certificate)
    return maximise(Session(problem, run, "lazy"), certificate)


def maximise(session: Session, certificate: int) -> Outcome:
    """Run the lazy greedy of a session; see `solve`."""
    problem, run = session.problem, session.run
    quota, scale = aim(problem)
    queue = session.queue(scale)
    if queue is None:
        return conclude(session, 0, None)
    greedy.build(queue)
    most = session.picks.chosen.size
    looks = np.unique(np.linspace(session.size, most, _LOOKS + 1).round().astype(int))
    for look in looks.tolist():
        choose(session, queue, look, quota)
        if session.ended or run.should_stop(session.calls):
            break
        if session.certifiable:
            session.bound_from(_gains_of(queue, session), session.picks.value[0])
    return conclude(session, certificate, of_greedy(problem))


def choose(
    session: Session, queue: greedy.Queue, most: int, quota: float = math.inf
) -> None:
    """Choose the best of a queue, again and again.

    Parameters
    ----------
    session : Session
        The session; it ends where nothing fits or adds anything.
    queue : Queue
        A heap.
    most : int
        Number of chosen elements at which to return.
    quota : float
        Value beyond which no gain counts.
    """
    search = session.compiled(greedy.lazy)
    while session.size < most and session.going():
        search(session.state, session.rule, queue, session.picks, quota, most, _CALLS)


def aim(problem: Submodular) -> tuple[float, NDArray[np.float64]]:
    """Return the quota and the scale of gains of a value or a cover."""
    if problem.quota is None:
        return math.inf, np.ones(problem.n)
    costs = np.ones(problem.n) if problem.costs is None else problem.costs
    return problem.quota, 1.0 / costs


def conclude(
    session: Session, certificate: int, guarantee: Guarantee | None, **extra: Any
) -> Outcome:
    """Report the chosen set and its bounds; say what is known of it."""
    problem = session.problem
    if problem.quota is not None and not _reaches(session, session.picks.value[0]):
        # Old gains may be off by rounding: the problem's own value decides.
        reached = problem.function.value(session.chosen)
        if not _reaches(session, reached):
            alone = problem.constraint.type == "unconstrained"
            if alone and session.ended and session.certifiable:
                raw = f"all elements together are worth {reached:.15g}"
                return Outcome(Status.INFEASIBLE, raw_status=raw)
            return session.outcome(None, **extra)
    session.report()
    order = session.chosen.copy()
    ended = session.ended or session.full
    if certificate:
        session.certify(order, certificate)
    return session.outcome(guarantee if ended else None, **extra)


def _reaches(session: Session, value: float) -> bool:
    quota = session.problem.quota
    return quota is None or value >= quota * (1.0 - NOISE)


def _gains_of(queue: greedy.Queue, session: Session) -> NDArray[np.float64]:
    """Return upper bounds of the gains of all elements, 0 for the chosen ones."""
    gains: NDArray[np.float64] = queue.key / queue.scale
    gains[session.chosen] = 0.0
    return gains
