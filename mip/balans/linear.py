"""The linear relaxation of a model: its optimum, reduced costs, and balls in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.mip.balans.engine import Row
from combkit.mip.highs_model import build, run_native, set_option

__all__ = ["LinearOptimum", "LinearPart"]

Floats = NDArray[np.float64]
_UNBOUNDED = highspy.HighsModelStatus.kUnbounded


@dataclass(frozen=True, slots=True)
class LinearOptimum:
    """An optimal point of a relaxation.

    Parameters
    ----------
    x, reduced_costs : ndarray of float, shape (n,)
        The point and its reduced costs.
    value : float
        Its objective, offset included.
    """

    x: Floats
    reduced_costs: Floats
    value: float


class LinearPart:
    """One relaxed HiGHS model, solved again from its last basis.

    Workers share it: they take turns.

    Parameters
    ----------
    problem : MIP
        The model, a minimisation.
    run : Run
        The run, which may interrupt.

    Attributes
    ----------
    optimum : LinearOptimum or None
        The optimum of the relaxation as it is, once ``root`` has found it.
    unbounded : bool
        Whether ``root`` has found that it has none: then no solution of the model is
        best, as its data are rational.
    seconds : float
        What that took so far.
    """

    def __init__(self, problem: MIP, run: Run) -> None:
        self._problem = problem
        self._run = run
        self._stopping = False
        self._turn = threading.Lock()
        self.optimum: LinearOptimum | None = None
        self.unbounded = False
        self.seconds = 0.0
        self._highs = build(problem, relaxed=True)
        self._cols = np.arange(problem.n, dtype=np.int32)
        for event in (self._highs.cbSimplexInterrupt, self._highs.cbIpmInterrupt):
            event.subscribe(self._pivot)

    def root(self, seconds: float) -> LinearOptimum | None:
        """Return the optimum of the relaxation as it is, solving it once.

        Its value is reported to the run as a bound.
        """
        if self.optimum is None and not self.unbounded:
            before = time.perf_counter()
            self.optimum = self.solve(seconds)
            self.seconds += time.perf_counter() - before
            self.unbounded = self._highs.getModelStatus() == _UNBOUNDED
            if self.optimum is not None:
                sign = -1.0 if self._run.problem.sense == "max" else 1.0
                self._run.report_bound(sign * self.optimum.value, "relaxation")
        return self.optimum

    def solve(self, seconds: float, row: Row | None = None) -> LinearOptimum | None:
        """Return the optimum, None if it was not reached in time or there is none.

        Parameters
        ----------
        seconds : float
            Time limit.
        row : Row, optional
            A further row.
        """
        highs = self._highs
        with self._turn:
            if row is not None:
                cols = row.cols.astype(np.int32)
                highs.addRow(row.lower, row.upper, cols.size, cols, row.values)
            try:
                return self._solve(seconds)
            finally:
                if row is not None and not self._run.abandoned:
                    m = self._problem.m
                    highs.deleteRows(1, np.array([m], dtype=np.int32))

    def within(
        self, lower: Floats, upper: Floats, seconds: float
    ) -> LinearOptimum | None:
        """Return the optimum between other bounds; the model's own come back."""
        highs, problem = self._highs, self._problem
        with self._turn:
            highs.changeColsBounds(problem.n, self._cols, lower, upper)
            try:
                return self._solve(seconds)
            finally:
                if not self._run.abandoned:
                    highs.changeColsBounds(
                        problem.n,
                        self._cols,
                        problem.lower,
                        np.maximum(problem.lower, problem.upper),
                    )

    def _solve(self, seconds: float) -> LinearOptimum | None:
        highs = self._highs
        if seconds <= 0:
            return None
        # The limit of an LP counts from the object's first run.
        set_option(highs, "time_limit", highs.getRunTime() + seconds)
        self._stopping = False
        self._supervised(lambda: run_native(highs, 1))
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = highs.getSolution()
        return LinearOptimum(
            np.array(solution.col_value),
            np.array(solution.col_dual),
            float(highs.getInfo().objective_function_value),
        )

    def _supervised(self, call: Callable[[], Any]) -> None:
        def interrupt() -> None:
            self._stopping = True

        self._run.supervise(call, interrupt)

    def _pivot(self, event: Any) -> None:
        event.interrupt(self._stopping)
