"""fast-tsp on a symmetric TSP.

It takes a matrix of integers up to 65535 and keeps two bytes an arc; the matrix
that it is handed here takes four more. Longer distances are scaled down and
rounded. Its clock stops it; it takes no seed and tells nothing before its end.
"""

from __future__ import annotations

import common
import fast_tsp
import numpy as np

_LONGEST = 65535


def main() -> None:
    run = common.start("fast-tsp", 1, __doc__)
    problem = common.read_routing(run)
    if problem.kind != "tsp":
        run.unsupported(f"a {problem.kind} is not supported")
    matrix = problem.matrix
    if int(matrix.min()) < 0:
        run.unsupported("negative distances are not supported")
    longest = int(matrix.max())
    if longest > _LONGEST:
        matrix = np.rint(matrix * (_LONGEST / longest)).astype(np.int32)
    tour = fast_tsp.find_tour(
        matrix, duration_seconds=run.left, max_threads=run.threads
    )
    run.write_tour(tour)
    run.end("feasible", objective=problem.length(tour))


if __name__ == "__main__":
    main()
