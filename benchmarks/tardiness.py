"""Tardiness, flow time and late tasks: annealing beside CP-SAT on generated shops.

    python benchmarks/tardiness.py [--seconds 10] [--solvers annealing,cpsat,auto]

Job shops have durations of 1 to 99, due dates at 1.3 times the work of a job and
weights 4, 2 and 1 for a fifth, three fifths and a fifth of the jobs, as is usual for
the weighted tardiness of classic shops. Tasks on machines have durations of 1 to 99,
due dates spread over the schedule and set-ups of 5 to 39 between eight families. One
thread, seed 0; objectives, less is better.
"""

from __future__ import annotations

import argparse

import numpy as np

import combkit as ck

_FAMILIES = 8


def job_shop(jobs: int, machines: int, seed: int) -> ck.Scheduling:
    """Return a job shop whose weighted tardiness counts."""
    rng = np.random.default_rng(seed)
    n = jobs * machines
    length = rng.integers(1, 100, (jobs, machines))
    machine = np.argsort(rng.random((jobs, machines)), axis=1)
    task = np.arange(n).reshape(jobs, machines)
    due = np.full(n, 2**53)
    due[task[:, -1]] = 1.3 * length.sum(axis=1)
    weight = np.zeros(n, np.int64)
    rank = np.arange(jobs)
    weight[task[:, -1]] = np.where(
        rank < jobs / 5, 4, np.where(rank < 0.8 * jobs, 2, 1)
    )
    ones = np.ones(n, np.int64)
    return ck.Scheduling(
        *(np.arange(n), length.ravel(), np.arange(n), machine.ravel(), ones),
        np.ones(machines, np.int64),
        before=task[:, :-1].ravel(),
        after=task[:, 1:].ravel(),
        relation=np.zeros(n - jobs, np.int64),
        lag=np.zeros(n - jobs, np.int64),
        due=due,
        weight=weight,
        objective=[("tardiness", 1)],
    )


def on_machines(n: int, machines: int, seed: int, measure: str) -> ck.Scheduling:
    """Return tasks on equal machines with set-ups."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, 100, n)
    setup = rng.integers(5, 40, (_FAMILIES + 1, _FAMILIES))
    setup[np.arange(_FAMILIES), np.arange(_FAMILIES)] = 0
    return ck.Scheduling.on_machines(
        np.tile(length[:, None], machines),
        setup_time=setup,
        family=rng.integers(0, _FAMILIES, n),
        due=(rng.uniform(0.2, 1.0, n) * length.sum() / machines).astype(np.int64),
        weight=rng.integers(1, 10, n),
        objective=[(measure, 1)],
    )


def main() -> None:
    """Print a row a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--solvers", default="annealing,cpsat,auto")
    options = parser.parse_args()
    solvers = options.solvers.split(",")
    problems = {
        "job shop 10x10, tardiness": job_shop(10, 10, 1),
        "job shop 20x10, tardiness": job_shop(20, 10, 2),
        "job shop 30x15, tardiness": job_shop(30, 15, 3),
        "1 machine, 60 tasks, tardiness": on_machines(60, 1, 4, "tardiness"),
        "4 machines, 100 tasks, tardiness": on_machines(100, 4, 5, "tardiness"),
        "8 machines, 200 tasks, tardiness": on_machines(200, 8, 6, "tardiness"),
        "4 machines, 100 tasks, flow time": on_machines(100, 4, 7, "flow_time"),
        "4 machines, 100 tasks, late tasks": on_machines(100, 4, 8, "late_tasks"),
    }
    # Compiled kernels come from the cache of an earlier run, or are made here.
    if "annealing" in solvers:
        ck.solve(job_shop(2, 2, 0), "annealing", time_limit=60)
    print("| problem |", " | ".join(f"`{name}`" for name in solvers), "|")
    print("|---" * (1 + len(solvers)) + "|")
    for name, problem in problems.items():
        found = [
            ck.solve(problem, solver, time_limit=options.seconds) for solver in solvers
        ]
        values = (
            "-" if result.objective is None else f"{result.objective:,.0f}"
            for result in found
        )
        print(f"| {name} |", " | ".join(values), "|", flush=True)


if __name__ == "__main__":
    main()
