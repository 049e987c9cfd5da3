"""PyVRP on a CVRP, by its own reader, or on a symmetric or asymmetric TSP.

Its local search on the first, random solution cannot be interrupted: on large
instances it overruns the limit. One thread.
"""

from __future__ import annotations

import common
import numpy as np
import pyvrp


def main() -> None:
    run = common.start("pyvrp", 1, __doc__)
    header = _header(run)
    if header.get("TYPE") == "CVRP":
        if "DISTANCE" in header:
            run.unsupported("its reader leaves the limit on the length of routes out")
        data = pyvrp.read(run.instance, round_func="round")
    else:
        data = _tsp(common.read_routing(run))

    class Callbacks(pyvrp.IteratedLocalSearchCallbacks):
        def on_best(self, best: pyvrp.Solution) -> None:
            if best.is_feasible():
                run.say(objective=best.distance())

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
    run.write_routes(
        [stop.idx + 1 for stop in route.schedule() if stop.is_client()]
        for route in result.best.routes()
    )
    run.end(
        "feasible",
        objective=result.best.distance(),
        iterations=result.num_iterations,
    )


def _header(run: common.Run) -> dict[str, str]:
    """Return what the file says of itself."""
    with run.instance.open(encoding="utf-8", errors="replace") as stream:
        pairs = [line.partition(":") for line in stream if ":" in line]
    return {key.strip(): value.strip() for key, _, value in pairs}


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
