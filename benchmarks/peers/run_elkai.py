"""elkai, which is LKH-3, on a symmetric or asymmetric TSP.

Its one knob is the number of runs; there is no time limit, no seed and no word
before the end. It does one run and, where that leaves the time, a second call with
as many runs as should fit, ten (its default) at most, in a process that is ended at
the limit. Where the very first run takes longer, the batch ends it without a tour.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection

import common
import elkai

_DEFAULT_RUNS = 10


def main() -> None:
    run = common.start("elkai", 1, __doc__)
    problem = common.read_routing(run)
    if problem.kind not in ("tsp", "atsp"):
        run.unsupported(f"a {problem.kind} is not supported")
    if problem.n < 3:
        run.unsupported("fewer than three cities are not supported")
    before = run.elapsed
    best = _solve(problem, 1)
    took = run.elapsed - before
    run.write_tour(best)
    run.say(objective=problem.length(best))
    runs = min(_DEFAULT_RUNS, int(run.left / took))
    if runs > 1:
        tours = [best, *_solve_in_time(problem, runs, run.left)]
        best = min(tours, key=problem.length)
        run.write_tour(best)
    run.end("feasible", objective=problem.length(best))


def _solve(problem: common.Routing, runs: int) -> list[int]:
    """Return a tour, by the coordinates where elkai measures as the file does."""
    if problem.rule == "EUC_2D":
        points = {k: tuple(p) for k, p in enumerate(problem.coordinates.tolist())}
        model = elkai.Coordinates2D(points)
    else:
        model = elkai.DistanceMatrix(problem.matrix.tolist())
    return model.solve_tsp(runs=runs)[:-1]


def _solve_in_time(
    problem: common.Routing, runs: int, seconds: float
) -> list[list[int]]:
    """Return a list with a tour, an empty one if it was not found in time."""
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def solve(pipe: Connection) -> None:
        pipe.send(_solve(problem, runs))

    child = context.Process(target=solve, args=(sending,))
    child.start()
    found = [receiving.recv()] if receiving.poll(seconds) else []
    child.kill()
    child.join()
    return found


if __name__ == "__main__":
    main()
