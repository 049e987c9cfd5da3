"""hygese, which is HGS-CVRP, on a CVRP.

Its clock counts processor time, so that it overruns the limit where it does not
have a processor to itself. It logs every 500 iterations, which is what is told
here, and hands back nothing where it finds no feasible solution. One thread.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import threading
from collections.abc import Callable

import common
import hygese

#: What it logs of its feasible solutions: how many, the best, the average.
_BEST = re.compile(rb"\| Feas +[1-9]\d* ([\d.]+)")
_LINE_BUFFERED = 1


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
    run.stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    listener = _listen(found)
    try:
        result = hygese.Solver(parameters, verbose=True).solve_cvrp(data)
    except TypeError:  # its null pointer: nothing feasible was found
        result = None
    finally:
        _hang_up(listener)
    if result is None:
        run.end()
        return
    run.write_routes(result.routes)
    run.end("feasible", objective=result.cost)


def _listen(found: Callable[[bytes], None]) -> threading.Thread:
    """Have each line that the library prints passed on, as it comes."""
    reading, writing = os.pipe()
    os.dup2(writing, 1)
    os.close(writing)
    libc = ctypes.CDLL(None)
    stdout = ctypes.c_void_p.in_dll(libc, "stdout")
    libc.setvbuf(stdout, None, _LINE_BUFFERED, 0)

    def read() -> None:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                sys.stderr.buffer.write(line)
                found(line)

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def _hang_up(listener: threading.Thread) -> None:
    """Close what the library prints to, and wait until it has been read."""
    ctypes.CDLL(None).fflush(None)
    os.dup2(2, 1)
    listener.join()


if __name__ == "__main__":
    main()
