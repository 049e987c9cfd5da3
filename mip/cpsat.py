"""CP-SAT for integer programs with integral data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from combkit.instances.errors import UnsupportedFeatureError
from combkit.instances.mip import MIP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.mip.contract import Reporter, gap_limit, settled, start_vector
from combkit.mip.cp_search import search
from combkit.mip.integral import IntegralForm, integral_form
from combkit.mip.polish import polish

__all__ = ["model_of", "solve", "supports"]


def supports(problem: MIP) -> str | None:
    """Return why CP-SAT is not exact on a problem, or None if it is."""
    try:
        integral_form(problem)
    except UnsupportedFeatureError as error:
        return str(error)
    return None


def solve(
    problem: MIP, run: Run, *, log: str | None = None, **native_options: Any
) -> Outcome:
    """Solve an integer program with CP-SAT.

    Parameters
    ----------
    problem : MIP
        The problem: bounded integer variables, data that are integral after
        scaling each row and the objective.
    run : Run
        Its run; an iteration is a conflict.
    log : str, optional
        File that CP-SAT's own log is written to.
    **native_options
        Any field of ``SatParameters`` by its own name.

    Raises
    ------
    UnsupportedFeatureError
        If CP-SAT would have to approximate the problem.
    UsageError
        If a parameter does not exist or does not take its value.
    """
    if (outcome := settled(problem, run)) is not None:
        return outcome
    form = integral_form(problem)
    if form.is_empty:
        return Outcome(Status.INFEASIBLE, raw_status="bounds without an integer")
    model = model_of(problem, form)
    if (start := start_vector(problem, run)) is not None:
        _hint(model, form, start)
    reporter = Reporter(problem, run, "cpsat")

    def found(callback: Any) -> None:
        reporter.solution(callback.response_proto.solution)

    def bounded(bound: float) -> None:
        reporter.bound(bound / form.objective_scale + problem.offset)

    outcome = search(
        model,
        run,
        found=found,
        bounded=bounded,
        options=_options(problem, run) | native_options,
        log=log,
    )
    polish(problem, run, "cpsat")
    return outcome


def model_of(problem: MIP, form: IntegralForm) -> cp_model.CpModel:
    """Fill a model's proto from arrays, one ``extend`` a field of a row."""
    model = cp_model.CpModel()
    proto = model.proto
    add_variable = proto.variables.add
    for lo, up in zip(form.lower.tolist(), form.upper.tolist(), strict=True):
        add_variable().domain.extend((lo, up))
    indices, values = problem.A.indices.tolist(), form.data.tolist()
    start = problem.A.indptr.tolist()
    lower, upper = form.row_lower.tolist(), form.row_upper.tolist()
    add_row = proto.constraints.add
    for i in range(problem.m):
        first, last = start[i], start[i + 1]
        row = add_row().linear
        row.vars.extend(indices[first:last])
        row.coeffs.extend(values[first:last])
        row.domain.extend((lower[i], upper[i]))
    used = np.flatnonzero(form.c)
    if used.size:
        proto.objective.vars.extend(used.tolist())
        proto.objective.coeffs.extend(form.c[used].tolist())
    return model


def _hint(
    model: cp_model.CpModel, form: IntegralForm, start: NDArray[np.float64]
) -> None:
    given = np.flatnonzero(np.isfinite(start))
    values = np.clip(np.round(start[given]), form.lower[given], form.upper[given])
    model.proto.solution_hint.vars.extend(given.tolist())
    model.proto.solution_hint.values.extend(values.astype(np.int64).tolist())


def _options(problem: MIP, run: Run) -> dict[str, Any]:
    """Return the parameters that suit integer programs."""
    options: dict[str, Any] = {
        # CP-SAT's gap does not know the offset; without one it divides by
        # |objective|, we by the larger of objective and bound.
        "relative_gap_limit": 0.0 if problem.offset else gap_limit(run),
    }
    if run.threads == 1:
        # Alone, the default worker has a weak LP relaxation: p0548 and p2756 take
        # under a second with the full one, more than ten without.
        options["linearization_level"] = 2
    return options
