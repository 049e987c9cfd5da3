"""Learning to act greedily: polymatroids whose weights are seen only where chosen.

References
----------
.. [1] B. Kveton, Z. Wen, A. Ashkan, M. Valko, "Learning to act greedily: polymatroid
   semi-bandits", arXiv:1405.7752, 2014.
.. [2] W. Chen, Y. Wang, Y. Yuan, "Combinatorial multi-armed bandit: general framework
   and applications", ICML 2013 (CUCB).
.. [3] S. Wang, W. Chen, "Thompson sampling for combinatorial semi-bandits", ICML 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.states import compiled, state_of
from combkit.instances.errors import UsageError, nearest
from combkit.instances.submodular.base import SetFunction

__all__ = ["GreedyLearner", "Polymatroid", "regret"]

Floats = NDArray[np.float64]
Rule = Literal["opm", "cucb", "thompson"]

_RULES = ("opm", "cucb", "thompson")


class Polymatroid:
    """The bases of a polymatroid: what a greedy choice by weights can be.

    Parameters
    ----------
    rank : SetFunction
        Monotone and submodular.
    """

    def __init__(self, rank: SetFunction) -> None:
        self.n = rank.n
        self._state = state_of(rank)
        self._gains = compiled(greedy.one_by_one, self._state)

    def basis(self, weights: ArrayLike) -> Floats:
        """Return the basis x of largest ``<weights, x>`` [Edmonds 1970].

        By falling weight, each element gets what it adds to the rank.

        Parameters
        ----------
        weights : array_like, shape (n,)
            Weight of each element.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        order = np.argsort(-np.asarray(weights), kind="stable")
        protocol.clear(self._state)
        x, added = np.zeros(self.n), np.zeros(self.n)
        self._gains(self._state, order, added)
        x[order] = added
        return x


class GreedyLearner:
    """Plays bases of a polymatroid and learns the weights of what it plays.

    Every element is played once at first. Then the basis is greedy by scores: mean
    weight and a bonus that falls with the number of observations (``"opm"``
    ``sqrt(2 ln t / T)``, ``"cucb"`` ``sqrt(1.5 ln t / T)``), or a draw from the
    posterior of each mean (``"thompson"``).

    Parameters
    ----------
    polymatroid : Polymatroid
        What may be played.
    rule : {"opm", "cucb", "thompson"}
        How scores are made.
    seed : int
        Seed of the draws.

    References
    ----------
    See the module.
    """

    def __init__(
        self, polymatroid: Polymatroid, rule: Rule = "opm", *, seed: int = 0
    ) -> None:
        if rule not in _RULES:
            raise UsageError(
                f"rule={rule!r}: {', '.join(_RULES)}{nearest(rule, _RULES)}"
            )
        n = polymatroid.n
        self._polymatroid, self._rule = polymatroid, rule
        self._rng = np.random.default_rng(seed)
        self._sum, self._count = np.zeros(n), np.zeros(n, np.int64)
        self._episode = 0

    def choose(self) -> Floats:
        """Return the basis to play in the next episode, shape (n,)."""
        self._episode += 1
        return self._polymatroid.basis(self._scores())

    def observe(self, x: ArrayLike, weights: ArrayLike) -> None:
        """Learn the weights of an episode where the basis is not zero.

        Parameters
        ----------
        x : array_like, shape (n,)
            The basis that was played.
        weights : array_like, shape (n,)
            Weights of the episode in [0, 1]; elsewhere they are not looked at.

        Raises
        ------
        UsageError
            If a weight is outside of [0, 1].
        """
        seen = np.asarray(x) > 0.0
        shown = np.asarray(weights, dtype=np.float64)[seen]
        if shown.size and not (shown.min() >= 0.0 and shown.max() <= 1.0):
            raise UsageError("weights: between 0 and 1")
        self._sum[seen] += shown
        self._count[seen] += 1

    def _scores(self) -> Floats:
        count = self._count
        if self._rule == "thompson":
            # Weights in [0, 1] count as the chance of a success.
            return self._rng.beta(1.0 + self._sum, 1.0 + count - self._sum)
        factor = 2.0 if self._rule == "opm" else 1.5
        known = np.maximum(count, 1)
        bonus = np.sqrt(factor * np.log(max(2, self._episode)) / known)
        return np.where(count > 0, self._sum / known + bonus, np.inf)


def regret(
    rank: SetFunction,
    means: ArrayLike,
    *,
    episodes: int,
    rule: Rule = "opm",
    seed: int = 0,
    draw: Callable[[np.random.Generator, Floats], Floats] | None = None,
) -> Floats:
    """Return the cumulated regret of a learner, in the means of what it played.

    Parameters
    ----------
    rank : SetFunction
        The polymatroid.
    means : array_like, shape (n,)
        Mean weights in [0, 1].
    episodes : int
        Length.
    rule : str
        As of `GreedyLearner`.
    seed : int
        Seed of weights and draws.
    draw : callable, optional
        ``draw(rng, means) -> weights``; Bernoulli without.

    Returns
    -------
    ndarray of float64, shape (episodes,)
    """
    mean = np.asarray(means, dtype=np.float64)
    polymatroid = Polymatroid(rank)
    learner = GreedyLearner(polymatroid, rule, seed=seed)
    rng = np.random.default_rng([seed, 1])
    best = float(mean @ polymatroid.basis(mean))
    lost = np.zeros(episodes)
    for t in range(episodes):
        x = learner.choose()
        weights = rng.random(mean.size) < mean if draw is None else draw(rng, mean)
        learner.observe(x, weights)
        lost[t] = best - float(mean @ x)
    return np.cumsum(lost)
