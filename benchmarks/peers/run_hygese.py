"""hygese, which is HGS-CVRP, on a CVRP.

Its clock counts processor time, so that it overruns the limit where it does not
have a processor to itself. It logs every 500 iterations, which is what is told
here, and hands back nothing where it finds no feasible solution. One thread.
"""

from __future__ import annotations

import re

import common
import hygese

#: What it logs of its feasible solutions: how many, the best, the average.
_BEST = re.compile(rb"\| Feas +[1-9]\d* ([\d.]+)")


def main() -> None:
    run = common.start("hygese", 1, __doc__)
    problem = common.read_routing(run)
    if problem.kind != "cvrp":
        run.unsupported(f"a {problem.kind} is not supported")
    data = {
        "distance_matrix": problem.matrix,
        "demands": problem.demands,
        "vehicle_capacity": problem.capacity,
        "service_times": [0.0] + [problem.service] * (problem.n - 1),
    }
    if problem.coordinates is not None:
        # It sorts by angle around the depot.
        points = problem.coordinates - problem.coordinates.min(axis=0)
        data |= {"x_coordinates": points[:, 0], "y_coordinates": points[:, 1]}
    if problem.vehicles is not None:
        data["num_vehicles"] = problem.vehicles
    if problem.max_distance is not None:
        data["duration_limit"] = problem.max_distance

    def found(line: bytes) -> None:
        if match := _BEST.search(line):
            run.say(objective=float(match[1]))

    parameters = hygese.AlgorithmParameters(timeLimit=run.left, seed=run.seed % 2**31)
    listener = common.listen(run, found)
    try:
        result = hygese.Solver(parameters, verbose=True).solve_cvrp(data)
    except TypeError:  # its null pointer: nothing feasible was found
        result = None
    finally:
        common.hang_up(listener)
    if result is None:
        run.end()
        return
    run.write_routes(result.routes)
    run.end("feasible", objective=result.cost)


if __name__ == "__main__":
    main()
