"""Local search among first stages of a robust knapsack, led by linear estimates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from combkit.instances.run import Run
from combkit.mip.robust.judge import Judge

__all__ = ["Estimate", "Search"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: What accepted items are worth in a scenario, near those that are given: constants,
#: shape (k,), and slopes, shape (k, n), whose least value counts.
Estimate = Callable[[Flags, Floats], tuple[Floats, Floats]]

#: Most moves of one climb.
_MOVES = 1_000


class Search:
    """Climbs by estimates, judges tops by exact worst cases, shakes and climbs again.

    Parameters
    ----------
    judge : Judge
        Judges first stages.
    estimate : callable
        Returns estimates for a scenario.
    most : int
        Most estimates that are kept.
    shake : int
        Most items that are flipped at random before the next climb.
    """

    def __init__(self, judge: Judge, estimate: Estimate, most: int, shake: int) -> None:
        # Its kernel is compiled or loaded here.
        from combkit.mip.robust import _kernels_climb

        problem = judge.problem
        self._kernels, self._judge, self._estimate = _kernels_climb, judge, estimate
        self._run: Run = judge.run
        self._most, self._shake = most, shake
        self._rng = np.random.default_rng(self._run.seed)
        self._constants, self._slopes = np.zeros(0), np.zeros((0, problem.n))
        self._seen: set[bytes] = set()
        # In the nominal scenario, and with every share at its mean.
        even = min(1.0, problem.budget / problem.n)
        for share in (0.0, even):
            self.learn(np.ones(problem.n, dtype=bool), np.full(problem.n, share))

    @property
    def best(self) -> Flags:
        """The best first stage that is known."""
        best: Flags = self._run.solution.first_stage > 0.5
        return best

    def climb(self, accepted: Flags) -> None:
        """Judge a first stage, climb from it and judge each top, until one is known.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The first stage; it is changed.
        """
        while self._is_new(accepted) and not self._run.should_stop():
            self.learn(accepted, self._judge.judge(accepted).scenario)
            sums = self._constants + self._slopes @ accepted
            self._kernels.climb(accepted, self._slopes, sums, _MOVES)

    def shake(self) -> None:
        """Climb from the best first stage with some items flipped."""
        accepted = self.best.copy()
        n = accepted.size
        flips = int(self._rng.integers(1, self._shake + 1))
        accepted[self._rng.integers(n, size=flips)] ^= True
        self.climb(accepted)

    def learn(self, accepted: Flags, scenario: Floats) -> None:
        """Add the estimates of a scenario.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            Items near which they should be right.
        scenario : ndarray of float64, shape (n,)
            The scenario.
        """
        constants, slopes = self._estimate(accepted, scenario)
        self._constants = np.r_[self._constants, constants][-self._most :]
        self._slopes = np.vstack([self._slopes, slopes])[-self._most :]

    def _is_new(self, accepted: Flags) -> bool:
        known = len(self._seen)
        self._seen.add(accepted.tobytes())
        return len(self._seen) > known
