"""Models of HiGHS: built from arrays, run under one process-wide scheduler."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from combkit.instances.errors import SolverError, UsageError
from combkit.instances.mip import MIP

if TYPE_CHECKING:
    from combkit.mip.modelling.arrays import Arrays

__all__ = ["build", "run_native", "set_defaults", "set_option"]

_lock = threading.Lock()
_running = 0
_threads: int | None = None


def build(problem: MIP | Arrays, *, relaxed: bool = False) -> highspy.Highs:
    """Return a silent HiGHS model of a problem.

    Parameters
    ----------
    problem : MIP or Arrays
        The problem; bounds that cross within the tolerance are closed.
    relaxed : bool
        Whether integrality is left out.
    """
    highs = highspy.Highs()
    set_defaults(highs)
    A, sense = problem.A, -1 if problem.maximize else 1
    kinds = problem.integrality if not relaxed else np.zeros(problem.n)
    status = highs.passModel(
        problem.n,
        problem.m,
        A.nnz,
        int(highspy.MatrixFormat.kRowwise),
        sense,
        problem.offset,
        problem.c,
        problem.lower,
        np.maximum(problem.lower, problem.upper),
        problem.row_lower,
        np.maximum(problem.row_lower, problem.row_upper),
        A.indptr,
        A.indices,
        A.data,
        kinds.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the model", str(status))
    return highs


def set_defaults(highs: highspy.Highs) -> None:
    """Set all options to what ``build`` leaves them at."""
    highs.resetOptions()
    highs.setOptionValue("output_flag", False)
    # Coefficients are the user's business, however large or small.
    highs.setOptionValue("large_matrix_value", 1e300)
    highs.setOptionValue("small_matrix_value", 1e-12)


def set_option(highs: highspy.Highs, name: str, value: Any) -> None:
    """Set an option.

    Raises
    ------
    UsageError
        If HiGHS does not know it or does not take the value.
    """
    tries = [value, float(value)] if type(value) is int else [value]
    for attempt in tries:
        if highs.setOptionValue(name, attempt) == highspy.HighsStatus.kOk:
            return
    raise UsageError(f"highs: option {name!r} does not take {value!r}")


def run_native(highs: highspy.Highs, threads: int) -> highspy.HighsStatus:
    """Run HiGHS with a number of threads.

    The scheduler is one for the whole process and fixes its threads at the
    first run: it is renewed between runs, and runs side by side share it.
    """
    global _running, _threads
    with _lock:
        if _running == 0 and _threads not in (None, threads):
            highspy.Highs.resetGlobalScheduler(True)
        if _running == 0:
            _threads = threads
        _running += 1
        highs.setOptionValue("threads", _threads)
    try:
        return highs.run()
    finally:
        with _lock:
            _running -= 1
