"""CP-SAT as it is: an integer program from an MPS file, or a schedule.

OR-Tools' own reader takes the MPS file. CP-SAT knows bounded integers only: an
instance with a continuous or unbounded variable, or with a row that has no small
integer multiple, is unsupported. Parameters are CP-SAT's own but for the limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

import common
import scheduling
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
    run = common.start("ortools", 2, __doc__, **scheduling.option())
    if run.instance.suffix.lower() == ".mps":
        solve_mip(run)
    else:
        solve_schedule(run)


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


# -- schedules -----------------------------------------------------------------


def solve_schedule(run: common.Run) -> None:
    plan = scheduling.read(run)
    horizon = plan.horizon
    model = cp_model.CpModel()
    uses: list[list[tuple[cp_model.IntervalVar, int]]] = [[] for _ in plan.capacities]
    starts = [model.new_int_var(0, horizon, "") for _ in plan.modes]
    ends: list[cp_model.LinearExprT] = []
    chosen: list[list[cp_model.IntVar]] = []
    for start, modes in zip(starts, plan.modes, strict=True):
        if len(modes) == 1:
            ((duration, needs),) = modes
            ends.append(start + duration)
            interval = model.new_fixed_size_interval_var(start, duration, "")
            for k, need in needs.items():
                uses[k].append((interval, need))
            chosen.append([])
            continue
        end = model.new_int_var(0, horizon, "")
        literals = [model.new_bool_var("") for _ in modes]
        model.add_exactly_one(literals)
        for literal, (duration, needs) in zip(literals, modes, strict=True):
            interval = model.new_optional_interval_var(
                start, duration, end, literal, ""
            )
            for k, need in needs.items():
                uses[k].append((interval, need))
        ends.append(end)
        chosen.append(literals)
    for capacity, on in zip(plan.capacities, uses, strict=True):
        if capacity == 1:
            model.add_no_overlap([interval for interval, _ in on])
        elif on:
            intervals, needs = zip(*on, strict=True)
            model.add_cumulative(intervals, needs, capacity)
    for before, after in plan.after:
        model.add(starts[after] >= ends[before])
    if plan.permutation and plan.jobs is not None:
        _same_order(model, plan.jobs, starts, ends)
    makespan = model.new_int_var(0, horizon, "makespan")
    model.add_max_equality(makespan, ends)
    model.minimize(makespan)
    solver, status = _search(run, model, float)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        picks = [
            next((k for k, one in enumerate(row) if solver.boolean_value(one)), 0)
            for row in chosen
        ]
        plan.write(run, [solver.value(start) for start in starts], picks)
    _end(run, solver, status, float)


def _same_order(
    model: cp_model.CpModel,
    jobs: list[list[int]],
    starts: list[cp_model.IntVar],
    ends: list[cp_model.LinearExprT],
) -> None:
    """Have one literal a pair of jobs tell their order on all machines."""
    for i, one in enumerate(jobs):
        for other in jobs[i + 1 :]:
            first = model.new_bool_var("")
            for a, b in zip(one, other, strict=True):
                model.add(starts[b] >= ends[a]).only_enforce_if(first)
                model.add(starts[a] >= ends[b]).only_enforce_if(~first)


if __name__ == "__main__":
    main()
