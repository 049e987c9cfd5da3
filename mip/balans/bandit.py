"""Multi-armed bandits: which arm to pull next, given what the arms have paid.

Rewards lie in [0, 1]. Every policy is a function of its seed and of what it was
told, can forget (``discount``), and drops arms that are retired. A bandit is no
thread's friend: workers that share one take turns.

References
----------
P. Auer, N. Cesa-Bianchi and P. Fischer, Finite-time analysis of the multiarmed
bandit problem, Machine Learning 47 (2002). doi:10.1023/A:1013689704352
A. Garivier and E. Moulines, On upper-confidence bound policies for switching
bandit problems, ALT 2011. doi:10.1007/978-3-642-24412-4_16
V. Raj and S. Kalyani, Taming non-stationary bandits: a Bayesian approach (2017).
doi:10.48550/arXiv.1707.09727
G. Neu, Explore no more: improved high-probability regret bounds for
non-stochastic bandits, NeurIPS 28 (2015). doi:10.48550/arXiv.1506.03271
L. Li, W. Chu, J. Langford and R. E. Schapire, A contextual-bandit approach to
personalized news article recommendation, WWW 2010. doi:10.1145/1772690.1772758
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.seeds import generator

__all__ = [
    "POLICIES",
    "UCB1",
    "Bandit",
    "EpsilonGreedy",
    "Exp3IX",
    "LinearUCB",
    "Softmax",
    "Thompson",
    "Uniform",
    "make_bandit",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Bandit(ABC):
    """Base class of the policies.

    Parameters
    ----------
    arms : int
        Number of arms.
    seed : int
        Seed of all its choices.
    discount : float
        What a reward is still worth one update later, in (0, 1]; below 1 the
        policy follows arms whose pay changes.

    Raises
    ------
    UsageError
        If a parameter is out of range.
    """

    def __init__(self, arms: int, *, seed: int = 0, discount: float = 1.0) -> None:
        _within("arms", arms, arms >= 1)
        _within("discount", discount, 0 < discount <= 1)
        self._rng = generator(seed)
        self._discount = discount
        self._pulls = np.zeros(arms, dtype=np.int64)
        self._paid = np.zeros(arms)
        self._retired = np.zeros(arms, dtype=bool)
        # Like pulls and paid, but forgetting.
        self._weight = np.zeros(arms)
        self._sum = np.zeros(arms)

    @property
    def arms(self) -> int:
        """Number of arms, the retired ones included."""
        return int(self._pulls.size)

    @property
    def active(self) -> Indices:
        """The arms that are not retired."""
        return np.flatnonzero(~self._retired)

    def select(self, context: ArrayLike | None = None) -> int:
        """Return the arm to pull.

        Parameters
        ----------
        context : array_like of float, shape (d,), optional
            What is known of the situation; policies without one ignore it.

        Raises
        ------
        UsageError
            If every arm is retired.
        """
        active = self.active
        if not active.size:
            raise UsageError("bandit: every arm is retired")
        return int(self._choose(active, _vector(context)))

    def update(self, arm: int, reward: float, context: ArrayLike | None = None) -> None:
        """Take the reward of a pull.

        Parameters
        ----------
        arm : int
            The arm that was pulled.
        reward : float
            What it paid, in [0, 1].
        context : array_like of float, shape (d,), optional
            The context that it was selected with.

        Raises
        ------
        UsageError
            If there is no such arm, or the reward is not in [0, 1].
        """
        self._known(arm)
        _within("reward", reward, 0 <= reward <= 1)
        self._pulls[arm] += 1
        self._paid[arm] += reward
        self._weight *= self._discount
        self._sum *= self._discount
        self._weight[arm] += 1.0
        self._sum[arm] += reward
        self._learn(arm, reward, _vector(context))

    def retire(self, arm: int) -> None:
        """Never select an arm again.

        Raises
        ------
        UsageError
            If there is no such arm.
        """
        self._known(arm)
        self._retired[arm] = True

    def statistics(self) -> list[dict[str, Any]]:
        """Return pulls, mean reward and fate of each arm, JSON-able."""
        return [
            {
                "pulls": int(pulls),
                "mean_reward": float(paid / pulls) if pulls else None,
                "retired": bool(retired),
            }
            for pulls, paid, retired in zip(
                self._pulls, self._paid, self._retired, strict=True
            )
        ]

    @abstractmethod
    def _choose(self, active: Indices, context: Floats | None) -> int:
        """Return one of the active arms."""

    def _learn(  # noqa: B027 (most policies need no more)
        self, arm: int, reward: float, context: Floats | None
    ) -> None:
        """Take more from a reward than counts and sums."""

    def _known(self, arm: int) -> None:
        _within("arm", arm, 0 <= arm < self.arms)

    def _untried(self, active: Indices) -> Indices:
        untried: Indices = active[self._pulls[active] == 0]
        return untried

    def _means(self, active: Indices) -> Floats:
        """Return the mean rewards, forgetting; 0 where all is forgotten."""
        means: Floats = self._sum[active] / np.maximum(self._weight[active], 1e-12)
        return means

    def _best(self, arms: Indices, scores: Floats) -> int:
        """Return the arm with the best score, ties broken at random."""
        return int(self._rng.choice(arms[scores >= scores.max()]))


class Uniform(Bandit):
    """Any arm, whatever it has paid: what the others are measured against."""

    def _choose(self, active: Indices, context: Floats | None) -> int:
        return int(self._rng.choice(active))


class EpsilonGreedy(Bandit):
    """The arm of the best mean, or any arm with probability ``epsilon``."""

    def __init__(
        self,
        arms: int,
        *,
        seed: int = 0,
        discount: float = 1.0,
        epsilon: float = 0.1,
    ) -> None:
        super().__init__(arms, seed=seed, discount=discount)
        _within("epsilon", epsilon, 0 <= epsilon <= 1)
        self._epsilon = epsilon

    def _choose(self, active: Indices, context: Floats | None) -> int:
        untried = self._untried(active)
        if untried.size:
            return int(self._rng.choice(untried))
        if self._rng.random() < self._epsilon:
            return int(self._rng.choice(active))
        return self._best(active, self._means(active))


class Softmax(Bandit):
    """An arm with probability proportional to ``exp(mean / temperature)``."""

    def __init__(
        self,
        arms: int,
        *,
        seed: int = 0,
        discount: float = 1.0,
        temperature: float = 0.1,
    ) -> None:
        super().__init__(arms, seed=seed, discount=discount)
        _within("temperature", temperature, 0 < temperature < math.inf)
        self._temperature = temperature

    def _choose(self, active: Indices, context: Floats | None) -> int:
        untried = self._untried(active)
        if untried.size:
            return int(self._rng.choice(untried))
        chances = _softmax(self._means(active) / self._temperature)
        return int(self._rng.choice(active, p=chances))


class UCB1(Bandit):
    """The arm of the best upper confidence bound.

    The bound is ``mean + alpha * sqrt(2 log(t) / pulls)``, in discounted counts
    where ``discount`` is below 1.
    """

    def __init__(
        self, arms: int, *, seed: int = 0, discount: float = 1.0, alpha: float = 0.3
    ) -> None:
        super().__init__(arms, seed=seed, discount=discount)
        _within("alpha", alpha, 0 <= alpha < math.inf)
        self._alpha = alpha

    def _choose(self, active: Indices, context: Floats | None) -> int:
        untried = self._untried(active)
        if untried.size:
            return int(self._rng.choice(untried))
        weight = np.maximum(self._weight[active], 1e-12)
        total = math.log(max(float(self._weight.sum()), 1.0))
        width = self._alpha * np.sqrt(2.0 * total / weight)
        return self._best(active, self._means(active) + width)


class Thompson(Bandit):
    """The arm of the best mean drawn from its beta posterior.

    A reward between 0 and 1 counts as that part of a success.
    """

    def _choose(self, active: Indices, context: Floats | None) -> int:
        won = self._sum[active]
        lost = np.maximum(self._weight[active] - won, 0.0)
        return self._best(active, self._rng.beta(1.0 + won, 1.0 + lost))


class Exp3IX(Bandit):
    """Exponential weights with implicit exploration: no arm need be steady.

    Parameters
    ----------
    rate : float, optional
        Learning rate; ``sqrt(2 log(K) / (K t))`` without one.
    """

    def __init__(
        self,
        arms: int,
        *,
        seed: int = 0,
        discount: float = 1.0,
        rate: float | None = None,
    ) -> None:
        super().__init__(arms, seed=seed, discount=discount)
        _within("rate", rate, rate is None or 0 < rate < math.inf)
        self._rate = rate
        self._loss = np.zeros(arms)
        # The probability that each arm was last selected with.
        self._chance = np.full(arms, 1.0 / arms)

    def _choose(self, active: Indices, context: Floats | None) -> int:
        chances = _softmax(-self._eta() * self._loss[active])
        self._chance[active] = chances
        return int(self._rng.choice(active, p=chances))

    def _learn(self, arm: int, reward: float, context: Floats | None) -> None:
        self._loss *= self._discount
        self._loss[arm] += (1.0 - reward) / (self._chance[arm] + self._eta() / 2)

    def _eta(self) -> float:
        if self._rate is not None:
            return self._rate
        arms, rounds = self.arms, 1 + int(self._pulls.sum())
        return math.sqrt(2.0 * math.log(max(arms, 2)) / (arms * rounds))


class LinearUCB(Bandit):
    """The arm whose linear model of the context has the best upper bound.

    Each arm has a ridge regression of its rewards on the context and a constant;
    without a context it is a bandit of the constants.

    Parameters
    ----------
    alpha : float
        Width of the bound in standard deviations.
    """

    def __init__(
        self, arms: int, *, seed: int = 0, discount: float = 1.0, alpha: float = 1.0
    ) -> None:
        super().__init__(arms, seed=seed, discount=discount)
        _within("alpha", alpha, 0 <= alpha < math.inf)
        self._alpha = alpha
        self._gram: NDArray[np.float64] | None = None
        self._target: NDArray[np.float64] | None = None

    def _choose(self, active: Indices, context: Floats | None) -> int:
        z = self._features(context)
        gram, target = self._model(z.size)
        inverse = np.linalg.inv(gram[active])
        theta = np.einsum("aij,aj->ai", inverse, target[active])
        width = np.sqrt(np.einsum("i,aij,j->a", z, inverse, z))
        return self._best(active, theta @ z + self._alpha * width)

    def _learn(self, arm: int, reward: float, context: Floats | None) -> None:
        z = self._features(context)
        gram, target = self._model(z.size)
        # The ridge itself is not forgotten.
        ridge = np.eye(z.size)
        gram[:] = ridge + self._discount * (gram - ridge)
        target *= self._discount
        gram[arm] += np.outer(z, z)
        target[arm] += reward * z

    def _features(self, context: Floats | None) -> Floats:
        return np.ones(1) if context is None else np.append(context, 1.0)

    def _model(self, size: int) -> tuple[Floats, Floats]:
        if self._gram is None or self._target is None:
            self._gram = np.tile(np.eye(size), (self.arms, 1, 1))
            self._target = np.zeros((self.arms, size))
        elif self._gram.shape[1] != size:
            known = self._gram.shape[1] - 1
            raise UsageError(
                f"bandit: a context of {size - 1} numbers where {known} came before"
            )
        return self._gram, self._target


#: Policies by name; the discounted ones are their namesakes, forgetting.
POLICIES: dict[str, Callable[..., Bandit]] = {
    "uniform": Uniform,
    "epsilon-greedy": EpsilonGreedy,
    "softmax": Softmax,
    "ucb1": UCB1,
    "thompson": Thompson,
    "exp3-ix": Exp3IX,
    "linear-ucb": LinearUCB,
}
#: Discount of the variants called ``discounted-...``.
_DISCOUNT = 0.98


def make_bandit(name: str, arms: int, *, seed: int = 0, **options: float) -> Bandit:
    """Return a bandit by the name of its policy.

    Parameters
    ----------
    name : str
        A key of ``POLICIES``, or one after ``discounted-``.
    arms : int
        Number of arms.
    seed : int
        Seed of all its choices.
    **options
        Options of the policy: ``discount``, ``epsilon``, ``alpha``, ...

    Raises
    ------
    UsageError
        If there is no such policy, or it does not take an option.
    """
    plain = name.removeprefix("discounted-")
    if plain not in POLICIES:
        known = [*POLICIES, *(f"discounted-{policy}" for policy in POLICIES)]
        raise UsageError(
            f"unknown bandit {name!r}{nearest(name, known)} "
            f"(known: {', '.join(POLICIES)}; each also as discounted-...)"
        )
    policy = POLICIES[plain]
    taken = set(inspect.signature(policy).parameters) - {"arms", "seed"}
    for option in options:
        if option not in taken:
            raise UsageError(
                f"bandit {name!r} has no option {option!r}{nearest(option, taken)}"
            )
    if plain != name:
        options.setdefault("discount", _DISCOUNT)
    return policy(arms, seed=seed, **options)


def _vector(context: ArrayLike | None) -> Floats | None:
    if context is None:
        return None
    vector = np.asarray(context, dtype=np.float64)
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise UsageError("bandit: a context is a vector of finite numbers")
    return vector


def _softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max())
    chances: Floats = weights / weights.sum()
    return chances


def _within(name: str, value: object, valid: bool) -> None:
    if not valid:
        raise UsageError(f"bandit: {name}={value} is out of range")
