"""Robust knapsack by local search: cheap estimates lead, exact worst cases decide.

In any scenario, with the weight at any price, a first stage earns at most a linear
function of it. The smallest of such functions, one for each worst scenario that was
met, is an estimate that is wrong by what a knapsack loses to rounding, and all flips
and swaps of items are judged by it in microseconds. Where it leads to, the exact worst
case is looked for, as far as is needed to see that it is no better than the best known
one; its scenario is one estimate more. The first climbs start from roundings of the
linear relaxation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Outcome, Run
from combkit.mip.robust.relaxed import relaxation, roundings
from combkit.mip.robust.safe import safe_start

__all__ = ["solve"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SOURCE = "robust-ls"
#: Most moves of one climb.
_MOVES = 1_000


def solve(
    problem: RobustKnapsack, run: Run, *, estimates: int = 100, shake: int = 4
) -> Outcome:
    """Climb by estimates, judge by the exact worst case, shake and climb again.

    An iteration is a climb.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        The run; it goes on from ``run.initial``.
    estimates : int
        Most scenarios that are kept.
    shake : int
        Most items that are flipped at random before the next climb.

    Raises
    ------
    UsageError
        If a number is not positive.
    """
    if estimates < 1 or shake < 1:
        raise UsageError(f"estimates={estimates}, shake={shake}: at least 1")
    run.report(safe_start(problem), "greedy")
    search = run.supervise(lambda: _Search(problem, run, estimates))
    rng = np.random.default_rng(run.seed)
    climbs = 0
    while not run.should_stop(climbs):
        accepted = search.best.copy()
        flipped = rng.integers(problem.n, size=int(rng.integers(1, shake + 1)))
        accepted[flipped] ^= True
        search.climb(accepted)
        climbs += 1
    return Outcome(extra={"knapsacks": search.calls})


class _Search:
    """The best first stage, and the estimates that lead to others."""

    def __init__(self, problem: RobustKnapsack, run: Run, most: int) -> None:
        # Kernels are compiled or loaded here.
        from combkit.mip.robust import _kernels_climb
        from combkit.mip.robust.worst_case import Adversary

        self._kernels, self._run, self._most = _kernels_climb, run, most
        self._adversary = Adversary(problem)
        self._constants, self._slopes = np.zeros(0), np.zeros((0, problem.n))
        self._seen: set[bytes] = set()
        self.best: Flags = run.solution.first_stage > 0.5
        # In the nominal scenario, and with every share at its mean.
        even = min(1.0, problem.budget / problem.n)
        for share in (0.0, even):
            self._learn(np.ones(problem.n, dtype=bool), np.full(problem.n, share))
        self.climb(self.best.copy())
        for accepted in roundings(relaxation(problem), problem.n, run):
            self.climb(accepted.copy())

    @property
    def calls(self) -> int:
        """Number of knapsacks solved."""
        return self._adversary.recourse.calls

    def climb(self, accepted: Flags) -> None:
        """Judge a first stage, climb from it and judge each top, until one is known."""
        while self._is_new(accepted) and not self._run.should_stop():
            self._judge(accepted)
            sums = self._constants + self._slopes @ accepted
            self._kernels.climb(accepted, self._slopes, sums, _MOVES)

    def _is_new(self, accepted: Flags) -> bool:
        known = len(self._seen)
        self._seen.add(accepted.tobytes())
        return len(self._seen) > known

    def _judge(self, accepted: Flags) -> None:
        run = self._run
        best = run.objective or 0.0
        worst = self._adversary.worst(accepted, best)
        if worst.upper > best and worst.certified:
            run.report(worst.solution, _SOURCE)
            self.best = accepted.copy()
        assert worst.solution.scenario is not None
        self._learn(accepted, worst.solution.scenario)

    def _learn(self, accepted: Flags, scenario: Floats) -> None:
        constant, slopes = self._adversary.recourse.estimate(accepted, scenario)
        keep = slice(-self._most + 1, None) if self._most > 1 else slice(0, 0)
        self._constants = np.r_[self._constants[keep], constant]
        self._slopes = np.vstack([self._slopes[keep], slopes])
