"""The routing library of OR-Tools, guided local search, on fleets in combkit's JSON.

It takes no seed and uses one thread.
"""

from __future__ import annotations

import itertools

import common
import numpy as np
from fleet import Fleet
from ortools.constraint_solver import pywrapcp, routing_enums_pb2


def main() -> None:
    run = common.start("ortools", 1, __doc__)
    fleet = Fleet(run)
    starts = [fleet.depot[kind] for kind in fleet.kinds]
    places = len(fleet.matrix)
    manager = pywrapcp.RoutingIndexManager(places, len(starts), starts, starts)
    routing = pywrapcp.RoutingModel(manager)
    routing.SetArcCostEvaluatorOfAllVehicles(
        routing.RegisterTransitMatrix(fleet.matrix.tolist())
    )
    for vehicle, kind in enumerate(fleet.kinds):
        routing.SetFixedCostOfVehicle(fleet.fixed[kind], vehicle)
    _add_loads(routing, fleet, places)
    times = _add_times(routing, manager, fleet, places)
    for client, place in enumerate(fleet.clients.tolist()):
        index = manager.NodeToIndex(place)
        if not fleet.allowed[:, client].all():
            may = [v for v, k in enumerate(fleet.kinds) if fleet.allowed[k, client]]
            routing.VehicleVar(index).SetValues([-1, *may])
        windows = fleet.windows(client)
        if windows:
            begin = times.CumulVar(index)
            begin.SetRange(windows[0][0], windows[-1][1])
            for (_, end), (start, _) in itertools.pairwise(windows):
                begin.RemoveInterval(end + 1, start - 1)
    best = None

    def on_solution() -> None:
        nonlocal best
        cost = routing.CostVar().Min()
        if best is None or cost < best:
            best = cost
            run.say()

    routing.AddAtSolutionCallback(on_solution)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.time_limit.FromMilliseconds(int(run.left * 1000))
    solution = routing.SolveWithParameters(parameters)
    if solution is None:
        run.end()
        return
    client_at = {int(place): k for k, place in enumerate(fleet.clients)}
    routes = []
    for vehicle, kind in enumerate(fleet.kinds):
        visits, index = [], solution.Value(routing.NextVar(routing.Start(vehicle)))
        while not routing.IsEnd(index):
            visits.append(client_at[manager.IndexToNode(index)])
            index = solution.Value(routing.NextVar(index))
        if visits:
            routes.append((kind, visits))
    fleet.write(run, routes)
    run.end("feasible")


def _add_loads(routing, fleet: Fleet, places: int) -> None:
    """Limit what vehicles carry, dimension by dimension."""
    for axis in range(fleet.demand.shape[1]):
        demand = np.zeros(places, np.int64)
        demand[fleet.clients] = fleet.demand[:, axis]
        load = routing.RegisterUnaryTransitVector(demand.tolist())
        room = [int(fleet.capacity[kind, axis]) for kind in fleet.kinds]
        routing.AddDimensionWithVehicleCapacity(load, 0, room, True, f"load{axis}")


def _add_times(routing, manager, fleet: Fleet, places: int):
    """Add times with shifts and breaks; return the dimension."""
    service = np.zeros(places, np.int64)
    service[fleet.clients] = fleet.service
    ways = fleet.matrix + service[:, None]
    transit = routing.RegisterTransitMatrix(ways.tolist())
    horizon = max(fleet.closes)
    routing.AddDimension(transit, horizon, horizon, False, "time")
    times, solver = routing.GetDimensionOrDie("time"), routing.solver()
    # Service is no time for a break: how long it takes at each node.
    busy = [0] * routing.Size()
    for place in fleet.clients.tolist():
        busy[manager.NodeToIndex(place)] = int(service[place])
    for vehicle, kind in enumerate(fleet.kinds):
        times.CumulVar(routing.End(vehicle)).SetMax(fleet.closes[kind])
        pauses = [
            solver.FixedDurationIntervalVar(a, b, time, False, f"break {vehicle} {k}")
            for k, (a, b, time) in enumerate(fleet.breaks(kind))
        ]
        if pauses:
            times.SetBreakIntervalsOfVehicle(pauses, vehicle, busy)
    return times


if __name__ == "__main__":
    main()
