"""What a caller can watch while a solver runs."""

from __future__ import annotations

from typing import Any

__all__ = ["Events"]


class Events:
    """Base class of listeners; override what you need, the rest does nothing.

    The methods are called one at a time, but from whatever thread the solver
    found something in. An exception they raise ends the run and reaches the
    caller of ``solve``.
    """

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        """Be told of a better solution.

        Parameters
        ----------
        solution : Solution
            The checked solution.
        objective : float
            Its objective.
        time : float
            Seconds since ``solve`` was called.
        source : str
            Who found it, e.g. ``"savings"`` or ``"highs"``.
        """

    def on_bound(self, bound: float, time: float) -> None:
        """Be told of a better proven bound."""

    def should_stop(self) -> bool:
        """Return True to end the run with its incumbent; polled often."""
        return False
