"""Annealing and large neighbourhoods beside CP-SAT on generated shops.

    python benchmarks/tardiness.py [--seconds 10] [--solvers annealing,cpsat]

Job shops have durations of 1 to 99, due dates at 1.3 times the work of a job and
weights 4, 2 and 1 for a fifth, three fifths and a fifth of the jobs, as is usual for
the weighted tardiness of classic shops; *just in time* adds the earliness of the last
operations, at half the price, to due dates at 1.5 times the work. *Blocking*: an
operation keeps its machine until the next one begins. *Breaks*: every machine rests
for 60 in every 480. Tasks on machines have durations of 1 to 99,
due dates spread over the schedule and set-ups of 5 to 39 between eight families. One
thread, seed 0; objectives, less is better.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

import combkit as ck

_FAMILIES = 8


def job_shop(jobs: int, machines: int, seed: int, *, due: float = 1.3) -> ck.Scheduling:
    """Return a job shop whose weighted tardiness counts."""
    rng = np.random.default_rng(seed)
    n = jobs * machines
    length = rng.integers(1, 100, (jobs, machines))
    machine = np.argsort(rng.random((jobs, machines)), axis=1)
    task = np.arange(n).reshape(jobs, machines)
    until = np.full(n, 2**53)
    until[task[:, -1]] = due * length.sum(axis=1)
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
        due=until,
        weight=weight,
        objective=[("tardiness", 1)],
    )


def just_in_time(jobs: int, machines: int, seed: int) -> ck.Scheduling:
    """Return a job shop whose jobs should end neither late nor early."""
    shop = job_shop(jobs, machines, seed, due=1.5)
    return replace(
        shop,
        due_from=np.where(shop.weight > 0, shop.due, 0),
        objective=(("earliness", 1), ("tardiness", 2)),
    )


def blocking(jobs: int, machines: int, seed: int) -> ck.Scheduling:
    """Return a job shop without room between its machines."""
    shop = job_shop(jobs, machines, seed)
    following = np.full(shop.n_tasks, -1)
    following[shop.before] = shop.after
    return replace(shop, blocked_until=following, objective=(("makespan", 1),))


def with_breaks(jobs: int, machines: int, seed: int) -> ck.Scheduling:
    """Return a job shop whose machines rest at times of their own."""
    shop = job_shop(jobs, machines, seed)
    machine, shift = np.divmod(np.arange(machines * 40), 40)
    start = 300 + 17 * machine % 100 + 480 * shift
    return replace(
        shop,
        break_resource=machine,
        break_start=start,
        break_end=start + 60,
        objective=(("makespan", 1),),
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


def objective(problem: ck.Scheduling, solver: str, seconds: float) -> str:
    """Return what a solver reaches, as the table shows it."""
    try:
        found = ck.solve(problem, solver, time_limit=seconds)
    except ck.UnsupportedFeatureError:
        return "not for it"
    return "-" if found.objective is None else f"{found.objective:,.0f}"


def main() -> None:
    """Print a row a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--solvers", default="annealing,cpsat,cp-lns,auto")
    parser.add_argument("--only", default="", help="problems with this in their name")
    options = parser.parse_args()
    solvers = options.solvers.split(",")
    problems = {
        "job shop 10x10, tardiness": job_shop(10, 10, 1),
        "job shop 20x10, tardiness": job_shop(20, 10, 2),
        "job shop 30x15, tardiness": job_shop(30, 15, 3),
        "job shop 20x15, just in time": just_in_time(20, 15, 9),
        "job shop 50x15, just in time": just_in_time(50, 15, 10),
        "job shop 15x10, blocking": blocking(15, 10, 11),
        "job shop 30x15, blocking": blocking(30, 15, 12),
        "job shop 20x15, breaks": with_breaks(20, 15, 13),
        "job shop 50x15, breaks": with_breaks(50, 15, 14),
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
        if options.only not in name:
            continue
        values = [objective(problem, solver, options.seconds) for solver in solvers]
        print(f"| {name} |", " | ".join(values), "|", flush=True)


if __name__ == "__main__":
    main()
