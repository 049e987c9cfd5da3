"""A first job-shop schedule at once, without compiled code."""

from __future__ import annotations

import heapq

from combkit.comb.scheduling.bounds import tails
from combkit.instances.jobshop import JobShop
from combkit.instances.solutions import Schedule

__all__ = ["quick"]


def quick(problem: JobShop) -> Schedule:
    """Return the non-delay schedule by most work remaining, whatever it takes.

    No machine idles while an operation waits for it; of those that wait, the
    one with the most work of its job ahead goes first. O(N log N).
    """
    machines = [row.tolist() for row in problem.machines]
    durations = [row.tolist() for row in problem.durations]
    after = tails(problem)
    starts = [[0] * len(row) for row in machines]
    done = [0] * len(machines)
    waiting: list[list[tuple[int, int]]] = [[] for _ in range(problem.n_machines)]
    busy = [False] * problem.n_machines
    ends = [(0, job) for job in range(len(machines))]
    while ends:
        now = ends[0][0]
        touched: list[int] = []
        while ends and ends[0][0] == now:
            job = heapq.heappop(ends)[1]
            k, row = done[job], machines[job]
            if k > 0:
                busy[row[k - 1]] = False
                touched.append(row[k - 1])
            if k < len(row):
                remaining = durations[job][k] + after[job][k]
                heapq.heappush(waiting[row[k]], (-remaining, job))
                touched.append(row[k])
        for machine in touched:
            if busy[machine] or not waiting[machine]:
                continue
            job = heapq.heappop(waiting[machine])[1]
            k = done[job]
            starts[job][k] = now
            done[job] = k + 1
            busy[machine] = True
            heapq.heappush(ends, (now + durations[job][k], job))
    return Schedule(starts)
