"""CP-SAT as it is: an integer program from an MPS file, or a job shop.

OR-Tools' own reader takes the MPS file. CP-SAT knows bounded integers only: an
instance with a continuous or unbounded variable, or with a row that has no small
integer multiple, is unsupported. Parameters are CP-SAT's own but for the limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

import common
from ortools.linear_solver.python import model_builder
from ortools.sat.python import cp_model

_CLAIMS = {
    cp_model.OPTIMAL: "optimal",
    cp_model.FEASIBLE: "feasible",
    cp_model.INFEASIBLE: "infeasible",
}
_LARGEST = 2**53
#: Largest denominator of a coefficient that is taken for a fraction.
_DENOMINATOR = 10**6


def main() -> None:
    run = common.start("ortools", 1, __doc__)
    if run.instance.suffix.lower() == ".mps":
        solve_mip(run)
    else:
        solve_jobshop(run)


def _search(
    run: common.Run, model: cp_model.CpModel, value: Callable[[float], float]
) -> tuple[cp_model.CpSolver, int]:
    """Solve a model; ``value`` turns its objective into the instance's."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = run.threads
    solver.parameters.random_seed = run.seed % 2**31
    solver.parameters.max_time_in_seconds = run.left

    class Callback(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            run.say(
                objective=value(self.objective_value),
                bound=value(self.best_objective_bound),
            )

    solver.best_bound_callback = lambda bound: run.say(bound=value(bound))
    if run.gap is not None:
        solver.parameters.relative_gap_limit = run.gap
    status = solver.solve(model, Callback())
    if status == cp_model.MODEL_INVALID:
        run.unsupported("CP-SAT refuses the model")
    return solver, status


def _end(
    run: common.Run,
    solver: cp_model.CpSolver,
    status: int,
    value: Callable[[float], float],
) -> None:
    facts = {}
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        facts = {
            "objective": value(solver.objective_value),
            "bound": value(solver.best_objective_bound),
        }
    run.end(_CLAIMS.get(status), iterations=solver.num_conflicts, **facts)


# -- integer programs ----------------------------------------------------------


def solve_mip(run: common.Run) -> None:
    mip = model_builder.Model()
    if not mip.import_from_mps_file(str(run.instance)):
        run.unsupported("OR-Tools cannot read the file")
    helper = mip.helper
    model = cp_model.CpModel()
    columns = range(mip.num_variables)
    variables = [_variable(run, model, helper, j) for j in columns]
    for i in range(mip.num_constraints):
        _add_row(run, model, helper, variables, i)
    costs = [helper.var_objective_coefficient(j) for j in columns]
    scale = _scale(run, "the objective", costs)
    cost = sum(round(c * scale) * variables[j] for j, c in enumerate(costs) if c)
    if helper.maximize():
        model.maximize(cost)
    else:
        model.minimize(cost)
    offset = helper.objective_offset()

    def value(objective: float) -> float:
        return objective / scale + offset

    if run.gap is None:
        run.gap = common.MIP_GAP
    solver, status = _search(run, model, value)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        run.write_values(
            value(solver.objective_value),
            [(helper.var_name(j), solver.value(variables[j])) for j in columns],
        )
    _end(run, solver, status, value)


def _variable(
    run: common.Run, model: cp_model.CpModel, helper, j: int
) -> cp_model.IntVar:
    name = helper.var_name(j)
    lower, upper = helper.var_lower_bound(j), helper.var_upper_bound(j)
    if not helper.var_is_integral(j):
        run.unsupported(f"variable {name!r} is continuous")
    if not max(abs(lower), abs(upper)) < _LARGEST:
        run.unsupported(f"variable {name!r} is not bounded")
    return model.new_int_var(math.ceil(lower - 1e-9), math.floor(upper + 1e-9), name)


def _add_row(
    run: common.Run,
    model: cp_model.CpModel,
    helper,
    variables: list[cp_model.IntVar],
    i: int,
) -> None:
    numbers = helper.constraint_coefficients(i)
    scale = _scale(run, f"row {helper.constraint_name(i)!r}", numbers)
    weights = [round(number * scale) for number in numbers]
    lower = _side(helper.constraint_lower_bound(i), scale, math.ceil, -1e-9)
    upper = _side(helper.constraint_upper_bound(i), scale, math.floor, 1e-9)
    row = [variables[j] for j in helper.constraint_var_indices(i)]
    model.add_linear_constraint(
        cp_model.LinearExpr.weighted_sum(row, weights), lower, upper
    )


def _side(bound: float, scale: int, to: Callable[[float], int], slack: float) -> int:
    """Return the scaled side of a row, rounded inwards."""
    if not math.isfinite(bound) or abs(bound) >= 1e30:
        return cp_model.INT_MIN if bound < 0 else cp_model.INT_MAX
    return to(bound * scale + slack * max(1.0, abs(bound * scale)))


def _scale(run: common.Run, what: str, numbers: Iterable[float]) -> int:
    """Return the least factor that makes all of some numbers integers."""
    scale = 1
    for number in numbers:
        fraction = Fraction(number).limit_denominator(_DENOMINATOR)
        if abs(float(fraction) - number) > 1e-13 * abs(number):
            run.unsupported(f"{what} has no small integer multiple")
        scale = math.lcm(scale, fraction.denominator)
        if scale > 2**40:
            run.unsupported(f"{what} has no small integer multiple")
    return scale


# -- job shops -----------------------------------------------------------------


def solve_jobshop(run: common.Run) -> None:
    jobs = common.read_jobshop(run)
    horizon = sum(duration for job in jobs for _, duration in job)
    model = cp_model.CpModel()
    on_machine: dict[int, list[cp_model.IntervalVar]] = {}
    starts, ends = [], []
    for job in jobs:
        row: list[cp_model.IntVar] = []
        end = 0
        for machine, duration in job:
            start = model.new_int_var(0, horizon, "")
            interval = model.new_fixed_size_interval_var(start, duration, "")
            on_machine.setdefault(machine, []).append(interval)
            model.add(start >= end)
            end = start + duration
            row.append(start)
        starts.append(row)
        ends.append(end)
    for intervals in on_machine.values():
        model.add_no_overlap(intervals)
    makespan = model.new_int_var(0, horizon, "makespan")
    model.add_max_equality(makespan, ends)
    model.minimize(makespan)
    solver, status = _search(run, model, float)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        run.write_starts([[solver.value(start) for start in row] for row in starts])
    _end(run, solver, status, float)


if __name__ == "__main__":
    main()
