"""Acceptance: how much worse than the best a solution may be to go on from it.

All criteria are thresholds, relative to the size of the objective: a change of
its unit changes nothing. A threshold is also what the solver of a part may stop
at, so it is known before the part is solved.

References
----------
G. Dueck, New optimization heuristics: the great deluge algorithm and the
record-to-record travel, J. Comput. Phys. 104 (1993). doi:10.1006/jcph.1993.1010
S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, Optimization by simulated
annealing, Science 220 (1983). doi:10.1126/science.220.4598.671
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from combkit.instances.errors import UsageError
from combkit.mip.balans.naming import made

__all__ = ["ACCEPT", "Accept", "make_accept"]


class Accept(Protocol):
    """A criterion of acceptance, for minimisation."""

    def threshold(
        self, best: float, current: float, spent: float, rng: np.random.Generator
    ) -> float | None:
        """Return the worst objective to accept; None: only improvements of current.

        Parameters
        ----------
        best, current : float
            Objectives of the incumbent and of the solution gone on from.
        spent : float
            Share of the time that is spent, in [0, 1].
        rng : Generator
            Source of chance.
        """
        ...


@dataclass(frozen=True, slots=True)
class HillClimbing:
    """Accept improvements alone."""

    def threshold(
        self, best: float, current: float, spent: float, rng: np.random.Generator
    ) -> float | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class RecordToRecord:
    """Accept what is at most ``deviation`` worse than the best, less and less."""

    deviation: float = 0.005

    def __post_init__(self) -> None:
        _positive("deviation", self.deviation)

    def threshold(
        self, best: float, current: float, spent: float, rng: np.random.Generator
    ) -> float | None:
        """Return the best plus a deviation that shrinks to nothing."""
        return best + self.deviation * (1.0 - spent) * abs(best)


@dataclass(frozen=True, slots=True)
class Annealing:
    """Accept by chance what is worse than the current solution, less and less.

    ``exp(-(f - current) / T) > u`` with a uniform ``u`` is the threshold
    ``current - T log u``; ``T`` is ``temperature`` times the size of the best.
    """

    temperature: float = 0.002

    def __post_init__(self) -> None:
        _positive("temperature", self.temperature)

    def threshold(
        self, best: float, current: float, spent: float, rng: np.random.Generator
    ) -> float | None:
        """Return the threshold of one draw."""
        temperature = self.temperature * (1.0 - spent) * abs(best)
        return current - temperature * math.log(1.0 - rng.random())


#: Criteria by name.
ACCEPT: dict[str, Callable[..., Accept]] = {
    "hill-climbing": HillClimbing,
    "record-to-record": RecordToRecord,
    "annealing": Annealing,
}


def make_accept(text: str) -> Accept:
    """Return a criterion by name, with options as in ``annealing:temperature=0.01``.

    Raises
    ------
    UsageError
        If the name or an option is unknown, with the nearest one, or out of range.
    """
    return made(ACCEPT, "accept", text)


def _positive(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise UsageError(f"accept: {name}={value} is not at least 0")
