"""The routing library of OR-Tools, guided local search, on a TSP, ATSP or CVRP.

It takes no seed and uses one thread. Handing the matrix over takes some 50 bytes
an arc in Python: 8 GB are enough for about 11,000 nodes.
"""

from __future__ import annotations

import common
from ortools.constraint_solver import pywrapcp, routing_enums_pb2


def main() -> None:
    run = common.start("ortools", 1, __doc__)
    problem = common.read_routing(run)
    if problem.kind not in ("tsp", "atsp", "cvrp"):
        run.unsupported(f"a {problem.kind} is not supported")
    if problem.max_distance is not None:
        run.unsupported("a limit on the length of routes is not supported")
    if int(problem.matrix.min()) < 0:
        run.unsupported("negative distances are not supported")
    fleet = 1
    if problem.kind == "cvrp":
        fleet = problem.vehicles or problem.n - 1
    manager = pywrapcp.RoutingIndexManager(problem.n, fleet, 0)
    routing = pywrapcp.RoutingModel(manager)
    arcs = routing.RegisterTransitMatrix(problem.matrix.tolist())
    routing.SetArcCostEvaluatorOfAllVehicles(arcs)
    if problem.kind == "cvrp":
        demands = routing.RegisterUnaryTransitVector(problem.demands.tolist())
        routing.AddDimension(demands, 0, problem.capacity, True, "load")
    best = None

    def on_solution() -> None:
        nonlocal best
        cost = routing.CostVar().Min()
        if best is None or cost < best:
            best = cost
            run.say(objective=cost)

    routing.AddAtSolutionCallback(on_solution)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.time_limit.FromMilliseconds(int(run.left * 1000))
    solution = routing.SolveWithParameters(parameters)
    if solution is None:
        run.end()
        return
    routes = [_route(manager, routing, solution, k) for k in range(fleet)]
    run.write_routes(route for route in routes if route)
    run.end("feasible", objective=solution.ObjectiveValue())


def _route(manager, routing, solution, vehicle: int) -> list[int]:
    """Return the nodes of a vehicle, without the depot."""
    nodes, index = [], solution.Value(routing.NextVar(routing.Start(vehicle)))
    while not routing.IsEnd(index):
        nodes.append(manager.IndexToNode(index))
        index = solution.Value(routing.NextVar(index))
    return nodes


if __name__ == "__main__":
    main()
