"""A set that one function pays for and another one charges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.refusals import other_goal
from combkit.comb.submodular.session import Session
from combkit.comb.submodular.states import gains_of, state_of
from combkit.instances.submodular.problem import Submodular

__all__ = ["Priced", "supports"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "ratio", "difference")


class Priced:
    """The gains of both functions at a session's set.

    Parameters
    ----------
    session : Session
        Of a ratio or a difference.
    """

    def __init__(self, session: Session) -> None:
        problem = session.problem
        other = problem.minus if problem.over is None else problem.over
        assert other is not None
        #: The function that charges.
        self.charge = other
        self._session = session
        self._state = state_of(other, session.picks.chosen.size)
        self.restart()

    def restart(self) -> None:
        """Stand at the included elements again."""
        self._session.restart()
        protocol.clear(self._state)
        for e in self._session.chosen.tolist():
            protocol.add(self._state, e)

    def look(self) -> tuple[Integers, Floats, Floats]:
        """Return the elements that fit, what they add and what they are charged."""
        pool = self._session.fitting()
        return pool, self._session.gains(pool), gains_of(self._state, pool)

    def take(self, e: int, gained: float) -> None:
        """Choose an element that adds so much."""
        self._session.take(e, gained)
        protocol.add(self._state, e)
