"""JobShopLib's dispatching rules on job shops, for their speed.

    run_jobshoplib.py SHOP.json

``SHOP.json`` has the machines and durations of every job's operations. Prints the
milliseconds of one schedule and its makespan by each rule as JSON; the schedule is
built once, for nothing is compiled.
"""

from __future__ import annotations

import json
import sys
import time

from job_shop_lib import JobShopInstance, Operation
from job_shop_lib.dispatching.rules import DispatchingRuleSolver

RULES = (
    "shortest_processing_time",
    "most_work_remaining",
    "most_operations_remaining",
)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        shop = json.load(file)
    jobs = [
        [Operation(machine, time) for machine, time in zip(*job, strict=True)]
        for job in zip(shop["machines"], shop["durations"], strict=True)
    ]
    found = {}
    for rule in RULES:
        instance = JobShopInstance(jobs, name="shop")
        started = time.perf_counter()
        schedule = DispatchingRuleSolver(dispatching_rule=rule).solve(instance)
        found[rule] = [1e3 * (time.perf_counter() - started), schedule.makespan()]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
