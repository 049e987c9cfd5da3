"""The full model under HiGHS, run in slices beside the search.

HiGHS cannot be interrupted and go on. But a callback may take its time: between
slices HiGHS' thread waits in one. It proves bounds, takes the search's solutions,
and may win.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Run
from combkit.instances.seeds import native_seed
from combkit.mip.balans.judge import Judge
from combkit.mip.contract import gap_limit
from combkit.mip.highs_model import build, run_native, set_option

__all__ = ["FullRun"]

Floats = NDArray[np.float64]

_STATUS = highspy.HighsModelStatus
_PROVEN = {
    _STATUS.kOptimal: Status.OPTIMAL,
    _STATUS.kInfeasible: Status.INFEASIBLE,
    _STATUS.kUnbounded: Status.UNBOUNDED,
    _STATUS.kUnboundedOrInfeasible: Status.INFEASIBLE_OR_UNBOUNDED,
}
#: Seconds between two looks at the clock.
_POLL = 0.02
#: Seconds that HiGHS gets to end, and the repair of its last solution.
_GRACE, _REPAIR = 0.3, 1.0
#: Relative difference of objectives that rounding explains.
_SAME = 1e-6


class FullRun:
    """A run of HiGHS on the whole model that can be paused.

    Parameters
    ----------
    problem : MIP
        The model, a minimisation.
    run : Run
        The run: bounds are reported to it.
    judge : Judge
        Takes what is found.
    until_first : bool
        Whether each of its solutions ends a slice: HiGHS is deterministic, the
        clock is not.
    """

    def __init__(
        self, problem: MIP, run: Run, judge: Judge, *, until_first: bool = False
    ) -> None:
        self._until_first = until_first
        self._run = run
        self._judge = judge
        self._sign = -1.0 if run.problem.sense == "max" else 1.0
        self._gate = threading.Event()
        self._waiting = threading.Event()
        self._ended = threading.Event()
        self._stopping = False
        self._offered: float = np.inf
        self._own: float = np.inf
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._claim: Status | None = None
        self.raw = ""
        self._problem = problem
        self._highs: Any = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to run."""
        return self._ended.is_set()

    @property
    def status(self) -> Status | None:
        """What HiGHS has proven, in the light of what is known by now.

        Others may find a solution after HiGHS has ended.
        """
        return self._judge.settle(self._claim)

    def go(self, seconds: float) -> None:
        """Let HiGHS run for some seconds; it may end its slice late.

        Raises
        ------
        Exception
            What a listener raised.
        """
        self.begin()
        self._waiting.clear()
        self._gate.set()
        end = time.perf_counter() + seconds
        while not self._ended.is_set():
            now = time.perf_counter()
            if self._run.should_stop():
                break
            if now >= end:
                self._gate.clear()
            if self._waiting.is_set():
                break
            self._ended.wait(min(_POLL, max(end - now, 0.001)))
        self.check()

    def begin(self) -> None:
        """Let HiGHS run until it ends, in a thread of its own."""
        if self._thread is not None:
            return
        run, gap = self._run, gap_limit(self._run)
        self._highs = highs = build(self._problem)
        for name, value in {
            "random_seed": native_seed(run.seed),
            "mip_rel_gap": gap,
            "mip_abs_gap": 0.0 if gap == 0 else 1e-9,
        }.items():
            set_option(highs, name, value)
        highs.cbMipImprovingSolution.subscribe(self._improved)
        highs.cbMipInterrupt.subscribe(self._progress)
        highs.cbMipUserSolution.subscribe(self._ask)
        start, value = self._judge.incumbent
        if start is not None:
            self._offered = value
            cols = np.arange(start.size, dtype=np.int32)
            highs.setSolution(start.size, cols, start)
        self._thread = threading.Thread(
            target=self._work, name="combkit-full", daemon=True
        )
        self._gate.set()
        self._thread.start()

    def check(self) -> None:
        """Raise what a listener raised."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ask HiGHS to end; leave it behind if it does not."""
        self._stopping = True
        self._gate.set()
        if self._thread is not None:
            self._thread.join(_GRACE)

    # -- in HiGHS' thread ------------------------------------------------------

    def _work(self) -> None:
        try:
            run_native(self._highs, 1)
            native = self._highs.getModelStatus()
            self.raw = self._highs.modelStatusToString(native)
            if not self._stopping:
                self._conclude(native)
        except BaseException as error:
            self._failure = error
        finally:
            self._ended.set()

    def _conclude(self, native: Any) -> None:
        info = self._highs.getInfo()
        if info.primal_solution_status == highspy.kSolutionStatusFeasible:
            self._judge.take(np.array(self._highs.getSolution().col_value), "full")
        self._bound(info.mip_dual_bound)
        claim = _PROVEN.get(native)
        if claim is Status.OPTIMAL:
            optimum = info.objective_function_value
            if not self._reached(optimum):
                self._judge.repair(_REPAIR)
            if not self._reached(optimum):
                # Feasible by HiGHS' tolerances alone: the search goes on.
                claim = None
        self._claim = claim

    def _reached(self, optimum: float) -> bool:
        """Whether the best solution is as good as HiGHS' own."""
        return self._judge.value <= optimum + _SAME * max(1.0, abs(optimum))

    def _bound(self, bound: float) -> None:
        if np.isfinite(bound):
            self._run.report_bound(self._sign * bound, "full")

    def _improved(self, event: Any) -> None:
        if self._left_behind():
            return
        try:
            x = np.array(event.data_out.mip_solution)
            self._own = min(self._own, event.data_out.objective_function_value)
            self._judge.take(x, "full")
        except BaseException as error:
            self._failure = error
            self._stopping = True
        if self._until_first:
            self._gate.clear()
            self._pause()

    def _progress(self, event: Any) -> None:
        if not self._left_behind():
            try:
                self._bound(event.data_out.mip_dual_bound)
            except BaseException as error:
                self._failure = error
                self._stopping = True
            self._pause()
        event.interrupt(self._stopping or self._run.abandoned)

    def _ask(self, event: Any) -> None:
        """Hand over the best solution if HiGHS does not have it yet."""
        judge = self._judge
        best, value = judge.incumbent
        if self._left_behind() or best is None:
            return
        if value < min(self._own, self._offered) - 1e-9 * max(1.0, abs(value)):
            self._offered = value
            event.data_in.setSolution(best)

    def _left_behind(self) -> bool:
        return self._stopping or self._run.abandoned

    def _pause(self) -> None:
        if not self._gate.is_set():
            self._waiting.set()
            while not self._gate.wait(_POLL) and not self._left_behind():
                pass
