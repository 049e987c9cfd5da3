"""Two-round distributed greedy: on random parts, then on what these chose."""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import lazy
from combkit.comb.submodular.guarantees import Guarantee, of_greedy
from combkit.comb.submodular.refusals import at_least, is_not_submodular, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "value") or is_not_submodular(problem)


@supervised
def solve(problem: Submodular, run: Run, *, machines: int = 4) -> Outcome:
    """Greedy on each random part; greedy on the union of their sets; the best [1]_.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    machines : int
        Number of parts, each of which is looked at by itself.

    References
    ----------
    .. [1] R. Barbosa, A. Ene, H. L. Nguyen, J. Ward, "The power of randomization:
       distributed submodular maximization on massive datasets", ICML 2015.
    """
    at_least(1, machines=machines)
    session = Session(problem, run, "randgreedi")
    rng = np.random.default_rng(run.seed)
    pool = session.candidates()
    where = rng.integers(machines, size=pool.size)
    union: list[int] = []
    rounds = 0
    for machine in range(machines + 1):
        last = machine == machines
        part = np.unique(union) if last else pool[where == machine]
        if part.size and not _greedy(session, part.astype(np.int64)):
            break
        fixed = problem.required.size
        union += session.chosen[fixed:].tolist()
        session.report()
        rounds += 1
    guarantee = None
    known = of_greedy(problem)
    if rounds == machines + 1 and known is not None and known.factor is not None:
        # (1 - 1/e) / 2 for a cardinality, a factor a of greedy in general: a / 2.
        factor = 0.5 * known.factor
        text = "(1 - 1/e) / 2" if known.factor > 0.6 else f"{factor:g}"
        guarantee = Guarantee(
            f"E f(S) >= {text} f(O)",
            min(factor, 0.5 * (1.0 - 1.0 / math.e)),
            "Barbosa, Ene, Nguyen, Ward, ICML 2015",
            expected=True,
        )
    return session.outcome(guarantee, machines=machines)


def _greedy(session: Session, part: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Choose greedily from a part only; return whether it came to its end."""
    session.restart()
    queue = session.queue(candidates=part)
    if queue is None:
        return False
    greedy.build(queue)
    lazy.choose(session, queue, session.picks.chosen.size)
    return session.ended or session.full
