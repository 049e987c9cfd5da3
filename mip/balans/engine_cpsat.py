"""Parts of an integer program with integral data, solved by CP-SAT.

CP-SAT keeps nothing from solve to solve: each part is a copy of one model with
other domains.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from combkit.instances.errors import SolverError, UnsupportedFeatureError
from combkit.instances.mip import MIP
from combkit.instances.run import Run
from combkit.instances.seeds import native_seed
from combkit.mip.balans.engine import Answer, Row, SubProblem, objective_row
from combkit.mip.cpsat import model_of
from combkit.mip.integral import integral_form

__all__ = ["CpSatEngine"]

Floats = NDArray[np.float64]

#: Costs that are not integral are rounded to this many steps.
_STEPS = 1000.0
#: Stands for infinity.
_LARGE = 2**62
#: Slack in rounding a cutoff, in steps of the objective.
_SLACK = 1e-6


class _Listener(cp_model.CpSolverSolutionCallback):
    """Passes on what CP-SAT finds; an exception must not travel through it."""

    def __init__(self, found: Callable[[Floats], None], first: bool) -> None:
        super().__init__()
        self._found = found
        self._first = first
        self.error: BaseException | None = None

    def on_solution_callback(self) -> None:
        """Hand the new solution over."""
        try:
            if self.error is None:
                self._found(np.array(self.response_proto.solution, dtype=np.float64))
        except BaseException as error:
            self.error = error
        if self._first or self.error is not None:
            self.stop_search()


class CpSatEngine:
    """CP-SAT for all parts of a model; see ``Engine``.

    Parameters
    ----------
    problem : MIP
        The model, a minimisation.
    run : Run
        The run, which may interrupt.

    Raises
    ------
    UnsupportedFeatureError
        If CP-SAT would have to approximate the model.
    """

    name = "cpsat"

    def __init__(self, problem: MIP, run: Run) -> None:
        self._problem = problem
        self._run = run
        self._form = integral_form(problem)
        self._model = model_of(problem, self._form)

    def solve(self, part: SubProblem, found: Callable[[Floats], None]) -> Answer:
        """Solve a part; see ``Engine``."""
        model = self._part(part)
        solver = cp_model.CpSolver()
        options: dict[str, Any] = {
            "num_workers": 1,
            "catch_sigint_signal": False,
            "random_seed": native_seed(self._run.seed),
            "linearization_level": 2,
        }
        if math.isfinite(part.seconds):
            options["max_time_in_seconds"] = max(part.seconds, 0.0)
        if part.nodes is not None:
            options["max_number_of_conflicts"] = part.nodes
        for name, value in options.items():
            setattr(solver.parameters, name, value)
        listener = _Listener(found, part.first)
        status = self._run.supervise(
            lambda: solver.solve(model, listener), solver.stop_search
        )
        if listener.error is not None:
            raise listener.error
        if status == cp_model.MODEL_INVALID:
            raise SolverError(
                "CP-SAT refuses the part", solver.response_proto.solution_info
            )
        over = status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        return Answer(over, int(solver.num_conflicts))

    def _part(self, part: SubProblem) -> cp_model.CpModel:
        """Return the model of a part."""
        form, problem = self._form, self._problem
        model = cp_model.CpModel()
        proto = model.proto
        proto.copy_from(self._model.proto)
        lower = np.maximum(np.ceil(part.lower - _SLACK), form.lower).astype(np.int64)
        upper = np.minimum(np.floor(part.upper + _SLACK), form.upper).astype(np.int64)
        changed = np.flatnonzero((lower != form.lower) | (upper != form.upper))
        variables = proto.variables
        for j in changed.tolist():
            domain = variables[j].domain
            domain.clear()
            domain.extend((int(lower[j]), int(upper[j])))
        rows = part.rows
        if part.objective is not None:
            if np.isfinite(part.cutoff):
                rows = (*rows, objective_row(problem, part.cutoff))
            proto.clear_objective()
            used = np.flatnonzero(part.objective)
            costs = _integral(part.objective[used])
            proto.objective.vars.extend(used.tolist())
            proto.objective.coeffs.extend(costs.tolist())
        elif np.isfinite(part.cutoff):
            steps = (part.cutoff - problem.offset) * form.objective_scale
            most = math.floor(steps + _SLACK)
            proto.objective.domain.extend((-_LARGE, most))
        for row in rows:
            _add(proto, row, form.objective_scale)
        if part.start is not None:
            proto.solution_hint.vars.extend(range(problem.n))
            proto.solution_hint.values.extend(
                np.round(part.start).astype(np.int64).tolist()
            )
        return model


def _integral(costs: Floats) -> NDArray[np.int64]:
    """Return whole numbers nearly proportional to some costs."""
    if (costs == np.round(costs)).all():
        return costs.astype(np.int64)
    scaled = costs * (_STEPS / np.abs(costs).max())
    whole: NDArray[np.int64] = np.round(scaled).astype(np.int64)
    return whole


def _add(proto: Any, row: Row, scale: float) -> None:
    """Add a row whose coefficients are integral, maybe times ``scale``."""
    values, factor = row.values, 1.0
    if (values != np.round(values)).any():
        values, factor = np.round(values * scale), scale
        if np.abs(values - row.values * scale).max() > _SLACK * np.abs(values).max():
            raise UnsupportedFeatureError("CP-SAT: a row that is not integral")
    low, high = -_LARGE, _LARGE
    if math.isfinite(row.lower):
        low = math.ceil(row.lower * factor - _SLACK)
    if math.isfinite(row.upper):
        high = math.floor(row.upper * factor + _SLACK)
    linear = proto.constraints.add().linear
    linear.vars.extend(row.cols.tolist())
    linear.coeffs.extend(values.astype(np.int64).tolist())
    linear.domain.extend((low, high))
