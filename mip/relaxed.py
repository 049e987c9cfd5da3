"""The linear relaxation of a problem, solved again and again between bounds."""

from __future__ import annotations

import threading
import time
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.highs_model import build, run_native

__all__ = ["Relaxation"]

Floats = NDArray[np.float64]

#: Feasibility tolerance, below the one that solutions are judged by.
_FEASIBILITY = 1e-9
#: Seconds between two looks at the clock, and of grace after the limit.
_POLL = 0.02
_GRACE = 0.3


class Relaxation:
    """One HiGHS model whose bounds change from solve to solve.

    Parameters
    ----------
    problem : MIP
        The problem, whose integrality is left out.
    run : Run
        The run, which may end a solve early.
    """

    def __init__(self, problem: MIP, run: Run) -> None:
        self._run = run
        self._n = problem.n
        self._stuck = False
        self._stopping = False
        self._highs = build(problem, relaxed=True)
        self._highs.setOptionValue("primal_feasibility_tolerance", _FEASIBILITY)
        self._highs.cbSimplexInterrupt.subscribe(self._pivot)

    def _pivot(self, event: Any) -> None:
        event.interrupt(self._stopping)

    def solve(
        self, lower: Floats, upper: Floats, seconds: float, presolve: str = "off"
    ) -> Floats | None:
        """Return an optimal point; None if there is none or time is over.

        Parameters
        ----------
        lower, upper : ndarray of float, shape (n,)
            Bounds of the variables.
        seconds : float
            Time limit.
        presolve : str
            "on" or "off", as HiGHS takes it.

        Returns
        -------
        ndarray of float, shape (n,), or None
        """
        if self._stuck or seconds <= 0:
            return None
        highs, cols = self._highs, np.arange(self._n, dtype=np.int32)
        highs.clearSolver()
        highs.changeColsBounds(self._n, cols, lower, np.maximum(lower, upper))
        highs.setOptionValue("presolve", presolve)
        # The limit of an LP counts from the object's first run.
        highs.setOptionValue("time_limit", highs.getRunTime() + seconds)
        self._stopping = False
        # Native code may overrun every limit: it is left behind if it does.
        call = threading.Thread(target=run_native, args=(highs, 1), daemon=True)
        call.start()
        end = time.perf_counter() + seconds + _GRACE
        while call.is_alive():
            call.join(_POLL)
            if self._run.should_stop() and not self._stopping:
                self._stopping = True
                end = min(end, time.perf_counter() + _GRACE)
            if time.perf_counter() > end:
                self._stuck = True
                return None
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(highs.getSolution().col_value)
