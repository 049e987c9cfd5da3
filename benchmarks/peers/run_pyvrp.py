"""PyVRP on a CVRP or a fleet, by its own reader, on Solomon's text or on a TSP.

Fleets are read with the rounding that their sets are published with; Solomon's
windows have distances truncated to tenths, and the total distance is minimised.

Its local search on the first, random solution cannot be interrupted: on large
instances it overruns the limit. One thread.
"""

from __future__ import annotations

import common
import numpy as np
import pyvrp
import vrplib

#: Rounding of the sets of PyVRP's collection, and the unit of costs then.
_ROUNDING = {
    **dict.fromkeys(("VRPB", "GVRP"), ("round", 1.0)),
    **dict.fromkeys(("PCVRPTW", "MTVRPTWR"), ("dimacs", 10.0)),
    **dict.fromkeys(("HFVRP", "MDVRPTW", "SDVRPTW"), ("exact", 1000.0)),
}


def main() -> None:
    run = common.start("pyvrp", 3, __doc__)
    header = _header(run)
    kind = header.get("TYPE", "")
    rounding, unit = _ROUNDING.get(kind, ("round", 1.0))
    if kind in _ROUNDING:
        data = pyvrp.read(run.instance, round_func=rounding)
    elif kind == "CVRP":
        if "DISTANCE" in header:
            run.unsupported("its reader leaves the limit on the length of routes out")
        data = pyvrp.read(run.instance, round_func="round")
    elif not header:
        data, unit = _solomon(run), 10.0
    else:
        data = _tsp(common.read_routing(run))

    class Callbacks(pyvrp.IteratedLocalSearchCallbacks):
        def on_best(self, best: pyvrp.Solution) -> None:
            if best.is_feasible():
                run.say(objective=_cost(best) / unit)

    result = pyvrp.solve(
        data,
        stop=lambda best_cost: run.left <= 1e-3,
        seed=run.seed % 2**32,
        collect_stats=False,
        display=False,
        params=pyvrp.SolveParams(
            ils=pyvrp.IteratedLocalSearchParams(callbacks=Callbacks())
        ),
    )
    if not result.best.is_feasible():
        run.end(iterations=result.num_iterations)
        return
    run.write_routes(_by_vehicle(data, result.best))
    run.end(
        "feasible",
        objective=_cost(result.best) / unit,
        iterations=result.num_iterations,
    )


def _cost(solution: pyvrp.Solution) -> float:
    """Return what PyVRP minimises, of a feasible solution."""
    vehicles = solution.distance_cost() + solution.duration_cost()
    vehicles += solution.fixed_vehicle_cost()
    return float(vehicles + solution.uncollected_prizes())


def _by_vehicle(data: pyvrp.ProblemData, solution: pyvrp.Solution) -> list[list[int]]:
    """Return the visits of each vehicle in the order of the file.

    The name of a type lists its vehicles; idle ones at the end are left out.
    """
    rows: list[list[int]] = [[] for _ in range(data.num_vehicles)]
    first, vehicles = 0, []
    for kind in data.vehicle_types():
        own = list(range(first, first + kind.num_available))
        vehicles.append(list(map(int, kind.name.split(","))) if kind.name else own)
        first += kind.num_available
    for route in solution.routes():
        # Without the depots at both ends; the others are reloads.
        stops = list(route.schedule())[1:-1]
        place = vehicles[route.vehicle_type()].pop(0)
        rows[place] = [
            stop.idx + (data.num_depots if stop.is_client() else 0) for stop in stops
        ]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _header(run: common.Run) -> dict[str, str]:
    """Return what the file says of itself."""
    with run.instance.open(encoding="utf-8", errors="replace") as stream:
        pairs = [line.partition(":") for line in stream if ":" in line]
    return {key.strip(): value.strip() for key, _, value in pairs}


def _solomon(run: common.Run) -> pyvrp.ProblemData:
    """Return windows as Solomon's text has them, in tenths."""
    read = vrplib.read_instance(run.instance, instance_format="solomon")
    matrix = np.trunc(10.0 * read["edge_weight"]).astype(np.int64)
    windows = 10 * read["time_window"]
    early, late = windows.T.tolist()
    service = (10 * read["service_time"]).tolist()
    demands = read["demand"].tolist()
    fleet = pyvrp.VehicleType(
        read["vehicles"],
        capacity=[read["capacity"]],
        tw_early=early[0],
        tw_late=late[0],
    )
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(x, y) for x, y in read["node_coord"].tolist()],
        clients=[
            pyvrp.Client(
                k,
                delivery=[demands[k]],
                service_duration=service[k],
                tw_early=early[k],
                tw_late=late[k],
            )
            for k in range(1, len(demands))
        ],
        depots=[pyvrp.Depot(0)],
        vehicle_types=[fleet],
        distance_matrices=[matrix],
        duration_matrices=[matrix],
    )


def _tsp(problem: common.Routing) -> pyvrp.ProblemData:
    """Return a tour as the one route of a vehicle."""
    matrix = np.ascontiguousarray(problem.matrix, dtype=np.int64)
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * problem.n,
        clients=[pyvrp.Client(k) for k in range(1, problem.n)],
        depots=[pyvrp.Depot(0)],
        vehicle_types=[pyvrp.VehicleType(1)],
        distance_matrices=[matrix],
        duration_matrices=[np.zeros_like(matrix)],
    )


if __name__ == "__main__":
    main()
