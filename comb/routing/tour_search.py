"""The search that the tour solvers share: walks, kicked and repaired.

A queue holds the cities whose surroundings have changed; moves start there.
Double bridges of short neighbouring segments perturb the tour, and what a
perturbation spoils is undone from a journal, so a step costs time that hardly
depends on the number of cities.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.metric import metric_arrays
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.slices import Reports, fitted
from combkit.comb.routing.starts import start_of
from combkit.instances.errors import UsageError
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.solutions import Tour
from combkit.instances.stop import Reason
from combkit.instances.tsp import TSP

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_tour import Space, Walk

__all__ = ["search"]

#: Reversals that one step may make before it is cut short.
_JOURNAL = 50_000
#: Fewer cities cannot be perturbed: then all tours are 2-opt neighbours.
_SMALLEST = 5


def search(
    problem: TSP, run: Run, source: str, *, neighbours: int, segment: int, depth: int
) -> Outcome:
    """Search until the run ends; an iteration is a perturbation with its repair.

    Starts from ``run.initial``, or else from greedy edges. Fixed edges are
    never removed. With several threads, independent walks run side by side.

    Parameters
    ----------
    problem : TSP
        The problem.
    run : Run
        The run.
    source : str
        Name of the solver.
    neighbours : int
        Candidates of a city, at least 1.
    segment : int
        Longest segment of a perturbation, at least 1.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead.

    Raises
    ------
    UsageError
        If a number is too small.
    """
    if neighbours < 1 or segment < 1:
        raise UsageError(f"neighbours={neighbours}, segment={segment}: at least 1")
    if problem.n <= 3:
        # There is only one cycle.
        run.report(Tour(np.arange(problem.n)), source)
        return Outcome(Status.OPTIMAL)
    tour = start_of(problem, run).tour
    if run.should_stop():
        return Outcome()
    space = run.supervise(lambda: _prepare(problem, neighbours, depth))
    walks = _Search(run, space, tour, segment, source)
    walks.descend()
    if problem.n < _SMALLEST:
        return Outcome(reason=Reason.COMPLETED)
    walks.kick()
    return Outcome()


class _Search:
    """Walks over the tours of one problem, advanced in short slices."""

    def __init__(
        self,
        run: Run,
        space: Space,
        tour: NDArray[np.int64],
        segment: int,
        source: str,
    ) -> None:
        from combkit.comb.routing import _kernels
        from combkit.comb.routing._kernels_tour import tour_length

        self._kernels = _kernels
        self._run = run
        self._space = space
        self._longest = max(1, min(segment, (tour.size - 2) // 3))
        self._walks = [
            _walk_of(tour, run.seed, k, space.depth) for k in range(run.threads)
        ]
        self._reports = Reports(run, source)
        # Lengths are kept up to date from here on: a search that measured again
        # now and then would not repeat itself for unrounded distances.
        self._walks[0].length[:] = tour_length(space, self._walks[0].tour)

    def descend(self) -> None:
        """Bring the tour to a local optimum; all walks start from there."""
        first = self._walks[0]
        done = False
        pops = 1_000
        while not done and not self._run.should_stop():
            started = time.perf_counter()
            done = self._kernels.descend(self._space, first, pops)
            pops = fitted(pops, time.perf_counter() - started)
            self._report()
        for walk in self._walks[1:]:
            walk.tour[:], walk.place[:] = first.tour, first.place
            walk.best[:], walk.length[:] = first.best, first.length
            walk.queued[:] = 0
            walk.cursor[:] = 0
        self._report(last=True)

    def kick(self) -> None:
        """Perturb and repair until the run ends."""
        limit = self._run.limits.iterations
        kicks, total = 100, 0
        with ThreadPoolExecutor(len(self._walks)) as pool:
            while not self._run.should_stop(total):
                if limit is not None:
                    kicks = max(1, min(kicks, limit - total))
                started = time.perf_counter()
                self._advance(kicks, pool)
                total += kicks
                kicks = fitted(kicks, time.perf_counter() - started)
                self._report()
        self._report(last=True)

    def _advance(self, kicks: int, pool: ThreadPoolExecutor) -> None:
        def one(walk: Walk) -> None:
            self._kernels.kick(self._space, walk, kicks, self._longest)

        if len(self._walks) == 1:
            one(self._walks[0])
        else:
            list(pool.map(one, self._walks))

    def _report(self, *, last: bool = False) -> None:
        walk = min(self._walks, key=lambda walk: float(walk.length[1]))
        self._reports.offer(float(walk.length[1]), lambda: Tour(walk.best), last=last)


def _prepare(problem: TSP, neighbours: int, depth: int) -> Space:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.routing import _kernels
    from combkit.comb.routing._kernels_tour import tour_length

    tiny = _space_of(TSP(np.random.default_rng(0).random((8, 2))), neighbours, depth)
    walk = _walk_of(np.arange(8), 0, 0, depth)
    walk.length[:] = tour_length(tiny, walk.tour)
    _kernels.descend(tiny, walk, 100)
    _kernels.kick(tiny, walk, 1, 1)
    return _space_of(problem, neighbours, depth)


def _space_of(problem: TSP, neighbours: int, depth: int) -> Space:
    from combkit.comb.routing import _kernels_tour as codes

    code, points, matrix = metric_arrays(problem)
    near = near_nodes(problem, neighbours)
    nodes = np.arange(problem.n)
    return codes.Space(
        code,
        points,
        matrix,
        near,
        problem.distance(nodes[:, None], near).astype(np.float64),
        _fixed_partners(problem),
        _least_gain(problem),
        depth,
    )


def _least_gain(problem: TSP) -> float:
    """Return what a move must gain: more than the rounding error of its sum."""
    if problem.integral:
        return 0.0
    sample = np.arange(min(problem.n, 1_000))
    return 1e-9 * float(np.abs(problem.distance(sample, sample[::-1])).max())


def _fixed_partners(problem: TSP) -> NDArray[np.int32]:
    """Return the cities fixed to each city, shape (n, 2), -1 for none."""
    if problem.fixed_edges is None:
        return np.zeros((0, 2), np.int32)
    partners = np.full((problem.n, 2), -1, np.int32)
    for a, b in problem.fixed_edges.tolist():
        for city, partner in ((a, b), (b, a)):
            partners[city, 1 if partners[city, 0] >= 0 else 0] = partner
    return partners


def _walk_of(tour: NDArray[np.int64], seed: int, number: int, depth: int) -> Walk:
    """Return a walk that stands at a tour, with every city queued."""
    from combkit.comb.routing._kernels_tour import Walk

    n = tour.size
    place = np.empty(n, np.int32)
    place[tour] = np.arange(n)
    state = generator(seed, number).integers(1, 2**63, 1)
    return Walk(
        tour.astype(np.int32),
        place,
        tour.astype(np.int32),
        np.ones(n, np.uint8),
        np.zeros((_JOURNAL, 2), np.int32),
        np.array([0, n, 0], np.int64),
        np.full(2, np.inf),
        tour.astype(np.int32),
        state.astype(np.uint64),
        np.zeros((2 * depth, 2), np.int32),
    )
