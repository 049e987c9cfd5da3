"""VROOM, exploration level 5, on fleets in combkit's JSON.

It has a time limit of its own, but takes no seed.
"""

from __future__ import annotations

from datetime import timedelta

import common
import numpy as np
import vroom
from fleet import Fleet


def main() -> None:
    run = common.start("pyvroom", 1, __doc__)
    fleet = Fleet(run)
    problem = vroom.Input()
    problem.set_durations_matrix("car", fleet.matrix.astype(np.uint32))
    # Skills by the types that may serve a client: each is known by its row.
    groups, group = np.unique(fleet.allowed, axis=1, return_inverse=True)
    for number, kind in enumerate(fleet.kinds):
        depot = fleet.depot[kind]
        problem.add_vehicle(
            vroom.Vehicle(
                number,
                start=depot,
                end=depot,
                capacity=fleet.capacity[kind].tolist(),
                skills=set(np.flatnonzero(groups[kind]).tolist()),
                time_window=vroom.TimeWindow(0, fleet.closes[kind]),
                breaks=[
                    vroom.Break(k, [vroom.TimeWindow(a, b)], service=time)
                    for k, (a, b, time) in enumerate(fleet.breaks(kind))
                ],
                # A unit of time costs one, as a unit of distance does.
                costs=vroom.VehicleCosts(fixed=fleet.fixed[kind], per_hour=3600),
            )
        )
    for client in range(fleet.n):
        problem.add_job(
            vroom.Job(
                client,
                int(fleet.clients[client]),
                default_service=fleet.service[client],
                delivery=vroom.Amount(fleet.demand[client].tolist()),
                skills={int(group.ravel()[client])},
                time_windows=[vroom.TimeWindow(a, b) for a, b in fleet.windows(client)],
            )
        )
    found = problem.solve(
        exploration_level=5, nb_threads=1, timeout=timedelta(seconds=run.left)
    )
    routes: dict[int, list[int]] = {}
    for row in found.routes.itertuples():
        if row.type == "job":
            routes.setdefault(int(row.vehicle_id), []).append(int(row.id))
    fleet.write(run, [(fleet.kinds[v], visits) for v, visits in routes.items()])
    run.end("feasible" if not found.summary.unassigned else None)


if __name__ == "__main__":
    main()
