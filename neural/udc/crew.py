"""The conquerors of a run and the bandit that chooses among them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from combkit.mip.balans.bandit import Bandit

__all__ = ["Crew"]

#: What the usual gain a second forgets with every piece.
_FORGET = 0.1


class Crew:
    """Conquerors, chosen by what they gain in a second.

    Parameters
    ----------
    names : sequence of str
        Conquerors.
    bandit : Bandit
        A policy with as many arms.

    Attributes
    ----------
    gained, spent : list of float
        What each has gained of the objective, and its seconds.
    """

    def __init__(self, names: Sequence[str], bandit: Bandit) -> None:
        self.names = tuple(names)
        self._bandit = bandit
        self._usual = 0.0
        self._lock = threading.Lock()
        self.gained = [0.0] * len(self.names)
        self.spent = [0.0] * len(self.names)

    def choose(self) -> int:
        """Return the number of the one to send."""
        with self._lock:
            return self._bandit.select()

    def statistics(self) -> list[dict[str, str | float]]:
        """Return what each has gained of the objective, and its seconds."""
        return [
            {"conqueror": name, "gained": gain, "seconds": round(seconds, 6)}
            for name, gain, seconds in zip(
                self.names, self.gained, self.spent, strict=True
            )
        ]

    def learn(self, number: int, gain: float, seconds: float, cost: float) -> None:
        """Tell what one has gained.

        Parameters
        ----------
        number : int
            Who.
        gain : float
            By how much the objective is better, never negative.
        seconds : float
            Seconds that it took.
        cost : float
            What counts as its effort: seconds, or steps where they are counted.
        """
        rate = gain / max(cost, 1e-9)
        with self._lock:
            self.gained[number] += gain
            self.spent[number] += seconds
            self._usual += _FORGET * (rate - self._usual)
            reward = rate / (rate + self._usual) if rate > 0.0 else 0.0
            self._bandit.update(number, reward)
