"""The search that the tour solvers share: walks, kicked and repaired.

A queue holds the cities whose surroundings have changed; moves start there.
Double bridges of short neighbouring segments perturb the tour, and what a
perturbation spoils is undone from a journal, so a step costs time that hardly
depends on the number of cities. Directed tours only know moves that keep the
direction of every segment.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.candidates import (
    alpha_candidates,
    nearest_candidates,
    tree_bound,
)
from combkit.comb.routing.greedy_tsp import greedy_tour
from combkit.comb.routing.metric import metric_arrays
from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.slices import Reports, fitted
from combkit.comb.routing.starts import start_of
from combkit.instances.errors import UsageError
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Tour
from combkit.instances.stop import Reason
from combkit.instances.tsp import ATSP, TSP

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_directed import Arcs
    from combkit.comb.routing._kernels_tour import Space, Walk

__all__ = [
    "CANDIDATES",
    "arcs_of",
    "best_tour",
    "search",
    "space_of",
    "walk_of",
]

#: Where candidates may come from; alpha where there is the time.
CANDIDATES = ("auto", "alpha", "nearest")
#: Reversals or exchanges that one step may make before it is cut short.
_JOURNAL = 50_000
#: Fewer cities cannot be perturbed: then all tours are 2-opt neighbours.
_SMALLEST = 5
#: Heat at the start of a round, in mean edges of the first local optimum.
_HEAT = 0.3
#: Kicks of a round for each city; the share of the run that the last round takes; the
#: share in which it is measured how long a round takes.
_ROUND, _FINAL, _TRIAL = 1, 0.4, 0.05
#: Double bridges between rounds of directed tours, for each city and at least.
_SHAKEN, _FEWEST_SHAKEN = 0.02, 10
#: Probability that an edge of mean length is cut between rounds of undirected tours,
#: and the factor by which it is larger or smaller at most.
_CUT, _SPREAD = 0.2, 4.0
#: Share of the time that a lower bound may take.
_BOUND = 0.02


def search(
    problem: TSP | ATSP,
    run: Run,
    source: str,
    *,
    neighbours: int | None,
    segment: int,
    depth: int,
    candidates: str = "nearest",
) -> Outcome:
    """Search until the run ends; an iteration is a perturbation with its repair.

    Starts from ``run.initial``, or else from greedy edges, for directed tours from
    a patched assignment. Fixed edges are never removed. With several threads,
    independent walks run side by side, and all start the next round from the best
    of them.

    Parameters
    ----------
    problem : TSP or ATSP
        The problem.
    run : Run
        The run.
    source : str
        Name of the solver.
    neighbours : int, optional
        Candidates of a city, at least 1; by default 5 of least alpha, 8 nearest.
    segment : int
        Longest segment of most perturbations, at least 1.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead. 1 for an
        ATSP, whose steps are Or-3opt exchanges.
    candidates : str
        One of ``CANDIDATES``.

    Raises
    ------
    UsageError
        If a number is too small or a name is unknown.
    """
    if segment < 1 or (neighbours is not None and neighbours < 1):
        raise UsageError(f"neighbours={neighbours}, segment={segment}: at least 1")
    if candidates not in CANDIDATES:
        known = ", ".join(CANDIDATES)
        raise UsageError(f"candidates={candidates!r}: not one of {known}")
    directed = isinstance(problem, ATSP)
    if problem.n <= (2 if directed else 3):
        # There is only one cycle.
        run.report(Tour(np.arange(problem.n)), source)
        return Outcome(Status.OPTIMAL)
    tour = start_of(problem, run).tour
    if run.should_stop():
        return Outcome()
    run.supervise(lambda: _warm_up(depth, directed))
    space: Space | Arcs
    if isinstance(problem, ATSP):
        space = arcs_of(problem, neighbours or 8)
    else:
        found = None
        if candidates != "nearest":
            found = alpha_candidates(problem, neighbours or 5, tour, run)
        if found is None:
            found = nearest_candidates(problem, neighbours or 8)
        if found.ascent is not None:
            bound = tree_bound(problem, found.ascent, _BOUND * run.remaining)
            if bound is not None:
                run.report_bound(bound - problem.unpaid, f"{source}: 1-tree")
            if run.initial is None:
                tour = greedy_tour(problem, found.ascent.by_alpha())
        space = space_of(problem, found.near, depth)
    length = problem.evaluate(Tour(tour))
    walks = _Search(problem, run, space, tour, length, segment, source)
    walks.descend()
    if problem.n < _SMALLEST:
        return Outcome(reason=Reason.COMPLETED)
    walks.kick()
    return Outcome()


class _Search:
    """Walks over the tours of one problem, advanced in short slices."""

    def __init__(
        self,
        problem: TSP | ATSP,
        run: Run,
        space: Space | Arcs,
        tour: NDArray[np.int64],
        length: float,
        segment: int,
        source: str,
    ) -> None:
        from combkit.comb.routing import _kernels

        self._kernels = _kernels
        self._run = run
        self._space = space
        self._segment = segment
        self._problem = problem
        self._random = np.random.default_rng(run.seed)
        self._walks = [
            walk_of(tour, run.seed, k, space.depth, isinstance(problem, ATSP))
            for k in range(run.threads)
        ]
        self._reports = Reports(run, source)
        self._heat = 0.0
        self._kicks = 0
        # Lengths are kept up to date from here on: a search that measured again
        # now and then would not repeat itself for unrounded distances.
        self._walks[0].length[0] = length

    def descend(self) -> None:
        """Bring the tour to a local optimum; all walks start from there."""
        first = self._walks[0]
        self._settle(first)
        self._heat = _HEAT * float(first.length[1]) / first.tour.size
        self._meet(best_tour(first), float(first.length[1]))
        self._report(last=True)

    def kick(self) -> None:
        """Perturb and repair until the run ends, in rounds that cool down.

        Short rounds come first, each from the pieces of the best tour, which takes
        over what is better in their tours. The last round starts from it.
        """
        with ThreadPoolExecutor(len(self._walks)) as pool:
            while not self._run.should_stop(self._kicks):
                self._round(pool)
                self._meet(*self._united())
                if self._share_left() < _FINAL:
                    continue
                for walk in self._walks:
                    if self._run.should_stop(self._kicks):
                        break
                    self._disturb(walk)
                    self._settle(walk)
        self._report(last=True)

    def _share_left(self) -> float:
        """Return the share of the time or kicks that is left; 1 without limits."""
        limit = self._run.limits.iterations
        if limit is not None:
            return (limit - self._kicks) / limit
        seconds = self._run.remaining
        if math.isinf(seconds):
            return 1.0
        return seconds / (self._run.elapsed + seconds)

    def _disturb(self, walk: Walk) -> None:
        """Leave the best tour, which is kept, for one that shares much with it."""
        if isinstance(self._problem, ATSP):
            bridges = max(_FEWEST_SHAKEN, int(_SHAKEN * walk.tour.size))
            self._kernels.shake(self._space, walk, bridges)
        else:
            self._rejoin(self._problem, walk)

    def _rejoin(self, problem: TSP, walk: Walk) -> None:
        """Cut a tour at some edges, mostly long ones, and join the pieces.

        Long edges between clusters are what kicks hardly ever exchange. Every other
        time, pieces are joined by savings around any city, each time another way.
        """
        tour = walk.tour.astype(np.int64)
        walk.best[:], walk.length[2] = tour, walk.length[1]
        after = np.roll(tour, -1)
        length = problem.distance(tour, after)
        share = _CUT * _SPREAD ** self._random.uniform(-1.0, 1.0)
        cut = self._random.random(tour.size) * length.mean() < share * length
        hub = int(self._random.integers(-tour.size, tour.size))
        if hub >= 0 and problem.fixed_edges is not None and hub in problem.fixed_edges:
            hub = -1
        if hub >= 0:
            cut |= (tour == hub) | (after == hub)
        kept = zip(tour[~cut].tolist(), after[~cut].tolist(), strict=True)
        tour = greedy_tour(problem, kept, hub=max(hub, -1))
        walk.tour[:] = tour
        walk.place[tour] = np.arange(tour.size)
        walk.length[0] = problem.evaluate(Tour(tour))
        walk.queue[:], walk.queued[:] = tour, 1
        walk.cursor[:] = 0, tour.size, 0

    def _settle(self, walk: Walk) -> None:
        """Descend to a local optimum."""
        done = False
        pops = 1_000
        while not done and not self._run.should_stop():
            started = time.perf_counter()
            done = self._kernels.descend(self._space, walk, pops)
            pops = fitted(pops, time.perf_counter() - started)
            self._report()

    def _round(self, pool: ThreadPoolExecutor) -> None:
        """Kick with falling heat, by kicks or by time, until the round or run ends."""
        limit = self._run.limits.iterations
        whole: float = _ROUND * self._walks[0].tour.size
        seconds = self._run.remaining
        final = self._share_left() < _FINAL
        if limit is not None and (final or (1.0 - _FINAL) * limit < whole):
            whole = limit - self._kicks
        by_time = limit is None and final
        started = time.perf_counter()
        kicks, made, share = 100, 0, 0.0
        # Whether time will be too short for a round shows after some kicks.
        undecided = limit is None and math.isfinite(seconds)
        while made < whole and not self._run.should_stop(self._kicks):
            kicks = int(min(kicks, whole - made))
            before = time.perf_counter()
            self._advance(kicks, self._heat * (1.0 - share), made, whole, pool)
            now = time.perf_counter()
            self._kicks += kicks
            made += kicks
            kicks = fitted(kicks, now - before)
            self._report()
            spent = (now - started) / seconds
            if undecided and spent > _TRIAL:
                undecided = False
                by_time = by_time or made * (1.0 - _FINAL) / spent < whole
            if by_time:
                share, made, whole = min(1.0, spent), 0, math.inf

    def _advance(
        self, kicks: int, heat: float, made: int, whole: float, pool: ThreadPoolExecutor
    ) -> None:
        def one(walk: Walk) -> None:
            self._kernels.kick(
                self._space, walk, kicks, self._segment, heat, made, whole
            )

        if len(self._walks) == 1:
            one(self._walks[0])
        else:
            list(pool.map(one, self._walks))

    @property
    def _best(self) -> Walk:
        return min(self._walks, key=lambda walk: float(walk.length[1]))

    def _united(self) -> tuple[NDArray[np.int32], float]:
        """Return the best tour, with what is better in the others, and its length."""
        from combkit.comb.routing._kernels_merge import merge

        leader = self._best
        tour, length = best_tour(leader), float(leader.length[1])
        if isinstance(self._problem, TSP):
            for walk in self._walks:
                length -= merge(self._space, tour, walk.tour)
                if walk is not leader:
                    length -= merge(self._space, tour, best_tour(walk))
        return tour, length

    def _meet(self, tour: NDArray[np.int32], length: float) -> None:
        """Let all walks go on from a tour."""
        for walk in self._walks:
            walk.tour[:], walk.length[:2] = tour, length
            walk.place[tour] = np.arange(tour.size)
            walk.length[2] = np.inf
            walk.queued[:] = 0
            walk.cursor[:] = 0

    def _report(self, *, last: bool = False) -> None:
        best = self._best
        self._reports.offer(
            float(best.length[1]), lambda: Tour(best_tour(best)), last=last
        )


def best_tour(walk: Walk) -> NDArray[np.int32]:
    """Return a copy of the best tour of a walk.

    Parameters
    ----------
    walk : Walk
        The walk.
    """
    is_best = walk.length[1] < walk.length[2]
    return np.array(walk.tour if is_best else walk.best)


def _warm_up(depth: int, directed: bool) -> None:
    """Load or compile the kernels."""
    from combkit.comb.routing import _kernels, _kernels_merge

    points = np.random.default_rng(0).random((8, 2))
    tiny: Space | Arcs
    if directed:
        tiny = arcs_of(ATSP(np.hypot(*(points[:, None] - points).T)), 5)
    else:
        problem = TSP(points)
        tiny = space_of(problem, near_nodes(problem, 5), depth)
    walk = walk_of(np.arange(8), 0, 0, depth, directed)
    walk.length[0] = 0.0
    _kernels.descend(tiny, walk, 100)
    _kernels.kick(tiny, walk, 1, 1, 1.0, 0, math.inf)
    _kernels.shake(tiny, walk, 1)
    if not directed:
        _kernels_merge.merge(tiny, walk.tour, walk.tour.copy())


def space_of(problem: TSP, near: NDArray[np.int32], depth: int) -> Space:
    """Return what stays the same during a search.

    Parameters
    ----------
    problem : TSP
        The problem.
    near : ndarray, shape (n, k), int32
        Candidates of each city, nearest first.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead.
    """
    from combkit.comb.routing import _kernels_tour as codes

    code, points, matrix = metric_arrays(problem)
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


def arcs_of(problem: ATSP, neighbours: int) -> Arcs:
    """Return what stays the same during a search of directed tours.

    Parameters
    ----------
    problem : ATSP
        The problem.
    neighbours : int
        Candidates of a city, in each direction.
    """
    from combkit.comb.routing._kernels_directed import Arcs

    matrix = problem.distances().astype(np.float64)
    kept = np.full(problem.n, -1, np.int32)
    if problem.fixed_edges is not None:
        kept[problem.fixed_edges[:, 0]] = problem.fixed_edges[:, 1]
    return Arcs(
        matrix,
        near_nodes(problem, neighbours),
        near_nodes(ATSP(matrix.T), neighbours),
        kept,
        _least_gain(problem),
        1,
    )


def _least_gain(problem: TSP | ATSP) -> float:
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


def walk_of(
    tour: NDArray[np.int64], seed: int, number: int, depth: int, directed: bool
) -> Walk:
    """Return a walk that stands at a tour, with every city queued.

    Parameters
    ----------
    tour : ndarray of int64, shape (n,)
        The tour.
    seed, number : int
        Seed of the run, and which of its walks this is.
    depth : int
        Levels of a Lin-Kernighan step.
    directed : bool
        Whether tours are directed.
    """
    from combkit.comb.routing._kernels_tour import Walk

    n = tour.size
    place = np.empty(n, np.int32)
    place[tour] = np.arange(n)
    return Walk(
        tour.astype(np.int32),
        place,
        tour.astype(np.int32),
        np.ones(n, np.uint8),
        np.zeros((_JOURNAL, 3 if directed else 2), np.int32),
        np.array([0, n, 0], np.int64),
        np.full(3, np.inf),
        tour.astype(np.int32),
        kernel_state(seed, number),
        np.zeros(n if directed else (2 * depth, 2), np.int32),
    )
