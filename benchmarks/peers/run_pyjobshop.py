"""PyJobShop, whose solver is CP-SAT, on a job shop.

It builds its model within ``solve``, after the time limit has been set, and tells
nothing before its end.
"""

from __future__ import annotations

import common
import pyjobshop

_CLAIMS = {"Optimal": "optimal", "Feasible": "feasible", "Infeasible": "infeasible"}


def main() -> None:
    run = common.start("pyjobshop", 1, __doc__)
    jobs = common.read_jobshop(run)
    model = pyjobshop.Model()
    machines = {}
    for machine in sorted({machine for job in jobs for machine, _ in job}):
        machines[machine] = model.add_machine()
    for operations in jobs:
        job, before = model.add_job(), None
        for machine, duration in operations:
            task = model.add_task(job=job)
            model.add_mode(task, machines[machine], duration)
            if before is not None:
                model.add_end_before_start(before, task)
            before = task
    options = {} if run.gap is None else {"relative_gap_limit": run.gap}
    result = model.solve(
        time_limit=run.left,
        display=False,
        num_workers=run.threads,
        random_seed=run.seed % 2**31,
        **options,
    )
    tasks = iter(result.best.tasks)
    if not result.best.tasks:
        run.end(_CLAIMS.get(result.status.value))
        return
    run.write_starts([[next(tasks).start for _ in job] for job in jobs])
    run.end(
        _CLAIMS.get(result.status.value),
        objective=result.objective,
        bound=result.lower_bound,
    )


if __name__ == "__main__":
    main()
