"""HiGHS under the clock of a run, for the programs of masters and separations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.instances.seeds import native_seed
from combkit.mip.contract import Deaf
from combkit.mip.highs_model import build, run_native, set_option

#: Options for programs of few integers beside many continuous columns: the tree is
#: small, and what HiGHS does around it takes longer than the tree.
LIGHT: Mapping[str, Any] = MappingProxyType(
    {
        "presolve": "off",
        "mip_allow_restart": False,
        "mip_heuristic_run_rins": False,
        "mip_heuristic_run_rens": False,
        "mip_heuristic_run_root_reduced_cost": False,
    }
)

__all__ = ["FEASIBLE_POINT", "LIGHT", "bound_of", "run_scip", "solved"]

#: ``primal_solution_status`` of a feasible point.
FEASIBLE_POINT = 2


def solved(
    program: MIP,
    run: Run,
    gap: float,
    start: tuple[NDArray[np.int32], NDArray[np.float64]] | None = None,
    native_options: Mapping[str, Any] = MappingProxyType({}),
) -> highspy.Highs:
    """Return HiGHS after it has solved a program, or the time is over.

    Parameters
    ----------
    program : MIP
        The program.
    run : Run
        The run, for its clock, its threads and its signals.
    gap : float
        Relative gap that is enough.
    start : tuple of ndarray, optional
        Columns and their values, to begin from.
    native_options : mapping
        Options of HiGHS.
    """
    highs = build(program)
    listener = Deaf(run, "ccg")
    options: dict[str, Any] = {
        "random_seed": native_seed(run.seed),
        "mip_rel_gap": gap,
        "mip_abs_gap": 1e-9,
    }
    if np.isfinite(run.remaining):
        options["time_limit"] = run.remaining
    for name, value in {**options, **native_options}.items():
        set_option(highs, name, value)
    if start is not None:
        highs.setSolution(start[0].size, *start)

    def look(event: Any) -> None:
        def ask() -> None:
            listener.should_stop()

        listener.listen(ask)
        event.interrupt(listener.stopping)

    highs.cbMipInterrupt.subscribe(look)
    highs.cbSimplexInterrupt.subscribe(look)
    try:
        run.supervise(lambda: run_native(highs, run.threads), listener.interrupt)
    finally:
        listener.check()
    return highs


def bound_of(highs: highspy.Highs, program: MIP) -> float:
    """Return what HiGHS has proven; infinitely little without a proof.

    Parameters
    ----------
    highs : Highs
        The solver, at its end.
    program : MIP
        What it has solved.
    """
    info = highs.getInfo()
    if program.integrality.any():
        return float(info.mip_dual_bound)
    if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return float(info.objective_function_value)
    return np.inf if program.maximize else -np.inf


def run_scip(model: Any, run: Run, gap: float) -> None:
    """Run a model of SCIP under the clock and the signals of a run.

    Parameters
    ----------
    model : pyscipopt.Model
        The model.
    run : Run
        The run.
    gap : float
        Relative gap that is enough.
    """
    from combkit.mip.scip import configure, optimize

    model.hideOutput()
    configure(model, run, native_options={"limits/gap": gap})
    optimize(model, Deaf(run, "ccg"))
