"""Parts of a model solved by one HiGHS object whose bounds change in place.

The cutoff is HiGHS' ``objective_bound``, which prunes but neither filters what
is returned nor keeps status and bound of the run right: both are ignored here
beyond "there is nothing left to search", and solutions are the caller's to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import SolverError
from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.instances.seeds import native_seed
from combkit.mip.balans.engine import Answer, SubProblem, objective_row
from combkit.mip.highs_model import build, run_native, set_option

__all__ = ["HighsEngine"]

Floats = NDArray[np.float64]

_STATUS = highspy.HighsModelStatus
#: The search of the part is over: whatever is claimed, nothing is left.
_OVER = (_STATUS.kOptimal, _STATUS.kInfeasible, _STATUS.kObjectiveBound)
#: Share of the effort for heuristics: parts are solved for their solutions.
_EFFORT = 0.3
#: The presolve rule that enumerates small rows: up to half of a small part's time.
_ENUMERATION = 1 << 16


class HighsEngine:
    """One HiGHS object for all parts of a model.

    Parameters
    ----------
    problem : MIP
        The model, a minimisation.
    run : Run
        The run, which may interrupt.
    effort : float
        Share of HiGHS' effort for primal heuristics, 0 to 1.
    """

    name = "highs"

    def __init__(self, problem: MIP, run: Run, *, effort: float = _EFFORT) -> None:
        self._problem = problem
        self._run = run
        self._cols = np.arange(problem.n, dtype=np.int32)
        self._found: Callable[[Floats], None] | None = None
        self._error: BaseException | None = None
        self._stopping = False
        self._first = False
        self._highs = build(problem)
        for name, value in {
            "random_seed": native_seed(run.seed),
            "mip_rel_gap": 0.0,
            "mip_heuristic_effort": effort,
            "mip_detect_symmetry": False,
            "presolve_rule_off": _ENUMERATION,
        }.items():
            set_option(self._highs, name, value)
        self._highs.cbMipImprovingSolution.subscribe(self._improved)
        self._highs.cbMipInterrupt.subscribe(self._progress)

    def solve(self, part: SubProblem, found: Callable[[Floats], None]) -> Answer:
        """Solve a part; see ``Engine``."""
        highs, added = self._highs, self._enter(part)
        self._found, self._first = found, part.first
        self._stopping, self._error = False, None
        try:
            status = self._run.supervise(
                lambda: run_native(highs, 1), interrupt=self._interrupt
            )
            native, info = highs.getModelStatus(), highs.getInfo()
            if self._error is not None:
                raise self._error
            if status == highspy.HighsStatus.kError:
                raise SolverError("HiGHS failed", highs.modelStatusToString(native))
            if info.primal_solution_status == highspy.kSolutionStatusFeasible:
                found(np.array(highs.getSolution().col_value))
        finally:
            # A run that was left behind still owns the object.
            if not self._run.abandoned:
                self._leave(part, added)
        nodes = max(0, int(info.mip_node_count))
        return Answer(native in _OVER and not self._stopping, nodes)

    # -- the model, changed in place and back --------------------------------

    def _enter(self, part: SubProblem) -> int:
        """Change the model into the part; return how many rows were added."""
        highs, n = self._highs, self._problem.n
        highs.clearSolver()
        highs.changeColsBounds(n, self._cols, part.lower, part.upper)
        rows, bound = part.rows, part.cutoff
        if part.objective is not None:
            highs.changeColsCost(n, self._cols, part.objective)
            highs.changeObjectiveOffset(0.0)
            if np.isfinite(part.cutoff):
                # HiGHS' bound would count in the objective of the moment.
                rows, bound = (*rows, objective_row(self._problem, bound)), np.inf
        for row in rows:
            highs.addRow(
                row.lower,
                row.upper,
                row.cols.size,
                row.cols.astype(np.int32),
                row.values,
            )
        set_option(highs, "objective_bound", float(bound))
        set_option(highs, "time_limit", max(part.seconds, 0.0))
        nodes = highspy.kHighsIInf if part.nodes is None else part.nodes
        set_option(highs, "mip_max_nodes", nodes)
        if part.start is not None:
            highs.setSolution(n, self._cols, part.start)
        return len(rows)

    def _leave(self, part: SubProblem, added: int) -> None:
        """Take back what the next part does not overwrite."""
        highs, problem = self._highs, self._problem
        if added:
            last = np.arange(problem.m, problem.m + added, dtype=np.int32)
            highs.deleteRows(added, last)
        if part.objective is not None:
            highs.changeColsCost(problem.n, self._cols, problem.c)
            highs.changeObjectiveOffset(problem.offset)

    # -- callbacks, in HiGHS' thread -----------------------------------------

    def _interrupt(self) -> None:
        self._stopping = True

    def _improved(self, event: Any) -> None:
        # An exception must not travel through native code.
        try:
            if self._found is not None and not self._run.abandoned:
                self._found(np.array(event.data_out.mip_solution))
        except BaseException as error:
            self._error = error
            self._stopping = True
        if self._first:
            self._stopping = True

    def _progress(self, event: Any) -> None:
        event.interrupt(self._stopping)
