"""PyJobShop, whose solver is CP-SAT, on shops and projects.

It builds its model within ``solve``, after the time limit has been set, and tells
nothing before its end.
"""

from __future__ import annotations

import common
import pyjobshop
import scheduling

_CLAIMS = {"Optimal": "optimal", "Feasible": "feasible", "Infeasible": "infeasible"}


def main() -> None:
    run = common.start("pyjobshop", 2, __doc__, **scheduling.option())
    plan = scheduling.read(run)
    model = pyjobshop.Model()
    resources = [
        model.add_machine() if capacity == 1 else model.add_renewable(capacity)
        for capacity in plan.capacities
    ]
    tasks = [model.add_task() for _ in plan.modes]
    first = []
    for task, modes in zip(tasks, plan.modes, strict=True):
        first.append(len(model.modes))
        for duration, needs in modes:
            on = [resources[k] for k in needs]
            # A machine has no units to ask for.
            units = [need if plan.capacities[k] > 1 else 0 for k, need in needs.items()]
            model.add_mode(task, on, duration, units)
    for before, after in plan.after:
        model.add_end_before_start(tasks[before], tasks[after])
    if plan.permutation and plan.jobs is not None:
        columns = [[tasks[k] for k in row] for row in zip(*plan.jobs, strict=True)]
        for k in range(1, len(columns)):
            model.add_same_sequence(
                resources[k - 1], resources[k], columns[k - 1], columns[k]
            )
    options = {} if run.gap is None else {"relative_gap_limit": run.gap}
    result = model.solve(
        time_limit=run.left,
        display=False,
        num_workers=run.threads,
        random_seed=run.seed % 2**31,
        **options,
    )
    found = result.best.tasks
    if not found:
        run.end(_CLAIMS.get(result.status.value))
        return
    picks = [task.mode - at for task, at in zip(found, first, strict=True)]
    plan.write(run, [task.start for task in found], picks)
    run.end(
        _CLAIMS.get(result.status.value),
        objective=result.objective,
        bound=result.lower_bound,
    )


if __name__ == "__main__":
    main()
