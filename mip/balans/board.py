"""What the workers of a search share: arms, their sizes, and what they have paid."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from combkit.mip.balans.bandit import Bandit
from combkit.mip.balans.operators import Operator
from combkit.mip.balans.reward import Event, Reward

__all__ = ["FULL", "WALK", "Arm", "Board"]

#: Arms without an operator: the whole model, and the local search.
FULL, WALK = "full", "walk"
#: Discrete variables in an arm's first part, and which share of them at most.
_FIRST, _FIRST_SHARE = 200.0, 0.5
#: How often the bandit is asked for another arm than the whole model.
_PATIENCE = 5
#: Choices kept for the result.
_KEPT = 5000


@dataclass
class Arm:
    """What may be chosen, and what is known of it.

    Parameters
    ----------
    name : str
        Of its operator, or ``FULL`` or ``WALK``.
    operator : Operator or None
        Chooses its parts.
    size : float
        How large its next part is.
    seconds : float
        What its pulls took.
    gains : int
        How often it improved the incumbent.
    error : str
        Why it was retired.
    """

    name: str
    operator: Operator | None = None
    size: float = 1.0
    seconds: float = 0.0
    gains: int = 0
    error: str = ""

    def adapt(self, exhausted: bool, improved: bool, spent: float) -> None:
        """Choose the size of the next part by how the last one went.

        Parameters
        ----------
        exhausted : bool
            Whether the part was searched to its end.
        improved : bool
            Whether something better was found.
        spent : float
            Share of the time limit that it took.
        """
        factor = 1.0
        if exhausted and spent < 0.5:
            factor = 2.0 if spent < 0.1 and not improved else 1.3
        elif not exhausted:
            factor = 0.9 if improved else 0.7
        least = getattr(self.operator, "least", 1e-4)
        most = getattr(self.operator, "most", 1.0)
        self.size = float(np.clip(self.size * factor, least, most))


class Board:
    """Arms and bandit; its methods may be called from any thread.

    Parameters
    ----------
    arms : sequence of Arm
        The arms.
    bandit : Bandit
        Chooses among as many.
    reward : Reward
        What a pull is paid.
    discrete : int
        Number of discrete variables.
    """

    def __init__(
        self, arms: Sequence[Arm], bandit: Bandit, reward: Reward, discrete: int
    ) -> None:
        self.arms = list(arms)
        self.rounds = 0
        self._bandit = bandit
        self._reward = reward
        self._lock = threading.Lock()
        self._choices: list[list[float | str]] = []
        usual = min(_FIRST_SHARE, _FIRST / max(discrete, 1))
        for arm in self.arms:
            if arm.operator is not None:
                least = getattr(arm.operator, "least", 1e-4)
                most = getattr(arm.operator, "most", 1.0)
                arm.size = float(np.clip(usual, least, most))

    @property
    def alive(self) -> bool:
        """Whether an arm is left besides the whole model."""
        return bool(self._others())

    def choose(self, *, full: bool) -> Arm:
        """Return the bandit's choice.

        Parameters
        ----------
        full : bool
            Whether it may be the whole model; if not, the bandit is asked again,
            and what it never wants has its turn.
        """
        with self._lock:
            self.rounds += 1
            for _ in range(_PATIENCE):
                arm = self.arms[self._bandit.select()]
                if full or arm.name != FULL:
                    return arm
            others = self._others()
            return others[self.rounds % len(others)]

    def _others(self) -> list[Arm]:
        active = (self.arms[k] for k in self._bandit.active.tolist())
        return [arm for arm in active if arm.name != FULL]

    def pay(self, arm: Arm, event: Event, elapsed: float, objective: float) -> None:
        """Take what came of a pull.

        Parameters
        ----------
        arm : Arm
            Which was pulled.
        event : Event
            What came of it.
        elapsed : float
            Seconds since the run began.
        objective : float
            The best objective so far, in the problem's own sense.
        """
        with self._lock:
            arm.seconds += event.seconds
            arm.gains += event.gain > 0
            reward = self._reward(event)
            self._bandit.update(self.arms.index(arm), reward)
            if len(self._choices) < _KEPT:
                self._choices.append(
                    [
                        round(elapsed, 3),
                        arm.name,
                        round(reward, 4),
                        round(event.size, 5),
                        round(event.seconds, 4),
                        objective,
                    ]
                )

    def skip(self, arm: Arm, seconds: float) -> None:
        """Take that an arm had nothing to propose, after some seconds."""
        with self._lock:
            arm.seconds += seconds
            self._bandit.update(self.arms.index(arm), 0.0)

    def retire(self, arm: Arm, error: Exception) -> None:
        """Never choose an arm again."""
        with self._lock:
            arm.error = f"{type(error).__name__}: {error}"
            self._bandit.retire(self.arms.index(arm))

    def statistics(self) -> dict[str, Any]:
        """Return what each arm did, and all choices in order, JSON-able."""
        with self._lock:
            return {
                "arms": [
                    {
                        "name": arm.name,
                        **row,
                        "size": None if arm.operator is None else arm.size,
                        "seconds": round(arm.seconds, 3),
                        "improvements": arm.gains,
                        "error": arm.error,
                    }
                    for arm, row in zip(
                        self.arms, self._bandit.statistics(), strict=True
                    )
                ],
                "choices": {
                    "columns": ["time", "arm", "reward", "size", "seconds", "best"],
                    "rows": [list(row) for row in self._choices],
                },
            }
