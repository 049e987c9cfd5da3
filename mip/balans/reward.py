"""What a bandit is paid for a part of the model that an arm chose.

References
----------
G. Hendel, Adaptive large neighborhood search for mixed integer programming,
Math. Prog. Comp. 14 (2022). doi:10.1007/s12532-021-00209-7
J. Cai, S. Kadioglu and B. Dilkina, Balans: multi-armed bandits-based adaptive
large neighborhood search for mixed-integer programming, IJCAI 2025.
doi:10.24963/ijcai.2025/286
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from combkit.instances.errors import UsageError

__all__ = ["Event", "Reward", "make_reward"]


@dataclass(frozen=True, slots=True)
class Event:
    """What came of a part.

    Parameters
    ----------
    best, better, accepted : bool
        Whether its solution beats the incumbent, beats the solution gone on
        from, is gone on from.
    gain : float
        Improvement of the incumbent, relative to its size.
    seconds : float
        What the part took, its proposal included.
    limit : float
        What it might have taken.
    size : float
        How large it was.
    """

    best: bool
    better: bool
    accepted: bool
    gain: float
    seconds: float
    limit: float
    size: float = 1.0


class Reward(Protocol):
    """A scheme of rewards."""

    def __call__(self, event: Event) -> float:
        """Return the reward of an event, in [0, 1]."""
        ...


@dataclass
class Rate:
    """Gain per second, against the mean gain per second of all successes.

    A success pays between 1/2 and 1, a failure the less the longer it took.
    """

    _mean: float = field(default=0.0, repr=False)

    def __call__(self, event: Event) -> float:
        """Return the reward."""
        spent = event.seconds / max(event.limit, 1e-9)
        if event.gain <= 0:
            return 0.05 * max(0.0, 1.0 - spent)
        rate = event.gain / max(event.seconds, 1e-3)
        self._mean = rate if self._mean == 0 else 0.8 * self._mean + 0.2 * rate
        return 0.5 + 0.5 * rate / (rate + self._mean)


@dataclass(frozen=True, slots=True)
class Scores:
    """Balans' scores of a best, better, accepted and rejected solution."""

    best: float
    better: float
    accepted: float
    rejected: float

    def __call__(self, event: Event) -> float:
        """Return the score as a share of the largest one."""
        score = self.rejected
        if event.best:
            score = self.best
        elif event.better:
            score = self.better
        elif event.accepted:
            score = self.accepted
        return score / max(self.best, self.better, self.accepted, self.rejected)


def make_reward(name: str) -> Reward:
    """Return a scheme: ``rate``, or four scores as in ``8,4,2,1``.

    Raises
    ------
    UsageError
        If it is neither.
    """
    if name == "rate":
        return Rate()
    try:
        scores = [float(part) for part in name.split(",")]
    except ValueError:
        scores = []
    if len(scores) != 4 or not all(0 <= s < 1e9 for s in scores) or not max(scores):
        raise UsageError(
            f"unknown reward {name!r} (rate, or four scores of a best, better, "
            "accepted and rejected solution as in 8,4,2,1)"
        )
    return Scores(*scores)
